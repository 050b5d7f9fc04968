"""Recording revenue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid, NotFound
from tenants.activity.models import RevenueRecord
from tenants.sites.models import Site

RECORDS_MAX = 1000
AMOUNT_LIMIT = Decimal(10) ** 15
CATEGORY_MAX = 60


@dataclass(frozen=True)
class DayRevenue:
    """One day's revenue; without `net_amount` the gross amount carries no sales tax."""

    day: date
    gross_amount: Decimal
    net_amount: Decimal | None = None
    category: str = "general"


def record_revenue(
    *, actor: Actor, site_id: str, records: Sequence[DayRevenue]
) -> list[RevenueRecord]:
    """Store revenue by day and category; a second report of the same replaces the first.

    Raises Invalid naming each wrong field by its position, NotFound for the site. All or none
    are stored.
    """
    authorize(actor, "activity.write")
    _check(records)
    with transaction.atomic():
        site = Site.objects.select_for_update().filter(site_id=site_id).first()
        if site is None:
            message = _("There is no site %(site)s.") % {"site": site_id}
            raise NotFound(message, errors=[FieldError("site_id", "unknown", message)])
        rows = [
            RevenueRecord(
                site=site,
                day=given.day,
                category=given.category,
                gross_amount=given.gross_amount,
                net_amount=(given.gross_amount if given.net_amount is None else given.net_amount),
            )
            for given in records
        ]
        stored = RevenueRecord.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["site", "day", "category"],
            update_fields=["gross_amount", "net_amount", "updated_at"],
        )
        record(
            actor=actor,
            action="revenue.recorded",
            target=site,
            after={
                "records": len(rows),
                "from": str(min(row.day for row in rows)),
                "to": str(max(row.day for row in rows)),
                "net_amount": str(sum((row.net_amount for row in rows), Decimal(0))),
            },
        )
    return stored


def _check(records: Sequence[DayRevenue]) -> None:
    if not records or len(records) > RECORDS_MAX:
        message = _("Send between 1 and %(limit)s records.") % {"limit": RECORDS_MAX}
        raise Invalid(errors=[FieldError("records", "count", message)])
    errors: list[FieldError] = []
    seen: dict[tuple[date, str], int] = {}
    latest = today()
    for index, given in enumerate(records):
        path = f"records[{index}]"
        if given.day > latest:
            errors.append(FieldError(f"{path}.day", "future", _("The day is in the future.")))
        if not 0 < len(given.category) <= CATEGORY_MAX:
            errors.append(FieldError(f"{path}.category", "length", _("1 to 60 characters.")))
        for name in ("gross_amount", "net_amount"):
            amount = getattr(given, name)
            if amount is not None and not (amount.is_finite() and abs(amount) < AMOUNT_LIMIT):
                errors.append(FieldError(f"{path}.{name}", "range", _("Not a usable amount.")))
        first = seen.setdefault((given.day, given.category), index)
        if first != index:
            message = _("The same day and category as record %(n)s.") % {"n": first}
            errors.append(FieldError(f"{path}.day", "duplicate", message))
    if errors:
        raise Invalid(errors=errors)
