"""Approving a document by hand, where it waits for that: by somebody who did not make it."""

from django.db import transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict
from shared.kernel.wording import worded as _
from tenants.invoices.errors import NotIssuable
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.approvers import (
    APPROVABLE,
    PERMISSION,
    is_made_by,
    other_approvers,
)
from tenants.invoices.services.drafting import lock_invoice


def approve_invoice(
    *, actor: Actor, invoice_id: str, expected_revision: int | None = None
) -> Invoice:
    """Approve a checked draft, so that it can be issued; approving again changes nothing.

    Raises NotFound, NotIssuable, Conflict for whoever made it or started the run that did while
    somebody else may approve, PreconditionFailed when stale.
    """
    authorize(actor, PERMISSION)
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        before = invoice.document_status
        if before == Invoice.DocumentStatus.APPROVED:
            return invoice
        invoice.require_revision(expected_revision)
        if before not in APPROVABLE:
            raise NotIssuable(
                _("%(id)s is %(status)s and cannot be approved.")
                % {"id": invoice, "status": invoice.get_document_status_display()}
            )
        is_own = is_made_by(actor, invoice)
        if is_own and other_approvers(actor).exists():
            raise Conflict(_("You made this document; somebody else approves it."))
        invoice.document_status = Invoice.DocumentStatus.APPROVED
        invoice.save_changes("document_status")
        after = {"document_status": invoice.document_status}
        record(
            actor=actor,
            action="invoice.approved",
            target=invoice,
            before={"document_status": before},
            after={**after, "self_approved": True} if is_own else after,
        )
    return invoice
