"""Reading invoices."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Max, Prefetch, Q, QuerySet

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import NotFound
from shared.kernel.wording import worded as _
from tenants.invoices.models import IS_OPEN, Invoice, InvoiceLine, InvoiceTax
from tenants.sites.models import Customer, Site

NAMED_MAX = 200  # sites and customers that one search text may mean

LISTED_COLUMNS = (
    "pk",
    "invoice_id",
    "number",
    "kind",
    "site__site_id",
    "customer__customer_id",
    "contract__contract_id",
    "document_status",
    "payment_status",
    "delivery_status",
    "period_start",
    "period_end",
    "invoice_date",
    "due_date",
    "currency",
    "subtotal",
    "tax_total",
    "total",
    "amount_paid",
    "amount_credited",
    "amount_written_off",
)


def invoice_list(*, actor: Actor) -> QuerySet[Invoice]:
    """Invoices as a list shows them: without the encrypted and the large columns."""
    authorize(actor, "invoices.read")
    return Invoice.objects.select_related("site", "customer", "contract").defer(
        "parties", "inputs", "checks"
    )


def search_invoices(
    *, actor: Actor, text: str = "", status: str = "", site_id: str = ""
) -> QuerySet[Invoice]:
    """Invoices by number, id, site or customer, and by status."""
    found = invoice_list(actor=actor)
    if text:
        # Each part has its index; a search through the joined names would read every invoice.
        code = text.upper()
        found = found.filter(
            Q(number__startswith=code)
            | Q(invoice_id__startswith=code)
            | Q(site__in=_named(Site, text))
            | Q(customer__in=_named(Customer, text))
        )
    if site_id:
        found = found.filter(site__site_id=site_id)
    if status == "overdue":
        found = found.filter(IS_OPEN, due_date__lt=today(), total__gt=0)
    elif status in Invoice.PaymentStatus.values:
        found = found.filter(document_status="issued", payment_status=status)
    elif status in Invoice.DocumentStatus.values:
        found = found.filter(document_status=status)
    elif status == "delivered":
        found = found.filter(
            document_status="issued", payment_status="unpaid", delivery_status="delivered"
        )
    return found


def _named(model: type[Site] | type[Customer], text: str) -> list[UUID]:
    found = model.objects.filter(name__icontains=text).values_list("pk", flat=True)
    return list(found[:NAMED_MAX])


def listed_columns(invoices: QuerySet[Invoice]) -> QuerySet[Any, Any]:
    """The same invoices as named rows with the columns that the API's list shows."""
    return invoices.select_related(None).values_list(*LISTED_COLUMNS, named=True)


def invoice_by_code(*, actor: Actor, invoice_id: str) -> Invoice:
    """The invoice of that public id with lines and taxes. Raises NotFound."""
    authorize(actor, "invoices.read")
    invoice = (
        Invoice.objects.select_related("site", "customer", "contract", "entity", "corrects")
        .prefetch_related(
            Prefetch("lines", queryset=InvoiceLine.objects.order_by("position")),
            Prefetch("taxes", queryset=InvoiceTax.objects.order_by("position")),
        )
        .filter(invoice_id=invoice_id)
        .first()
    )
    if invoice is None:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
    return invoice


def live_invoices_of(contract_pks: Iterable[UUID], period: Period) -> dict[UUID, Invoice]:
    """For each contract the live regular invoice that covers any day of the period.

    Read without the columns that telling it apart does not need.
    """
    found = (
        Invoice.objects.filter(
            contract_id__in=list(contract_pks),
            kind=Invoice.Kind.REGULAR,
            period_start__lte=period.end_date,
            period_end__gte=period.start_date,
        )
        .exclude(document_status=Invoice.DocumentStatus.VOID)
        .only("contract_id", "invoice_id", "number", "period_start", "period_end", "inputs_digest")
        .order_by("-period_start")
    )
    return {invoice.contract_id: invoice for invoice in found}


def billed_to(contract_pk: UUID) -> date | None:
    """The last day that a live regular invoice of the contract covers."""
    live = Invoice.objects.filter(contract_id=contract_pk, kind=Invoice.Kind.REGULAR).exclude(
        document_status=Invoice.DocumentStatus.VOID
    )
    last: date | None = live.aggregate(last=Max("period_end"))["last"]
    return last
