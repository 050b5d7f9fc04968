"""What a page shows of the refunds of its payment or credit note, and offers to give back."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import Invoice
from tenants.payments.forms import RefundForm, UndoRefundForm
from tenants.payments.models import Payment, Refund

ZERO = Decimal(0)


@dataclass(frozen=True)
class RefundRow:
    """A refund with the form that takes it back; None where there is nothing to take back."""

    refund: Refund
    undo_form: UndoRefundForm | None
    undo_url: str

    @property
    def dialog(self) -> str:
        """The id of the dialog that the form stands in."""
        return f"undo-{self.refund.refund_id}"


def payment_refunds(
    actor: Actor, payment: Payment, *, unapplied: Decimal, form: RefundForm | None = None
) -> dict[str, Any]:
    """For the page of a payment; a form that was sent and refused stays as typed."""
    texts = {
        "refund_title": _("Refund what is unapplied"),
        "undo_text": _(
            "For money that the bank returned, or a refund recorded by mistake. The amount stands "
            "unapplied again; both stay on record."
        ),
    }
    initial = {"amount": f"{unapplied.normalize():f}", "method": payment.method}
    context = _context(actor, payment, payment.payment_id, "payment", form, initial)
    return {**context, **texts, "refundable": unapplied}


def credit_note_refunds(
    actor: Actor, invoice: Invoice, form: RefundForm | None = None
) -> dict[str, Any]:
    """For the page of an invoice: nothing, unless it is a credit note."""
    if invoice.kind != Invoice.Kind.CREDIT_NOTE or not invoice.number:
        return {}
    is_issued = invoice.document_status == Invoice.DocumentStatus.ISSUED
    left = max(-invoice.balance_due, ZERO) if is_issued else ZERO
    texts = {
        "refund_title": _("Refund what is left of the credit note"),
        "undo_text": _(
            "For money that the bank returned, or a refund recorded by mistake. The credit note "
            "is open again; both stay on record."
        ),
    }
    initial = {"amount": f"{left.normalize():f}"}
    context = _context(actor, invoice, invoice.invoice_id, "invoice", form, initial)
    return {**context, **texts, "refundable": left}


def _context(
    actor: Actor,
    document: Payment | Invoice,
    code: str,
    page: str,
    form: RefundForm | None,
    initial: Mapping[str, Any],
) -> dict[str, Any]:
    authorize(actor, "payments.read" if page == "payment" else "invoices.read")
    given = document.refunds.select_related("reverses", "reversed_by")
    return {
        "refunds": [_row(one, f"{page}_refund_undo", code) for one in given],
        "may_refund": actor.may("payments.refund"),
        "refund_currency": document.currency,
        "refund_url": reverse(f"{page}_refund", args=[code]),
        "refund_form": form or RefundForm(initial=dict(initial), auto_id="refund_%s"),
    }


def _row(refund: Refund, url_name: str, code: str) -> RefundRow:
    is_over = refund.reverses_id is not None or hasattr(refund, "reversed_by")
    return RefundRow(
        refund=refund,
        undo_form=None if is_over else UndoRefundForm(prefix=refund.refund_id),
        undo_url=reverse(url_name, args=[code, refund.refund_id]),
    )
