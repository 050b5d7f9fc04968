"""What the synchronisation needs to know of a kind of record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from connectors.billing_system import BillingSystem
from connectors.billing_system.mapping import MappingProblem
from shared.kernel.actor import Actor
from tenants.connections.models import Connection


@dataclass(frozen=True)
class Ours:
    """Our record in the other side's names, or why the mapping refuses it."""

    values: dict[str, Any]
    at: datetime
    effective_date: date
    site_code: str
    problems: Sequence[MappingProblem] = ()


@dataclass(frozen=True)
class Kept:
    """The other side's record: its values and when it was changed there."""

    values: dict[str, Any]
    at: datetime | None


class Side(Protocol):
    """Customers or contract configurations, here, there, and as last compared."""

    record: str

    def ours(self, code: str) -> Ours | None:
        """Our record; None where there is none, or none that is billed."""

    def agreed(self, connection: Connection, code: str) -> Kept | None:
        """What the other side had when the sides were last compared."""

    def fetch(self, system: BillingSystem, code: str) -> Kept | None:
        """What the other side has now. Raises RetryLater, NeedsAttention."""

    def put(self, system: BillingSystem, values: Mapping[str, Any], day: date, key: str) -> Kept:
        """Send values that count from a day on. Raises RetryLater, NeedsAttention."""

    def keep(self, connection: Connection, kept: Kept) -> bool:
        """Note what the other side has; whether that is new to us."""

    def take_over(
        self, *, actor: Actor, connection: Connection, code: str, field: str, value: Any, day: date
    ) -> None:
        """Make a value of theirs (or a third one) ours. Raises AppError where it does not fit."""
