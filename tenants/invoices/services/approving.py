"""Approving a document by hand, where it waits for that: by somebody who did not make it.

Source: `domain.md` 8, nobody approves what they submitted. Where nobody else may approve, that
would stop the books: then it is allowed, and the evidence pack lists it.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from shared.accounts.models import User
from shared.accounts.permissions import permissions_of_role
from shared.accounts.roles import Role
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict
from tenants.invoices.errors import NotIssuable
from tenants.invoices.models import BillingRun, Invoice
from tenants.invoices.services.drafting import lock_invoice

APPROVABLE = (Invoice.DocumentStatus.VALIDATED, Invoice.DocumentStatus.PENDING_APPROVAL)
PERMISSION = "invoices.approve"
OF_A_RUN = "system:run:"


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
        is_own = actor.kind != "system" and _maker(invoice) == f"{actor.kind}:{actor.id}"
        if is_own and _others_may_approve(actor):
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


def _maker(invoice: Invoice) -> str:
    """Kind and id of who made it; of a run's invoice who started the run."""
    if not invoice.creator.startswith(OF_A_RUN):
        return invoice.creator
    run = BillingRun.objects.filter(pk=invoice.creator.removeprefix(OF_A_RUN)).first()
    starter = run.started_by if run else {}
    return f"{starter.get('kind', '')}:{starter.get('id', '')}"


def _others_may_approve(actor: Actor) -> bool:
    """Whether another person of the organisation may approve documents."""
    roles = [role for role in Role if PERMISSION in permissions_of_role(role)]
    others = User.objects.filter(is_active=True, role__in=roles)
    if actor.user_id is not None:
        others = others.exclude(pk=actor.user_id)
    return others.exists()
