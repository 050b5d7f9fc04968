"""Who may approve a document: somebody else than its maker, as far as there is anybody.

Source: `domain.md` 8, nobody approves what they submitted. Where nobody else may approve, that
would stop the books: then it is allowed, and the evidence pack lists it.
"""

from django.db.models import QuerySet

from shared.accounts.models import User
from shared.accounts.permissions import permissions_of_role
from shared.accounts.roles import Role
from shared.kernel.actor import Actor
from tenants.invoices.models import BillingRun, Invoice

APPROVABLE = (Invoice.DocumentStatus.VALIDATED, Invoice.DocumentStatus.PENDING_APPROVAL)
PERMISSION = "invoices.approve"
OF_A_RUN = "system:run:"


def is_made_by(actor: Actor, invoice: Invoice) -> bool:
    """Whether the actor made the document, or started the run that did."""
    return actor.kind != "system" and _maker(invoice) == f"{actor.kind}:{actor.id}"


def other_approvers(actor: Actor) -> QuerySet[User]:
    """The other people of the organisation who may approve documents, by name."""
    roles = [role for role in Role if PERMISSION in permissions_of_role(role)]
    others = User.objects.filter(is_active=True, role__in=roles).order_by("name", "email")
    return others if actor.user_id is None else others.exclude(pk=actor.user_id)


def _maker(invoice: Invoice) -> str:
    """Kind and id of who made it; of a run's invoice who started the run."""
    if not invoice.creator.startswith(OF_A_RUN):
        return invoice.creator
    run = BillingRun.objects.filter(pk=invoice.creator.removeprefix(OF_A_RUN)).first()
    starter = run.started_by if run else {}
    return f"{starter.get('kind', '')}:{starter.get('id', '')}"
