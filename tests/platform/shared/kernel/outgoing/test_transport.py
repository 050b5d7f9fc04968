import socket
import time
from threading import Thread

import httpx
import pytest
from support.outside import Reply, make_certificate, outside_server

from shared.kernel.outgoing import AddressRefused, addresses, outgoing_client, read_limited

NAME = "hooks.example.com"


@pytest.fixture
def tls(tmp_path, settings):
    """A certificate for the name, and the operator who trusts it and opens this machine."""
    certificate = make_certificate(tmp_path, NAME)
    settings.OUTGOING_CA_FILE = str(certificate)
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    return certificate


@pytest.fixture
def points_to(monkeypatch):
    """Names lead to this machine, or where the test says; each look-up is counted."""
    asked: list[str] = []

    def set_answers(*answers):
        left = list(answers)

        def look_up(host, port):
            asked.append(host)
            return left.pop(0) if len(left) > 1 else left[0]

        monkeypatch.setattr(addresses, "look_up", look_up)
        return asked

    return set_answers


def test_a_request_reaches_the_name_by_its_checked_address(tls, points_to):
    asked = points_to(["127.0.0.1"])
    with outside_server(certificate=tls) as server, outgoing_client() as client:
        answer = client.post(server.url(NAME), content=b"hello")
    assert answer.status_code == 200
    (seen,) = server.seen
    assert seen.headers["host"] == f"{NAME}:{server.port}"
    assert seen.body == b"hello"
    assert asked == [NAME]


def test_a_name_that_points_elsewhere_the_second_time_is_not_asked_again(tls, points_to, settings):
    """DNS rebinding: the address that was checked is the one connected to."""
    settings.OUTGOING_NETWORKS = []
    asked = points_to(["203.0.113.1"], ["127.0.0.1"])
    with outside_server(certificate=tls) as server, outgoing_client() as client:
        with pytest.raises(AddressRefused):
            client.post(server.url(NAME))
        assert asked == [NAME]
        with pytest.raises(AddressRefused):
            client.post(server.url(NAME))
    assert server.seen == []


def test_a_second_look_up_never_happens(tls, points_to):
    asked = points_to(["127.0.0.1"], ["10.0.0.1"])
    with outside_server(certificate=tls) as server, outgoing_client() as client:
        assert client.get(server.url(NAME)).status_code == 200
        with pytest.raises(AddressRefused):
            client.get(server.url(NAME))
    assert asked == [NAME, NAME]
    assert len(server.seen) == 1


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["::1"], ["1.1.1.1", "10.0.0.1"]])
def test_a_private_address_is_never_connected_to(answer, points_to, tmp_path):
    points_to(answer)
    with outside_server() as server, outgoing_client() as client, pytest.raises(AddressRefused):
        client.get(server.url(NAME, scheme="http"))
    assert server.seen == []


def test_a_literal_private_address_is_never_connected_to():
    with outside_server() as server, outgoing_client() as client, pytest.raises(AddressRefused):
        client.get(server.url(scheme="http"))
    assert server.seen == []


def test_the_certificate_must_be_the_names(tmp_path, settings, points_to):
    certificate = make_certificate(tmp_path, "other.example.com")
    settings.OUTGOING_CA_FILE = str(certificate)
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    points_to(["127.0.0.1"])
    server = outside_server(certificate=certificate)
    with server as running, outgoing_client() as client, pytest.raises(httpx.ConnectError):
        client.get(running.url(NAME))
    assert running.seen == []


def test_redirects_are_not_followed(tls, points_to):
    points_to(["127.0.0.1"])
    with outside_server(certificate=tls) as inner:
        reply = Reply(302, headers={"Location": inner.url(path="/secret")})
        outer = outside_server(lambda _seen: reply, certificate=tls)
        with outer as server, outgoing_client() as client:
            answer = client.post(server.url(NAME))
    assert answer.status_code == 302
    assert inner.seen == []


def test_proxies_of_the_environment_are_not_used(tls, points_to, monkeypatch):
    points_to(["127.0.0.1"])
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with outside_server(certificate=tls) as server, outgoing_client() as client:
        assert client.get(server.url(NAME)).status_code == 200


def test_a_second_address_is_tried_where_the_first_does_not_answer(tls, points_to):
    points_to(["127.0.0.9", "127.0.0.1"])
    with outside_server(certificate=tls) as server, outgoing_client() as client:
        assert client.get(server.url(NAME)).status_code == 200


def test_an_answer_that_drips_is_cut_off(settings):
    """One byte now and then keeps every single read in time; the whole has its own limit."""
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def drip():
            connected, _peer = listener.accept()
            with connected:
                try:
                    for _ in range(200):
                        connected.sendall(b"H")
                        time.sleep(0.05)
                except OSError:
                    return

        thread = Thread(target=drip, daemon=True)
        thread.start()
        cut_off = pytest.raises((httpx.TimeoutException, httpx.RemoteProtocolError))
        with outgoing_client(total_seconds=0.4) as client, cut_off:
            client.get(f"http://127.0.0.1:{port}/")
        thread.join(15)


def test_a_large_answer_is_read_up_to_the_limit(settings):
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    large = outside_server(lambda _seen: Reply(body=b"x" * 100_000))
    with large as server, outgoing_client() as client:
        answer = client.send(client.build_request("GET", server.url(scheme="http")), stream=True)
        assert len(read_limited(answer, limit=1_000)) == 1_000
        answer.close()
