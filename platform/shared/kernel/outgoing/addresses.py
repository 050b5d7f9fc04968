"""Which addresses may be connected to: those of the public internet, and none by a detour."""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from connectors.errors import NeedsAttention
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _

Address = IPv4Address | IPv6Address

URL_LENGTH_MAX = 2_000
HOST_LENGTH_MAX = 253
HTTPS_PORT = 443
OPEN_PORTS_FROM = 1_024  # lower ones belong to mail, databases and the like
RESOLVE_SECONDS = 5.0
ADDRESSES_MAX = 20

# What Python's `is_global` answers differently from one release to the next, or calls global
# though it leads to another address. IANA special-purpose address registries, 2026.
REFUSED_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # none, loopback and the old IPv4-compatible form
        "::ffff:0:0/96",  # an IPv4 address in another dress
        "64:ff9b::/96",  # translated to IPv4 by a gateway
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # Teredo and other protocols' own
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


class AddressRefused(NeedsAttention):
    """The address is not one we connect to; `why` is for a person, without what it resolved to."""

    def __init__(self, why: Wording) -> None:
        super().__init__(why, "base_url")


def check_url(url: str, field: str = "url") -> str:
    """The address as it may be stored: https, a host, an open port, nothing that hides another.

    Raises Invalid naming `field`. The name is not resolved here: what it points at is decided
    at each connection.
    """
    try:
        return _checked(url.strip())
    except AddressRefused as error:
        raise Invalid(errors=[FieldError(field, "address", error.why)]) from error


def _checked(url: str) -> str:
    if len(url) > URL_LENGTH_MAX:
        raise AddressRefused(_("At most 2,000 characters."))
    if not url.isascii() or any(character <= " " or character in '\\"<>^`{|}' for character in url):
        raise AddressRefused(_("Write the address without spaces and special characters."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(_("This is no web address.")) from error
    host = parts.hostname or ""
    if parts.scheme != "https" and not _may_be_plain(parts):
        raise AddressRefused(_("Use an address that starts with https://."))
    if not host or len(host) > HOST_LENGTH_MAX:
        raise AddressRefused(_("This is no web address."))
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(_("Leave user name and password out of the address."))
    if parts.fragment:
        raise AddressRefused(_("Leave out the part after #."))
    if not _is_open_port(port):
        raise AddressRefused(_("Use port 443, or one from 1024 up."))
    check_host(host)
    return url


def _may_be_plain(parts: SplitResult) -> bool:
    """Plain http only inside a network that the operator opened."""
    address = _literal(parts.hostname or "")
    return parts.scheme == "http" and address is not None and _is_allowed(address)


def _is_open_port(port: int | None) -> bool:
    return port is None or port == HTTPS_PORT or port >= OPEN_PORTS_FROM


def check_host(host: str) -> None:
    """Refuse a host that can be told to be private without asking anybody. AddressRefused."""
    address = _literal(host)
    if address is not None:
        if not is_reachable(address):
            raise AddressRefused(_("This address is not on the public internet."))
        return
    name = host.rstrip(".").lower()
    if "." not in name or name.endswith((".localhost", ".local", ".internal", ".localdomain")):
        raise AddressRefused(_("This address is not on the public internet."))
    if name.rsplit(".", 1)[-1].isdigit() or name.rsplit(".", 1)[-1].startswith("0x"):
        raise AddressRefused(_("This is no web address."))  # 127.1 and 0x7f.1 are addresses too


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_reachable(address: Address) -> bool:
    """Whether we connect to it: global, no detour to another, or opened by the operator."""
    if _is_allowed(address):
        return True
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    if any(_holds(network, address) for network in REFUSED_NETWORKS):
        return False
    return address.is_global


def _is_allowed(address: Address) -> bool:
    return any(_holds(ip_network(text), address) for text in settings.OUTGOING_NETWORKS)


def _holds(network: IPv4Network | IPv6Network, address: Address) -> bool:
    return network.version == address.version and address in network


Resolver = Callable[[str, int], Sequence[str]]
_resolving = ThreadPoolExecutor(8, thread_name_prefix="resolve")


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system's resolver tells them. OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve_public(host: str, port: int) -> list[str]:
    """The addresses of a host, all of them public; a literal address is its own.

    One private address among public ones refuses the name: it is not an honest one.
    Raises AddressRefused, or OSError where the name has no address just now.
    """
    check_host(host)
    literal = _literal(host)
    if literal is not None:
        return [str(literal)]
    try:
        found = _resolving.submit(look_up, host, port).result(timeout=RESOLVE_SECONDS)
    except FutureTimeout as error:
        raise TimeoutError(f"{host} was not resolved in time.") from error
    except UnicodeError as error:
        raise AddressRefused(_("This is no web address.")) from error
    if not found:
        raise OSError(f"{host} has no address.")
    if not all(is_reachable(ip_address(text)) for text in found[:ADDRESSES_MAX]):
        raise AddressRefused(_("This name leads to an address that is not on the public internet."))
    return found[:ADDRESSES_MAX]


def open_socket(host: str, port: int, *, timeout_seconds: float) -> socket.socket:
    """A connection to the host by one of its checked addresses, tried in their order.

    For protocols other than HTTP (SFTP). Raises AddressRefused or OSError.
    """
    last: OSError | None = None
    for address in resolve_public(host, port):
        try:
            return socket.create_connection((address, port), timeout=timeout_seconds)
        except OSError as error:
            last = error
    raise last or OSError(f"{host} has no address.")
