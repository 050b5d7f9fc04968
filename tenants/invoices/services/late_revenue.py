"""Revenue that came or changed after its days were invoiced: a person decides what becomes of it.

Registered with `activity.hooks`, so every way in ends here: page, API and imports, a day or a
million rows. One question a call, whatever the number of days.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.urls import reverse

from shared.kernel.actor import Actor
from shared.kernel.wording import money, period
from shared.kernel.wording import worded as _
from tenants.activity.hooks import SiteDay
from tenants.activity.selectors import NEEDS_REVENUE
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.corrected import BASIS
from tenants.invoices.services.correcting import RECALCULATION
from tenants.review.models import ReviewItem
from tenants.review.services import NewItem, close_many, raise_items

FIELD = "billing_data.revenue_amount"

# Issued regular invoices of contracts that need revenue, with a changed day in their period:
# what they were billed from last (the latest recalculation counts) and what is recorded now,
# each of the days on which the contract is active.
_TOUCHED = """
    WITH changed AS (
        SELECT DISTINCT * FROM unnest(%(sites)s::uuid[], %(days)s::date[]) AS given (site_id, day)
    ), touched AS (
        SELECT invoice.id, min(changed.day) AS first_day, count(*) AS days
        FROM changed JOIN invoices_invoice AS invoice
            ON invoice.site_id = changed.site_id
            AND changed.day BETWEEN invoice.period_start AND invoice.period_end
        JOIN contracts_contract AS contract ON contract.id = invoice.contract_id
            AND changed.day >= contract.effective_date
            AND (contract.end_date IS NULL OR changed.day <= contract.end_date)
        WHERE invoice.kind = 'regular' AND invoice.document_status = 'issued'
          AND invoice.payment_status <> 'credited'
        GROUP BY invoice.id
    )
    SELECT invoice.id, invoice.invoice_id, invoice.number, invoice.site_id, invoice.currency,
           contract.contract_id, invoice.period_start, invoice.period_end,
           touched.first_day, touched.days,
           (SELECT (document.inputs -> 'billing_data' ->> 'revenue_amount')::numeric
            FROM invoices_invoice AS document
            LEFT JOIN invoices_invoice AS corrected ON corrected.id = document.corrects_id
            WHERE document.document_status = 'issued'
              AND (document.id = invoice.id
                   OR document.inputs ? %(basis)s AND document.contract_id = invoice.contract_id
                   AND invoice.id IN (document.corrects_id, corrected.corrects_id))
            ORDER BY document.issued_at DESC LIMIT 1),
           (SELECT coalesce(sum(record.net_amount), 0) FROM activity_revenuerecord AS record
            WHERE record.site_id = invoice.site_id
              AND record.day BETWEEN greatest(invoice.period_start, contract.effective_date)
                  AND least(invoice.period_end, contract.end_date))
    FROM touched
    JOIN invoices_invoice AS invoice ON invoice.id = touched.id
    JOIN contracts_contract AS contract ON contract.id = invoice.contract_id
    WHERE EXISTS (
        SELECT FROM contracts_contractterms AS terms
        WHERE terms.contract_id = invoice.contract_id
          AND terms.valid_from <= invoice.period_end
          AND (terms.valid_to IS NULL OR terms.valid_to >= invoice.period_start)
          AND (terms.contract_type = 'revenue_share'
               OR jsonb_path_exists(terms.billing_configuration, %(needs)s::jsonpath))
    )
    ORDER BY invoice.id
"""


class _Touched(NamedTuple):
    """An invoice with changed days, and its revenue then and now."""

    pk: UUID
    invoice_id: str
    number: str
    site_pk: UUID
    currency: str
    contract_id: str
    period_start: date
    period_end: date
    first_day: date
    days: int
    billed: Decimal | None
    recorded: Decimal


def review_invoiced_days(actor: Actor, days: Collection[SiteDay]) -> None:
    """Ask to recalculate each invoice whose recorded revenue is not what it was billed from.

    Where it is again, what this asked before is closed. One open item an invoice; one that asks
    for another reason stays as it is. A part of the transaction that changes the revenue.
    """
    touched = _touched(days)
    if not touched:
        return
    asked = dict(
        ReviewItem.objects.filter(
            kind=RECALCULATION,
            status=ReviewItem.Status.OPEN,
            target_id__in=[one.pk for one in touched],
        ).values_list("target_id", "field")
    )
    ours = [one for one in touched if asked.get(one.pk, FIELD) == FIELD]
    raise_items([_item(one) for one in ours if one.billed != one.recorded])
    settled = [one.pk for one in ours if one.billed == one.recorded and one.pk in asked]
    if settled:
        note = _("The recorded revenue is what was billed.")
        close_many(actor=actor, kinds=[RECALCULATION], target_ids=settled, note=note)


def _touched(days: Collection[SiteDay]) -> Sequence[_Touched]:
    ordered = sorted(days)
    values: dict[str, Any] = {
        "sites": [site for site, _day in ordered],
        "days": [day for _site, day in ordered],
        "basis": BASIS,
        "needs": NEEDS_REVENUE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, values)
        return [_Touched(*row) for row in cursor.fetchall()]


def _item(one: _Touched) -> NewItem:
    cause = _(
        "Revenue of %(period)s changed after it was invoiced: %(billed)s was billed, "
        "%(recorded)s is recorded now."
    ) % {
        "period": period(one.period_start, one.period_end + timedelta(days=1)),
        "billed": money(one.billed or Decimal(0), one.currency),
        "recorded": money(one.recorded, one.currency),
    }
    return NewItem(
        kind=RECALCULATION,
        target_type=Invoice._meta.label_lower,
        target_id=one.pk,
        target_label=one.number,
        cause=cause,
        site_id=one.site_pk,
        field=FIELD,
        link=reverse("invoice_detail", args=[one.invoice_id]),
        details={
            "invoice_id": one.invoice_id,
            "contract_id": one.contract_id,
            "currency": one.currency,
            "billed_revenue": str(one.billed),
            "recorded_revenue": str(one.recorded),
            "first_day": one.first_day.isoformat(),
            "days": one.days,
        },
    )
