"""What the issue of a correction does besides: it settles the original and ends what asked for it.

Parts of the transaction that issues, which has authorised its actor.
"""

from django.db.models import Q

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.wording import worded as _
from tenants.invoices.errors import NotIssuable
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.corrected import BASIS, basis_digest
from tenants.review.services import close_items

RECALCULATION = "recalculation"


def lock_corrected(invoice_id: str) -> Invoice | None:
    """The invoice that this one corrects, locked before it; None where it corrects nothing."""
    return (
        Invoice.objects.select_for_update(of=("self",))
        .filter(corrections__invoice_id=invoice_id)
        .first()
    )


def lock_together(invoice_id: str) -> None:
    """Lock an invoice and the one that it adjusts, in the order in which payments lock them."""
    both = Q(invoice_id=invoice_id) | Q(corrections__invoice_id=invoice_id)
    codes = Invoice.objects.filter(both).values("pk")
    list(Invoice.objects.select_for_update(of=("self",)).filter(pk__in=codes).order_by("pk"))


def require_issuable(*, actor: Actor, correction: Invoice, original: Invoice) -> None:
    """Raise Forbidden, and NotIssuable where the original moved on since it was calculated."""
    if correction.kind == Invoice.Kind.CREDIT_NOTE:
        authorize(actor, "invoices.void")
    stale = correction.inputs.get(BASIS) not in (None, basis_digest(original))
    if stale or original.document_status != Invoice.DocumentStatus.ISSUED:
        raise NotIssuable(
            _("%(id)s was corrected since this was calculated. Recalculate it again.")
            % {"id": original}
        )


def settle_correction(*, actor: Actor, correction: Invoice, original: Invoice) -> None:
    """Apply a credit note to what its invoice is still owed; close what asked to recalculate.

    What exceeds the open balance stays open credit of the customer.
    """
    from tenants.payments.services.settling import apply_credit  # stands above invoices

    amount = min(original.balance_due, -correction.balance_due)
    if correction.kind == Invoice.Kind.CREDIT_NOTE and amount > 0:
        apply_credit(
            credit_note=correction,
            invoice=original,
            amount=amount,
            on=correction.invoice_date,
            by=actor.label,
        )
    if BASIS in correction.inputs or original.payment_status == Invoice.PaymentStatus.CREDITED:
        close_items(
            actor=actor, kind=RECALCULATION, target_id=original.pk, note=str(correction.number)
        )
