"""A session is named as somebody would name the device."""

import pytest

from shared.accounts.devices import device_name

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/142.0 Safari/537.36", "Chrome on Linux"),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64) {WEBKIT} Chrome/142.0 Safari/537.36 Edg/142.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"
            " Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Android 16; Mobile; rv:145.0) Firefox/145.0", "Firefox on Android"),
        ("curl/8.14.1", "curl/8.14.1"),
        ("", "Unknown device"),
    ],
)
def test_device_name(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name
