"""The rows of "Needs you": what, why, how much, since when, and the door to it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.formats import format_day
from tenants.activity.selectors import MissingDays, SiteGap
from tenants.contracts.models import Contract
from tenants.invoices.models import BillingRunItem, Invoice
from tenants.reporting.selectors import Attention

DAYS_NAMED = 4


@dataclass(frozen=True)
class WaitingRow:
    """One thing that waits for a person; without an address of the action there is no button."""

    what: str
    reference: str
    url: str
    badge: str
    tone: str
    why: str
    action: str
    action_url: str
    amount: Decimal | None = None
    currency: str = ""
    since: date | None = None


def waiting_rows(
    attention: Attention, missing: MissingDays, as_of: date, *, actor: Actor
) -> list[WaitingRow]:
    """Late money first, then what stops the month, then what only waits.

    Who may not bill finds no door to it.
    """
    rows = [
        *(_overdue(invoice, as_of) for invoice in attention.overdue),
        *(_failed(item) for item in attention.failed),
        *(_gap(site) for site in missing.worst),
        *(_unbilled(contract) for contract in attention.unbilled),
        *(_draft(invoice) for invoice in attention.drafts),
    ]
    if actor.may("invoices.generate"):
        return rows
    bill_url = reverse("invoice_generate")
    return [
        replace(row, action_url="") if row.action_url.startswith(bill_url) else row for row in rows
    ]


def _day_of(instant: datetime) -> date:
    return timezone.localtime(instant).date()


def _standing(invoice: Invoice) -> str:
    """Who owes it, where the site's name does not say it already, and what was done so far."""
    customer, label = invoice.customer.name, str(invoice.status_label)
    return label if customer == invoice.site.name else f"{customer} · {label}"


def _overdue(invoice: Invoice, as_of: date) -> WaitingRow:
    days = (as_of - invoice.due_date).days
    badge = ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days}
    url = reverse("invoice_detail", args=[invoice.invoice_id])
    return WaitingRow(
        what=invoice.site.name,
        reference=str(invoice),
        url=url,
        badge=badge,
        tone="bad",
        why=_standing(invoice),
        action=_("Follow up"),
        action_url=url,
        amount=invoice.balance_due,
        currency=invoice.currency,
        since=invoice.due_date,
    )


def _failed(item: BillingRunItem) -> WaitingRow:
    contract = item.contract
    if "revenue" in item.field:
        fix_url = reverse("site_revenue", args=[contract.site.site_id])
    else:
        fix_url = f"{reverse('invoice_generate')}?contract={contract.contract_id}"
    return WaitingRow(
        what=contract.site.name,
        reference=contract.contract_id,
        url=reverse("contract_detail", args=[contract.contract_id]),
        badge=_("Failed"),
        tone="bad",
        why=item.reason,
        action=_("Fix"),
        action_url=fix_url,
        since=_day_of(item.run.created_at),
    )


def _gap(site: SiteGap) -> WaitingRow:
    number = len(site.days)
    language = get_language()
    days = ", ".join(
        format_day(day, "month_day", language=language) for day in site.days[:DAYS_NAMED]
    )
    url = reverse("site_revenue", args=[site.site_id])
    return WaitingRow(
        what=site.name,
        reference=site.site_id,
        url=reverse("site_detail", args=[site.site_id]),
        badge=ngettext("%(n)d day missing", "%(n)d days missing", number) % {"n": number},
        tone="warn",
        why=f"{days} …" if number > DAYS_NAMED else days,
        action=_("Enter revenue"),
        action_url=url,
        since=site.days[0],
    )


def _unbilled(contract: Contract) -> WaitingRow:
    return WaitingRow(
        what=contract.site.name,
        reference=contract.contract_id,
        url=reverse("contract_detail", args=[contract.contract_id]),
        badge=_("Not billed"),
        tone="warn",
        why=_("due in this month, without an invoice"),
        action=_("Bill"),
        action_url=f"{reverse('invoice_generate')}?contract={contract.contract_id}",
    )


def _draft(invoice: Invoice) -> WaitingRow:
    url = reverse("invoice_detail", args=[invoice.invoice_id])
    return WaitingRow(
        what=invoice.site.name,
        reference=invoice.invoice_id,
        url=url,
        badge=_("Draft"),
        tone="info",
        why=_("waits to be issued"),
        action=_("Review"),
        action_url=url,
        amount=Decimal(invoice.total),
        currency=invoice.currency,
        since=_day_of(invoice.created_at),
    )
