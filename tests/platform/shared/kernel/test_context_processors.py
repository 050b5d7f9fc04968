import pytest
from django.test import RequestFactory, override_settings

from shared.kernel.actor import ANONYMOUS
from shared.kernel.context_processors import page


@pytest.mark.parametrize(
    ("setting", "address"),
    [("", ""), ("http://localhost:8001", "http://acme.localhost:8001")],
)
def test_events_come_from_the_pages_own_host(setting, address):
    request = RequestFactory().get("/", HTTP_HOST="acme.localhost:8000")
    with override_settings(LIVE_URL=setting, PUBLIC_SCHEME="http"):
        assert page(request)["live_url"] == address


def test_a_request_that_never_reached_its_organisation_has_a_context():
    given = page(RequestFactory().get("/", HTTP_HOST="localhost"))
    assert given["actor"] == ANONYMOUS
    assert given["organisation"] is None
