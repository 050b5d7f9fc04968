"""What must never be read in a log."""

import pytest
from support.routes import tenant_routes

from config.logging import redact


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /documents/eyJraW5kIjoi.abc-DEF",
        "GET /welcome/s3cret:1a2b HTTP/1.1",
        "Gone: /invitations/s3cret-token?x=1",
        "/accounts/password/reset/key/7-s3cret/",
        "Gone: /portal/enter/s3cret:1a2b",
        "GET /undo-deletion/s3cret:1a2b",
    ],
)
def test_links_that_need_no_password_are_hidden(line):
    shown = redact(None, "info", {"event": line})["event"]
    assert "s3cret" not in shown
    assert "eyJ" not in shown
    assert "[redacted]" in shown


def test_every_address_with_a_token_is_hidden():
    """A new page behind a signed link comes to mind here."""
    for route in [*tenant_routes(), "undo-deletion/<str:token>"]:
        if "token>" in route and not route.startswith("api/"):
            address = "/" + route.replace("<str:token>", "s3cret:1a2b")
            assert "s3cret" not in redact(None, "info", {"event": f"GET {address}"})["event"], route


def test_named_secrets_are_hidden_and_the_rest_stays():
    assert redact(None, "info", {"event": "signed in", "api_key": "ip_1", "user": "a"}) == {
        "event": "signed in",
        "api_key": "[redacted]",
        "user": "a",
    }
