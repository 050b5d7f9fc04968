"""Reading disputes."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.disputes.models import Dispute


def disputes(*, actor: Actor, status: str = "", invoice_id: str = "") -> QuerySet[Dispute]:
    """Disputes, newest first, with their invoices and credit notes."""
    authorize(actor, "invoices.read")
    found = Dispute.objects.select_related("invoice", "line", "credit_note")
    if status in Dispute.Status.values:
        found = found.filter(status=status)
    return found.filter(invoice__invoice_id=invoice_id) if invoice_id else found


def dispute_by_code(*, actor: Actor, dispute_id: str) -> Dispute:
    """One dispute. Raises NotFound."""
    found = disputes(actor=actor).filter(dispute_id=dispute_id).first()
    if found is None:
        raise NotFound(_("There is no dispute %(id)s.") % {"id": dispute_id})
    return found
