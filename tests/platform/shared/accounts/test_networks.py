"""Where a request comes from."""

import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory, override_settings

from shared.accounts.networks import address_is_allowed, client_address, normalise_network


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "address"),
    [
        ([], "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        (["10.0.0.0/8"], "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        (["10.0.0.0/8"], "10.1.1.1", "203.0.113.9", "203.0.113.9"),
        (["10.0.0.0/8"], "10.1.1.1", "1.2.3.4, 203.0.113.9, 10.2.2.2", "203.0.113.9"),
        (["10.0.0.0/8"], "10.1.1.1", "", "10.1.1.1"),
        (["10.0.0.0/8"], "10.1.1.1", "not an address", None),
        (["unix"], "", "2001:db8::1", "2001:db8::1"),
        ([], "", "203.0.113.9", None),
    ],
)
def test_forwarded_addresses_count_behind_trusted_proxies_only(
    trusted: list[str], peer: str, forwarded: str, address: str | None
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    with override_settings(TRUSTED_PROXIES=trusted):
        assert client_address(request) == address


@pytest.mark.parametrize(
    ("ip", "networks", "allowed"),
    [
        ("203.0.113.9", [], True),
        (None, [], True),
        (None, ["0.0.0.0/0"], False),
        ("203.0.113.9", ["203.0.113.0/24"], True),
        ("203.0.114.9", ["203.0.113.0/24"], False),
        ("::ffff:203.0.113.9", ["203.0.113.0/24"], True),
        ("2001:db8::5", ["203.0.113.0/24", "2001:db8::/32"], True),
        ("nonsense", ["0.0.0.0/0"], False),
    ],
)
def test_networks(ip: str | None, networks: list[str], allowed: bool) -> None:
    assert address_is_allowed(ip, networks) is allowed


def test_networks_are_written_one_way() -> None:
    assert normalise_network(" 203.0.113.9 ") == "203.0.113.9/32"
    assert normalise_network("203.0.113.9/24") == "203.0.113.0/24"
    assert normalise_network("2001:DB8::1") == "2001:db8::1/128"
    for wrong in ("", "10.0.0.0/33", "example.com", "10.0.0"):
        with pytest.raises(ValidationError):
            normalise_network(wrong)
