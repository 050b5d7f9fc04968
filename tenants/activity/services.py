"""Recording revenue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from shared.audit.services import Act, record_many
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _
from tenants.activity.hooks import tell_revenue_changed
from tenants.activity.models import CATEGORY_MAX, RevenueRecord
from tenants.activity.storing import lock_sites, store_revenue
from tenants.sites.models import Site

RECORDS_MAX = 1000
AMOUNT_LIMIT = Decimal(10) ** 15

_GIVEN = """
    SELECT * FROM unnest(
        %(id)s::uuid[], %(site_id)s::uuid[], %(day)s::date[], %(category)s::text[],
        %(gross_amount)s::numeric[], %(net_amount)s::numeric[]
    ) AS row (id, site_id, day, category, gross_amount, net_amount)
"""
_READ_BACK = f"""
    SELECT stored.* FROM ({_GIVEN}) AS given
    JOIN activity_revenuerecord stored USING (site_id, day, category)
"""  # noqa: S608 - of constants


@dataclass(frozen=True)
class DayRevenue:
    """One day's revenue; without `net_amount` the gross amount carries no sales tax.

    `site_id` is needed where the records of one call are of several sites.
    """

    day: date
    gross_amount: Decimal
    net_amount: Decimal | None = None
    category: str = "general"
    site_id: str | None = None


def record_revenue(
    *, actor: Actor, records: Sequence[DayRevenue], site_id: str | None = None
) -> list[RevenueRecord]:
    """Store revenue by site, day and category; a second report of the same replaces the first.

    `site_id` is the site of the records that name none. Raises Invalid naming each wrong field
    by its position, NotFound for `site_id`. All or none are stored; answered in their order.
    """
    authorize(actor, "activity.write")
    _check(records)
    with transaction.atomic():
        sites = _find_sites(records, site_id)
        lock_sites([site.pk for site in sites.values()])
        values = _columns(records, [sites[given.site_id or site_id or ""] for given in records])
        changed = store_revenue(_GIVEN, values)
        tell_revenue_changed(actor, set(changed))
        stored = _read_back(values, sites)
        record_many(actor=actor, acts=_acts(stored))
    return stored


def is_net_of(net: Decimal, gross: Decimal) -> bool:
    """Whether an amount can be what is left of another without its sales tax.

    It has the same sign, or is zero, and is not the larger one; refunds are both below zero.
    """
    return min(gross, Decimal(0)) <= net <= max(gross, Decimal(0))


def not_net_of() -> Wording:
    """What is said of a net amount that cannot be."""
    return _("It cannot be more than the revenue with sales tax, nor have the other sign.")


def _net_errors(given: DayRevenue, path: str) -> list[FieldError]:
    net, gross = given.net_amount, given.gross_amount
    if net is None or not (net.is_finite() and gross.is_finite()) or is_net_of(net, gross):
        return []
    return [FieldError(f"{path}.net_amount", "over_gross", not_net_of())]


def _find_sites(records: Sequence[DayRevenue], site_id: str | None) -> dict[str, Site]:
    """The sites by code. Raises NotFound for the call's own, Invalid for a record's."""
    codes = {given.site_id or site_id or "" for given in records}
    sites = {site.site_id: site for site in Site.objects.filter(site_id__in=codes)}
    if site_id and site_id in codes and site_id not in sites:
        message = _("There is no site %(site)s.") % {"site": site_id}
        raise NotFound(message, errors=[FieldError("site_id", "unknown", message)])
    errors = []
    for index, given in enumerate(records):
        code = given.site_id or site_id
        if not code:
            message = _("Say which site it is of.")
            errors.append(FieldError(f"records[{index}].site_id", "required", message))
        elif code not in sites:
            message = _("There is no site %(site)s.") % {"site": code}
            errors.append(FieldError(f"records[{index}].site_id", "unknown", message))
    if not errors:
        errors = _duplicates(records, site_id)
    if errors:
        raise Invalid(errors=errors)
    return sites


def _duplicates(records: Sequence[DayRevenue], site_id: str | None) -> list[FieldError]:
    errors = []
    seen: dict[tuple[str | None, date, str], int] = {}
    for index, given in enumerate(records):
        first = seen.setdefault((given.site_id or site_id, given.day, given.category), index)
        if first != index:
            message = _("The same site, day and category as record %(n)s.") % {"n": first}
            errors.append(FieldError(f"records[{index}].day", "duplicate", message))
    return errors


def _columns(records: Sequence[DayRevenue], sites: Sequence[Site]) -> dict[str, list[Any]]:
    return {
        "id": [uuid4() for _given in records],
        "site_id": [site.pk for site in sites],
        "day": [given.day for given in records],
        "category": [given.category for given in records],
        "gross_amount": [given.gross_amount for given in records],
        "net_amount": [
            given.gross_amount if given.net_amount is None else given.net_amount
            for given in records
        ],
    }


def _read_back(values: Mapping[str, list[Any]], sites: Mapping[str, Site]) -> list[RevenueRecord]:
    """The rows as they are stored now, in the order in which they were given."""
    of_key: dict[UUID, Site] = {site.pk: site for site in sites.values()}
    found = {}
    for row in RevenueRecord.objects.raw(_READ_BACK, values):
        row.site = of_key[row.site_id]
        found[row.site_id, row.day, row.category] = row
    keys = zip(values["site_id"], values["day"], values["category"], strict=True)
    return [found[key] for key in keys]


def _acts(stored: Sequence[RevenueRecord]) -> list[Act]:
    """One for each site."""
    by_site: dict[Site, list[RevenueRecord]] = {}
    for row in stored:
        by_site.setdefault(row.site, []).append(row)
    return [
        Act(
            action="revenue.recorded",
            target=site,
            after={
                "records": len(rows),
                "from": str(min(row.day for row in rows)),
                "to": str(max(row.day for row in rows)),
                "net_amount": str(sum((row.net_amount for row in rows), Decimal(0))),
            },
        )
        for site, rows in by_site.items()
    ]


def _check(records: Sequence[DayRevenue]) -> None:
    if not records or len(records) > RECORDS_MAX:
        message = _("Send between 1 and %(limit)s records.") % {"limit": RECORDS_MAX}
        raise Invalid(errors=[FieldError("records", "count", message)])
    errors: list[FieldError] = []
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
        errors.extend(_net_errors(given, path))
    if errors:
        raise Invalid(errors=errors)
