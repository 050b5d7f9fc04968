"""Where a higher app takes part in what becomes of invoices. Called from AppConfig.ready().

The delivery of issued invoices lies above this app, which therefore never imports it.
"""

from collections.abc import Sequence
from typing import Protocol

from shared.kernel.actor import Actor


class Distributor(Protocol):
    """Takes issued invoices, by their public ids, and sees that they reach their customers.

    Called inside the transaction of a run, a hundred at a time at most; called again for the
    same invoices it must do nothing. What it raises is tried again later.
    """

    def __call__(self, *, actor: Actor, invoice_ids: Sequence[str]) -> object:
        """Ask for the deliveries."""


_distributors: list[Distributor] = []


def register_distributor(distributor: Distributor) -> None:
    """Say who hands issued invoices to their customers; the last one registered counts."""
    _distributors[:] = [distributor]


def distributor() -> Distributor | None:
    """Who hands invoices to customers; None where no app does."""
    return _distributors[0] if _distributors else None
