"""An invoice as a file for programs: PDF/A-3 with Factur-X in it, Factur-X alone, UBL."""

from dataclasses import dataclass
from typing import Literal, get_args

from shared.kernel.actor import Actor
from tenants.documents.models import INVOICE
from tenants.documents.rendering import look_for
from tenants.documents.ubl import write_ubl
from tenants.invoices.selectors import invoice_by_code, load_invoice_document

Variant = Literal["a-3", "factur-x", "ubl"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)


@dataclass(frozen=True)
class InvoiceFile:
    """A file and what it is called."""

    content: bytes
    media_type: str
    name: str


def invoice_file(*, actor: Actor, invoice_id: str, variant: Variant) -> InvoiceFile:
    """The file, made as it is asked for. Raises NotFound, and Conflict without lines."""
    # Slow to load: not before somebody wants such a file.
    from tenants.documents.factur_x import print_factur_x, write_factur_x

    invoice = invoice_by_code(actor=actor, invoice_id=invoice_id)
    document, language = load_invoice_document(invoice.pk)
    if variant == "a-3":
        look = look_for(INVOICE, document, language)
        content = print_factur_x(document, language, look)
        return InvoiceFile(content, "application/pdf", f"{invoice.invoice_id}.pdf")
    write = write_ubl if variant == "ubl" else write_factur_x
    name = f"{invoice.invoice_id}-{variant}.xml"
    return InvoiceFile(write(document, language), "application/xml", name)
