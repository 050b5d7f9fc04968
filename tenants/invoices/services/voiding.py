"""Void: an issued document that never should have been. Source: `domain.md` 6."""

from datetime import date

from django.db import transaction
from django.db.models import Q

from billing.holdback import HOLDBACK_RELEASE
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.documents.services import request_documents
from tenants.invoices.errors import NotVoidable
from tenants.invoices.held import clearing_entries, clearings, lock_held
from tenants.invoices.journal import void_entries
from tenants.invoices.models import ErrorKind, Invoice
from tenants.invoices.selectors.corrected import BASIS
from tenants.invoices.selectors.creditable import held_lines
from tenants.invoices.services.correcting import RECALCULATION, lock_together
from tenants.invoices.services.drafting import checked_reason, lock_invoice
from tenants.ledger.services import post
from tenants.review.services import close_many


def void_invoice(
    *, actor: Actor, invoice_id: str, reason: str, expected_revision: int | None = None
) -> Invoice:
    """Take an issued document out of the books; its period can be billed again.

    Only before anything was paid, credited, written off or built on it; the number stays used.
    What was posted is reversed as of today, or of the document's own later day. Voiding it again
    changes nothing. Raises NotFound, NotVoidable, Invalid, PreconditionFailed when stale.
    """
    authorize(actor, "invoices.void")
    with transaction.atomic():
        lock_together(invoice_id)
        invoice = lock_invoice(invoice_id)
        if invoice.document_status == Invoice.DocumentStatus.VOID and invoice.number:
            return invoice
        invoice.require_revision(expected_revision)
        text = checked_reason(reason)
        require_voidable(invoice)
        on = max(today(), invoice.invoice_date)
        roots = lock_held(invoice)
        before = clearings(roots) if roots else {}
        _mark(invoice, text, on)
        post(void_entries(invoice, on))
        if roots:
            after = clearings(roots)
            post(clearing_entries(invoice, act="void", before=before, after=after))
        note = _("The invoice is void.")
        kinds = (RECALCULATION, ErrorKind.DISTRIBUTION)
        close_many(actor=actor, kinds=kinds, target_ids=[invoice.pk], note=note)
        request_documents([invoice.pk])
        publish(
            topic="invoice.voided",
            key=invoice.site.site_id,
            payload={"invoice_id": invoice.invoice_id, "reason": text},
        )
        record(
            actor=actor,
            action="invoice.voided",
            target=invoice,
            before={"document_status": Invoice.DocumentStatus.ISSUED},
            after={"document_status": invoice.document_status, "reason": text},
        )
    return invoice


def require_voidable(invoice: Invoice) -> None:
    """Raise NotVoidable where the document is not issued or something has happened to it."""
    if invoice.document_status != Invoice.DocumentStatus.ISSUED:
        raise NotVoidable(_("%(id)s is not issued; delete the draft instead.") % {"id": invoice})
    if invoice.amount_paid or invoice.amount_credited or invoice.amount_written_off:
        raise NotVoidable(
            _("%(id)s is settled in part already. Correct it with a credit note.") % {"id": invoice}
        )
    if invoice.amount_disputed:
        raise NotVoidable(_("%(id)s is disputed. Resolve the dispute first.") % {"id": invoice})
    building = Invoice.objects.filter(
        Q(corrects=invoice) | Q(lines__corrects__invoice=invoice), contract=invoice.contract_id
    )
    other = building.exclude(document_status=Invoice.DocumentStatus.VOID).first()
    other = other or _recalculated_since(invoice)
    if other is not None:
        raise NotVoidable(
            _("%(other)s builds on %(id)s. Void or delete that first.")
            % {"id": invoice, "other": other},
            extra={"invoice_id": other.invoice_id},
        )
    if _was_settled(invoice):
        raise NotVoidable(
            _("%(id)s was settled once, even if that was undone. Credit it instead.")
            % {"id": invoice}
        )
    _refuse_second_release(invoice)


def _recalculated_since(correction: Invoice) -> Invoice | None:
    """A later recalculation of the same invoice, which counted on this correction of it."""
    corrected = correction.corrects
    if corrected is None or correction.issued_at is None:
        return None
    root = corrected.corrects_id or corrected.pk
    later = Invoice.objects.filter(
        corrects=root, issued_at__gt=correction.issued_at, inputs__has_key=BASIS
    )
    return later.exclude(document_status=Invoice.DocumentStatus.VOID).first()


def _refuse_second_release(note: Invoice) -> None:
    """What a credit note gave back of a release may have been released again since.

    The invoices that hold it back are locked, as releasing locks them.
    """
    lines = list(note.lines.filter(corrects__code=HOLDBACK_RELEASE).select_related("corrects"))
    if not lines:
        return
    holding = Invoice.objects.select_for_update(of=("self",)).filter(
        lines__in=[line.corrects.corrects_id for line in lines if line.corrects]
    )
    held = {one.line.pk: one.held for one in held_lines(holding.order_by("pk"))}
    for line in lines:
        assert line.corrects is not None
        if line.corrects.corrects_id and held.get(line.corrects.corrects_id, 0) < -line.amount:
            raise NotVoidable(
                _("What %(id)s gave back was released again since. Credit that release first.")
                % {"id": note}
            )


def _was_settled(invoice: Invoice) -> bool:
    """A payment that came and went is posted against it; a void would leave that without it."""
    return invoice.allocations.exists() or invoice.credit_given.exists() or invoice.refunds.exists()


def _mark(invoice: Invoice, reason: str, on: date) -> None:
    invoice.document_status = Invoice.DocumentStatus.VOID
    invoice.void_reason, invoice.voided_on = reason, on
    invoice.save_changes("document_status", "void_reason", "voided_on")
