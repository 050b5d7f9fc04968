"""`/api/v1/billing/invoices/{invoice_id}/pdf`, `/html`, `/text`, `/xml`: the invoice as sent."""

from typing import Any, Literal

from django.http.response import HttpResponse, HttpResponseBase
from ninja import Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.schemas import Schema
from tenants.documents.models import INVOICE
from tenants.documents.rendering import Output, look_for, render_contents
from tenants.documents.services import make_document
from tenants.documents.views.answers import answer_document, answer_file, stream_pdf
from tenants.invoices import selectors
from tenants.invoices.files import Variant, invoice_file

documents_router = Router(tags=["Billing"])


class WaitingOut(Schema):
    """The document is being made; ask again."""

    status: str


def _media(name: str) -> dict[str, Any]:
    schema = {"type": "string", **({"format": "binary"} if name == "application/pdf" else {})}
    return {
        "responses": {200: {"content": {name: {"schema": schema}}, "description": "The document"}}
    }


@documents_router.get(
    "/invoices/{invoice_id}/pdf",
    response={202: WaitingOut},
    openapi_extra=_media("application/pdf"),
)
def get_invoice_pdf(
    request: ApiRequest, invoice_id: str, variant: Literal["a-3"] | None = None
) -> Any:
    """The PDF; 202 while a long one is being made.

    `?variant=a-3` is PDF/A-3b with the invoice as Factur-X XML in it, made as it is asked for.
    """
    if variant == "a-3":
        return _file(request, invoice_id, variant)
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    stored = make_document(kind=INVOICE, object_id=invoice.pk)
    if stored is None:
        return Status(202, WaitingOut(status="rendering"))
    return stream_pdf(stored)


@documents_router.get(
    "/invoices/{invoice_id}/xml", response=None, openapi_extra=_media("application/xml")
)
def get_invoice_xml(
    request: ApiRequest, invoice_id: str, variant: Literal["factur-x", "ubl"] = "factur-x"
) -> HttpResponseBase:
    """The invoice for programs: Factur-X (EN 16931, UN/CEFACT CII), or OASIS UBL 2.1.

    In UBL a credit note is a `CreditNote`, every other document an `Invoice`.
    """
    return _file(request, invoice_id, variant)


@documents_router.get(
    "/invoices/{invoice_id}/html", response=None, openapi_extra=_media("text/html")
)
def get_invoice_html(request: ApiRequest, invoice_id: str) -> HttpResponseBase:
    """A page ready to print, that can do nothing else."""
    return _written(request, invoice_id, "html")


@documents_router.get(
    "/invoices/{invoice_id}/text", response=None, openapi_extra=_media("text/plain")
)
def get_invoice_text(request: ApiRequest, invoice_id: str) -> HttpResponseBase:
    """Plain text, for those who read with their ears or in a terminal."""
    return _written(request, invoice_id, "text")


def _file(request: ApiRequest, invoice_id: str, variant: Variant) -> HttpResponse:
    file = invoice_file(actor=request.actor, invoice_id=invoice_id, variant=variant)
    return answer_file(file.content, file.media_type, file.name)


def _written(request: ApiRequest, invoice_id: str, output: Output) -> HttpResponseBase:
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    document, language = selectors.load_invoice_document(invoice.pk)
    rendered = render_contents(
        document,
        kind=INVOICE,
        language=language,
        output=output,
        look=look_for(INVOICE, document, language),
    )
    return answer_document(rendered, output=output, name=invoice.invoice_id)
