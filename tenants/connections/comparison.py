"""Where our values and the billing system's disagree, and who is right. Pure: no rows, no clock.

A field that only we changed since the two sides last agreed is no conflict: it is sent. A field
that the other side changed, or on which the sides never agreed, is decided by its kind.
Source: seed 000, Conflict Resolution (`resolutionStrategies`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from tenants.connections.models import SyncConflict

Kind = SyncConflict.Kind
Strategy = SyncConflict.Strategy
Winner = Literal["ours", "theirs", "nobody"]

CONFIGURATION = "configuration"
METHOD = "billing_method"
ADDRESS = "billing_address"
HOME_COUNTRY = "CA"

STRATEGIES: Mapping[str, str] = {
    Kind.SITE_NAME: Strategy.OURS,
    Kind.ADDRESS: Strategy.NEWEST,
    Kind.CONTRACT_TYPE: Strategy.MANUAL,
    Kind.BILLING_RATE: Strategy.CONTRACT,
}
KINDS: Mapping[str, str] = {
    "customer_name": Kind.SITE_NAME,
    ADDRESS: Kind.ADDRESS,
    METHOD: Kind.CONTRACT_TYPE,
    CONFIGURATION: Kind.BILLING_RATE,
}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """One field on which the sides disagree: of which kind, and whose value counts."""

    field: str
    kind: str
    strategy: str
    ours: Any
    theirs: Any
    winner: Winner


def decide(
    *,
    ours: Values,
    ours_at: datetime,
    theirs: Values,
    theirs_at: datetime | None,
    agreed: Values | None,
) -> list[Decision]:
    """A decision for each field that the other side changed to something else than we have.

    `agreed` is what the other side had when the sides were last compared; None if never. Where
    the contract types differ their configurations cannot be compared, so they are not.
    """
    found = []
    for field in ours:
        if same(field, ours[field], theirs.get(field)):
            continue
        if agreed is not None and same(field, theirs.get(field), agreed.get(field)):
            continue
        if field == CONFIGURATION and ours.get(METHOD) != theirs.get(METHOD):
            continue
        found.append(_decide(field, ours[field], theirs.get(field), ours_at, theirs_at))
    return found


def _decide(
    field: str, ours: Any, theirs: Any, ours_at: datetime, theirs_at: datetime | None
) -> Decision:
    kind = KINDS.get(field, Kind.OTHER)
    strategy = STRATEGIES.get(kind, Strategy.MANUAL)
    winner: Winner
    if strategy in (Strategy.OURS, Strategy.CONTRACT):
        winner = "ours"
    elif strategy == Strategy.NEWEST:
        winner = "ours" if theirs_at is None or ours_at > theirs_at else "theirs"
    else:
        winner = "nobody"
    return Decision(field, kind, strategy, ours, theirs, winner)


def changed_fields(ours: Values, theirs: Values | None) -> dict[str, tuple[Any, Any]]:
    """The fields whose values differ, each as (theirs, ours); all where they have nothing."""
    had = theirs or {}
    return {
        field: (had.get(field), value)
        for field, value in ours.items()
        if theirs is None or not same(field, value, had.get(field))
    }


def same(field: str, one: Any, other: Any) -> bool:
    """Whether two values mean the same: 0.15 and 0.150, an address without its own country."""
    if field == ADDRESS:
        return _address(one) == _address(other)
    return bool(_plain(one) == _plain(other))


def _address(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    parts = {str(key): str(part).strip() for key, part in value.items() if str(part or "").strip()}
    return {"country": HOME_COUNTRY, **parts}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    return value or ""
