"""Client addresses: where a request comes from, and whether that place is allowed."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

FORWARDED_MAX = 20


def normalise_network(text: str) -> str:
    """An IPv4 or IPv6 network in CIDR form; a lone address is a network of one.

    Raises ValidationError where it is neither.
    """
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError as error:
        raise ValidationError(
            _("“%(text)s” is not a network. Write it like 203.0.113.0/24 or 2001:db8::/32."),
            code="network",
            params={"text": text},
        ) from error


def address_is_allowed(ip: str | None, networks: Iterable[str]) -> bool:
    """Whether `ip` lies in one of the networks; an empty list allows everywhere."""
    listed = list(networks)
    if not listed:
        return True
    address = _parse(ip)
    if address is None:
        return False
    return any(address in ip_network(network) for network in listed)


def client_address(request: HttpRequest) -> str | None:
    """The caller's address.

    `X-Forwarded-For` counts only where the peer is in TRUSTED_PROXIES (addresses or networks,
    or `unix` for a socket); it is read from the right, past every trusted proxy.
    """
    peer = request.META.get("REMOTE_ADDR") or ""
    if not _is_trusted(peer):
        return _clean(peer)
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-FORWARDED_MAX:]
    for hop in reversed([hop.strip() for hop in forwarded if hop.strip()]):
        if not _is_trusted(hop):
            return _clean(hop)
    return _clean(peer)


def _is_trusted(peer: str) -> bool:
    trusted = settings.TRUSTED_PROXIES
    if not trusted:
        return False
    address = _parse(peer)
    if address is None:
        return not peer and "unix" in trusted
    return any(address in ip_network(proxy, strict=False) for proxy in trusted if proxy != "unix")


def _clean(ip: str) -> str | None:
    address = _parse(ip)
    return str(address) if address else None


def _parse(ip: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(ip or "")
    except ValueError:
        return None
    # An IPv4 caller on a dual-stack socket shows as ::ffff:203.0.113.9.
    return getattr(address, "ipv4_mapped", None) or address
