"""Sending one invoice because somebody asks for it."""

from django.db import transaction

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from tenants.delivery.addressing import AUTOMATIC
from tenants.delivery.channels import SENDERS
from tenants.delivery.models import Delivery, DocumentKind
from tenants.delivery.services.requesting import fresh_request_key, queue_deliveries
from tenants.invoices.models import ErrorKind, Invoice
from tenants.review.services import close_items


def send_invoice(*, actor: Actor, invoice_id: str, channel: str = AUTOMATIC) -> list[Delivery]:
    """Send an issued invoice to its recipients; asked again, it is sent again.

    `channel` is one of the channels, or `auto` for each recipient's own. Raises NotFound,
    Invalid for an unknown channel, Conflict for an invoice that is not issued.
    """
    authorize(actor, "delivery.write")
    if channel not in (AUTOMATIC, *SENDERS):
        choices = ", ".join((AUTOMATIC, *SENDERS))
        message = _("Use one of: %(choices)s.") % {"choices": choices}
        raise Invalid(errors=[FieldError("channel", "choice", message)])
    with transaction.atomic():
        invoice = Invoice.objects.filter(invoice_id=invoice_id).first()
        if invoice is None:
            raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
        if invoice.document_status != Invoice.DocumentStatus.ISSUED:
            raise Conflict(_("Only an issued invoice can be sent to its customer."))
        note = _("Handed over to delivery.")
        close_items(actor=actor, kind=ErrorKind.DISTRIBUTION, target_id=invoice.pk, note=note)
        return queue_deliveries(
            actor=actor,
            kind=DocumentKind.INVOICE,
            object_ids=[invoice.pk],
            channel=channel,
            request_key=fresh_request_key(),
        )
