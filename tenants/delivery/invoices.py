"""Invoices, credit notes and the other issued documents as something to deliver."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Prefetch

from tenants.delivery.kinds import Deliverable, DeliverableKind
from tenants.delivery.models import DocumentKind
from tenants.delivery.services.noting import note_status
from tenants.documents.messages import INVOICE_EMAIL
from tenants.invoices.models import Invoice
from tenants.sites.models import Contact


def load_invoices(object_ids: Sequence[UUID]) -> list[Deliverable]:
    """Issued invoices with their site's present billing contact.

    It may have been corrected since they were issued; what stands on them only fills in for one
    that is gone.
    """
    contacts = Contact.objects.filter(is_billing=True)
    found = (
        Invoice.objects.filter(
            pk__in=list(object_ids), document_status=Invoice.DocumentStatus.ISSUED
        )
        .select_related("customer", "site")
        .prefetch_related(Prefetch("site__contacts", contacts, to_attr="billing_contacts"))
        .order_by("pk")
    )
    return [_deliverable(invoice) for invoice in found]


def _deliverable(invoice: Invoice) -> Deliverable:
    buyer = invoice.parties["buyer"]
    present = next(iter(invoice.site.billing_contacts), None)  # type: ignore[attr-defined]
    return Deliverable(
        object_id=invoice.pk,
        code=invoice.number or invoice.invoice_id,
        customer=invoice.customer,
        site_id=invoice.site_id,
        site_code=invoice.site.site_id,
        contact_name=present.name if present else buyer["contact_name"],
        contact_email=present.email if present else buyer["contact_email"],
        language=buyer["language"],
    )


INVOICE_DELIVERABLE = DeliverableKind(
    name=DocumentKind.INVOICE, message=INVOICE_EMAIL, load=load_invoices, note=note_status
)
