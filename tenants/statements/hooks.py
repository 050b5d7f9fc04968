"""Where a higher app takes part in what becomes of statements. Called from AppConfig.ready().

The delivery of statements lies above this app, which therefore never imports it.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from shared.kernel.actor import Actor


class Distributor(Protocol):
    """Takes statements, by their ids, and sees that they reach their customers.

    `method` is the run's: email, portal, or auto for what each customer prefers. Called inside
    the transaction that made them, a hundred at a time at most; called again for the same
    statements it sends them again. It tells how far it is by `services.note_delivery`.
    """

    def __call__(self, *, actor: Actor, statement_ids: Sequence[UUID], method: str) -> object:
        """Ask for the deliveries."""


_distributors: list[Distributor] = []


def register_distributor(distributor: Distributor) -> None:
    """Say who hands statements to their customers; the last one registered counts."""
    _distributors[:] = [distributor]


def distributor() -> Distributor | None:
    """Who hands statements to customers; None where no app does."""
    return _distributors[0] if _distributors else None


class Eraser(Protocol):
    """Forgets to whom statements went, by their ids: called in the transaction that erases them."""

    def __call__(self, *, statement_ids: Sequence[UUID]) -> object:
        """Blank names and addresses."""


_erasers: list[Eraser] = []


def register_eraser(eraser: Eraser) -> None:
    """Say who forgets the addressees of statements; the last one registered counts."""
    _erasers[:] = [eraser]


def eraser() -> Eraser | None:
    """Who forgets the addressees of statements; None where no app keeps any."""
    return _erasers[0] if _erasers else None
