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
    request.tenant = object()
    with override_settings(LIVE_URL=setting, PUBLIC_SCHEME="http"):
        assert page(request)["live_url"] == address


def test_a_request_that_never_reached_its_organisation_has_a_context():
    with override_settings(LIVE_URL="http://localhost:8001"):
        given = page(RequestFactory().get("/", HTTP_HOST="not a host"))
    assert given["live_url"] == ""
    assert given["actor"] == ANONYMOUS
    assert given["organisation"] is None
