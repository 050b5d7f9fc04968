import socket
from ipaddress import ip_address

import pytest

from shared.kernel.errors import Invalid
from shared.kernel.outgoing import AddressRefused, addresses, check_url, is_reachable, open_socket
from shared.kernel.outgoing.addresses import resolve_public

PUBLIC = ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]
PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.fixture
def names(monkeypatch):
    """A resolver of our own: names and the addresses each look-up gives, one after the other."""
    found: dict[str, list[list[str]]] = {}
    asked: list[str] = []

    def look_up(host, port):
        asked.append(host)
        answers = found.get(host)
        if not answers:
            raise socket.gaierror(f"{host} is unknown")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    monkeypatch.setattr(addresses, "look_up", look_up)
    return type("Names", (), {"found": found, "asked": asked})


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_reached(address):
    assert is_reachable(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_nothing_else_is_reached(address):
    assert not is_reachable(ip_address(address))


def test_an_operator_may_open_a_network_of_their_own(settings):
    settings.OUTGOING_NETWORKS = ["10.20.0.0/16", "fd00::/8"]
    assert is_reachable(ip_address("10.20.3.4"))
    assert is_reachable(ip_address("fd00::7"))
    assert not is_reachable(ip_address("10.21.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/in",
        "https://hooks.example.com:8443/in?x=1&y=%20",
        "https://1.1.1.1/in",
        "https://[2606:4700:4700::1111]/in",
        " https://hooks.example.com ",
    ],
)
def test_an_honest_address_is_kept(url):
    assert check_url(url) == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "//hooks.example.com/in",
        "http://hooks.example.com/in",
        "ftp://hooks.example.com/in",
        "file:///etc/passwd",
        "https://",
        "https:///in",
        "https://user:pass@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:abc/",
        "https://localhost/",
        "https://localhost:8443/",
        "https://acme.localhost/",
        "https://redis/",
        "https://metadata.google.internal/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://hooks.example.com/a b",
        "https://hooks.exa\u2024mple.com/",
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "https://hooks.example.com/\r\nHost: evil",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/" + "a" * 2_000,
        "https://" + "a." * 130 + "com/",
    ],
)
def test_an_address_that_hides_another_is_refused_by_name(url):
    with pytest.raises(Invalid) as caught:
        check_url(url, "webhook_url")
    assert [error.field for error in caught.value.errors] == ["webhook_url"]


def test_every_address_of_a_name_must_be_public(names):
    names.found["good.example.com"] = [["1.1.1.1", "2606:4700:4700::1111"]]
    names.found["mixed.example.com"] = [["1.1.1.1", "10.0.0.8"]]
    names.found["inner.example.com"] = [["::ffff:169.254.169.254"]]
    assert resolve_public("good.example.com", 443) == ["1.1.1.1", "2606:4700:4700::1111"]
    for host in ("mixed.example.com", "inner.example.com"):
        with pytest.raises(AddressRefused):
            resolve_public(host, 443)


def test_an_unknown_name_is_a_failure_of_the_network_not_a_refusal(names):
    with pytest.raises(OSError):
        resolve_public("nobody.example.com", 443)


def test_a_slow_resolver_does_not_hold_us(monkeypatch):
    from threading import Event

    over = Event()
    monkeypatch.setattr(addresses, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(addresses, "look_up", lambda host, port: over.wait(20) and [])
    with pytest.raises(TimeoutError):
        resolve_public("slow.example.com", 443)
    over.set()


def test_other_protocols_get_a_checked_connection(names, settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        names.found["files.example.com"] = [["127.0.0.1"]]
        with pytest.raises(AddressRefused):
            open_socket("files.example.com", port, timeout_seconds=2)
        settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
        with open_socket("files.example.com", port, timeout_seconds=2) as connected:
            assert connected.getpeername() == ("127.0.0.1", port)
