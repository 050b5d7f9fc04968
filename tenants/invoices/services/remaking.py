"""A draft made again: of another day, or with what was recorded since."""

from datetime import date

from django.db import transaction

from billing.periods import Period
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from shared.kernel.wording import worded as _
from tenants.invoices.errors import NotIssuable
from tenants.invoices.models import BillingRunItem, Invoice
from tenants.invoices.selectors import load_contexts
from tenants.invoices.selectors.corrected import UNISSUED
from tenants.invoices.services.drafting import lock_invoice
from tenants.invoices.services.generation import discard_draft, generate_invoice
from tenants.invoices.services.recalculation import inputs_again


def remake_draft(
    *,
    actor: Actor,
    invoice_id: str,
    invoice_date: date | None = None,
    expected_revision: int | None = None,
) -> Invoice:
    """Bill a draft's period again, with terms, revenue and hours as they are now.

    The new draft has an id of its own and waits for approval again; what was given by hand is
    taken over, and it keeps the draft's day unless another is given. Raises NotFound, NotIssuable
    for a correction and for what is issued, Invalid, PeriodClosed: then the draft stays.
    """
    authorize(actor, "invoices.generate")
    columns = Invoice.objects.only("contract", "period_start", "period_end", "invoice_date")
    found = columns.filter(invoice_id=invoice_id).first()
    if found is None:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
    period, dated = Period(found.period_start, found.period_end), invoice_date or found.invoice_date
    with transaction.atomic():
        (context,) = load_contexts([found.contract_id], period, on=dated)
        draft = lock_invoice(invoice_id)
        draft.require_revision(expected_revision)
        _require_draft(draft)
        billing_data = inputs_again(draft, context)
        items = list(BillingRunItem.objects.filter(invoice=draft).values_list("pk", flat=True))
        discard_draft(actor=actor, invoice_id=invoice_id)
        made = generate_invoice(
            actor=actor,
            site_id=draft.site.site_id,
            contract_id=draft.contract.contract_id,
            period=period,
            billing_data=billing_data,
            invoice_date=dated,
            issue=False,
        ).invoice
        BillingRunItem.objects.filter(pk__in=items).update(invoice=made)
        record(
            actor=actor,
            action="invoice.remade",
            target=made,
            before={"invoice_id": invoice_id, "total": str(draft.total)},
            after={"invoice_date": str(dated), "total": str(made.total)},
        )
    return made


def _require_draft(draft: Invoice) -> None:
    if draft.document_status not in UNISSUED:
        raise NotIssuable(_("%(id)s is no draft; recalculate it instead.") % {"id": draft})
    if draft.kind != Invoice.Kind.REGULAR:
        raise NotIssuable(
            _("Delete %(id)s and make the correction again, with its new date.") % {"id": draft}
        )
