"""The answer to a change: the whole invoice as it now is, with its ETag."""

from typing import Any

from django.http import HttpResponse

from shared.kernel.actor import Actor
from shared.kernel.api.etags import set_etag
from tenants.invoices import selectors
from tenants.invoices.answers import representation, whole


def answer(actor: Actor, response: HttpResponse, invoice_id: str) -> dict[str, Any]:
    """InvoiceOut of a document that was just made or changed, with its ETag."""
    invoice = selectors.invoice_by_code(actor=actor, invoice_id=invoice_id)
    shown = whole(actor, invoice)
    set_etag(response, representation(shown, invoice))
    return shown
