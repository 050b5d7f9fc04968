from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from shared.kernel.api.etags import (
    NotModified,
    Representation,
    etag_of,
    expected_revision,
    require_fresh,
    set_etag,
)
from shared.kernel.errors import PreconditionFailed

ROW = SimpleNamespace(revision=3)


def asking(**headers):
    return RequestFactory().get("/", headers=headers)


def test_an_answer_carries_its_tag_and_must_be_revalidated():
    response = HttpResponse()
    set_etag(response, ROW)
    assert (response["ETag"], response["Cache-Control"]) == ('"3"', "private, no-cache")


@pytest.mark.parametrize("given", ['"3"', 'W/"3"', '"1", "3"', "*"])
def test_the_same_representation_is_not_sent_again(given):
    with pytest.raises(NotModified):
        require_fresh(asking(if_none_match=given), HttpResponse(), ROW)


@pytest.mark.parametrize("given", ["", '"2"', "3", '"33"'])
def test_another_representation_is_sent(given):
    response = HttpResponse()
    require_fresh(asking(if_none_match=given), response, ROW)
    assert response["ETag"] == '"3"'


@pytest.mark.parametrize(
    ("given", "revision"), [("", None), ("*", None), ('"12"', 12), ('W/"1"', 1)]
)
def test_if_match_names_a_revision(given, revision):
    assert expected_revision(asking(if_match=given)) == revision


@pytest.mark.parametrize("given", ["12", '"abc"', '"1", "2"', '"99999999999"'])
def test_a_foreign_tag_cannot_match(given):
    with pytest.raises(PreconditionFailed):
        expected_revision(asking(if_match=given))


def test_a_representation_is_compared_whole_to_read_and_by_revision_to_write():
    shown, other = Representation(3, b"today"), Representation(3, b"tomorrow")
    assert etag_of(shown) != etag_of(other)
    with pytest.raises(NotModified):
        require_fresh(asking(if_none_match=etag_of(shown)), HttpResponse(), shown)
    require_fresh(asking(if_none_match=etag_of(other)), HttpResponse(), shown)
    assert expected_revision(asking(if_match=etag_of(other))) == 3
