"""What the month-end cockpit knows that a closing of the books should ask about."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.wording import worded as _
from shared.kernel.wording import worded_plural as ngettext
from tenants.activity.selectors import missing_revenue_days
from tenants.invoices.models import Invoice
from tenants.invoices.run_filters import RunFilters
from tenants.invoices.selectors.runs import unbilled_contracts
from tenants.ledger.open_points import OpenPoint
from tenants.ledger.selectors import proof_of
from tenants.reporting.selectors import Closing, closing
from tenants.reporting.selectors.month import UNISSUED
from tenants.review.kinds import kind_of
from tenants.structure.models import LegalEntity


def points_of_month(entity: LegalEntity, through: date) -> Sequence[OpenPoint]:
    """What is open in the month of `through`: contracts and drafts of this company, else of all.

    Counted for the system, so that no right that somebody lacks hides a point.
    """
    period = month_period(through.year, through.month)
    filters = RunFilters(entity_ids=(str(entity.pk),))
    unbilled = unbilled_contracts(actor=SYSTEM, period=period, filters=filters).count()
    drafts = Invoice.objects.filter(
        entity=entity, document_status__in=UNISSUED, invoice_date__lte=through
    ).count()
    missing = missing_revenue_days(actor=SYSTEM, period=period, limit=1)
    home = f"{reverse('home')}?month={through:%Y-%m}"
    counted = (
        (
            unbilled,
            ngettext("%(n)d contract is not billed", "%(n)d contracts are not billed", unbilled),
            f"{reverse('billing_runs')}?month={through:%Y-%m}",
        ),
        (
            drafts,
            ngettext("%(n)d draft is not issued", "%(n)d drafts are not issued", drafts),
            f"{reverse('invoice_list')}?status=validated",
        ),
        (
            missing.days,
            ngettext(
                "%(n)d day of revenue is missing", "%(n)d days of revenue are missing", missing.days
            ),
            home,
        ),
    )
    found = [OpenPoint(text % {"n": number}, url) for number, text, url in counted if number]
    waiting = closing_items(closing(actor=SYSTEM, period=period))
    found += [OpenPoint(one["title"], one["url"]) for one in waiting if one["state"] == "now"]
    return found + _unproved(through)


def closing_items(found: Closing) -> list[dict[str, Any]]:
    """Statements, failed deliveries and review items by kind, each with the page that mends it."""
    failed, review_url = found.deliveries_failed, reverse("review_list")
    return [
        {
            "title": _("Statements of the month: %(n)d") % {"n": found.statements},
            "state": "done" if found.statements else "now",
            "url": reverse("statement_list"),
            "action": _("Statements"),
        },
        {
            "title": _("Failed deliveries: %(n)d") % {"n": failed},
            "state": "now" if failed else "done",
            "url": f"{reverse('delivery_list')}?{urlencode({'status': 'failed'})}",
            "action": _("Fix") if failed else _("Deliveries"),
        },
        *(
            {
                "title": _("%(what)s: %(n)d") % {"what": kind_of(kind).label, "n": number},
                "state": "now",
                "url": f"{review_url}?{urlencode({'kind': kind})}",
                "action": _("Fix"),
            }
            for kind, number in sorted(found.reviews.items())
        ),
    ]


def _unproved(through: date) -> list[OpenPoint]:
    proof = proof_of(actor=SYSTEM, on=through)
    if proof is None or proof.agrees:
        return []
    number = len(proof.differences)
    text = ngettext(
        "Journal and documents differ on %(n)d balance",
        "Journal and documents differ on %(n)d balances",
        number,
    )
    url = f"{reverse('ledger_balance')}?on={proof.on.isoformat()}"
    return [OpenPoint(text % {"n": number}, url)]
