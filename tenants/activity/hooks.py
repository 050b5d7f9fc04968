"""Apps above this one that act on changed revenue register themselves here.

    on_revenue_changed(review_invoiced_days)    # in AppConfig.ready()

A listener runs inside the transaction that changed the revenue.
"""

from collections.abc import Callable, Collection
from datetime import date
from uuid import UUID

from shared.kernel.actor import Actor

SiteDay = tuple[UUID, date]
RevenueListener = Callable[[Actor, Collection[SiteDay]], None]

_listeners: list[RevenueListener] = []


def on_revenue_changed(listener: RevenueListener) -> None:
    """Call `listener(actor, days)` with the sites and days whose revenue has changed."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_revenue_changed(actor: Actor, days: Collection[SiteDay]) -> None:
    """Tell every listener; nobody hears of nothing."""
    if days:
        for listener in _listeners:
            listener(actor, days)
