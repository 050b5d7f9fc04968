"""Where a higher app takes part in what becomes of payments. Called from AppConfig.ready().

Disputes lie above this app, which therefore never imports them.
"""

from typing import Protocol

from tenants.invoices.models import Invoice


class SettledListener(Protocol):
    """Hears of an invoice that less is owed of: the caller's transaction holds it locked.

    What it changes of the invoice it changes on this very instance.
    """

    def __call__(self, *, invoice: Invoice, by: str) -> object:
        """Bring up to date what depends on what is open."""


_listeners: list[SettledListener] = []


def register_settled_listener(listener: SettledListener) -> None:
    """Say who hears of it; the last one registered counts."""
    _listeners[:] = [listener]


def settled_listener() -> SettledListener | None:
    """Who hears of it; None where no app does."""
    return _listeners[0] if _listeners else None
