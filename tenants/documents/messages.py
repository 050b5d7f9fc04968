"""E-mails with documents: what they say and how a tenant's own template may say it.

Whoever sends renders three outputs of a kind such as `invoice_email`: "subject", "html", "text".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from tenants.documents.contents import InvoiceDocument, Letterhead, printable
from tenants.documents.looks import LookKey
from tenants.documents.presentation import Wording, present_invoice
from tenants.documents.samples import sample_invoice
from tenants.documents.sources import DocumentSource, Example, no_examples

INVOICE_EMAIL = "invoice_email"
SHELL = "documents/message.html"
SHEETS = ("fonts.css", "paper.css")  # printed only by whoever tries it
# What an invoice's own context says that its e-mail repeats.
SHARED = (
    "language",
    "paper",
    "title",
    "number",
    "running_name",
    "supplier_name",
    "logo_url",
    "brand_colour",
    "facts",
    "headline",
    "headline_note",
    "total",
    "balance_label",
    "balance_due",
    "corrects",
)


@dataclass(frozen=True)
class InvoiceMessage:
    """The e-mail with an invoice; `link` leads to the document, absolute, and expires."""

    document: InvoiceDocument
    link: str

    @property
    def code(self) -> str:
        """The invoice's code."""
        return self.document.code

    @property
    def supplier(self) -> Letterhead:
        """Who writes."""
        return self.document.supplier


def present_invoice_message(message: InvoiceMessage, language: str) -> dict[str, Any]:
    """The context of an invoice's e-mail: what the invoice says in short, and the link."""
    document = message.document
    whole = present_invoice(document, language)
    attention = printable(document.buyer.attention or document.buyer.name)
    owed = document.kind != "credit_note" and document.state not in ("paid", "credited", "void")
    return {
        **{name: whole[name] for name in SHARED},
        "greeting": _("Hello %(name)s,") % {"name": attention},
        "period": Wording(document, language).period(),
        "site": printable(document.site.name),
        "how_to_pay": printable(document.payment_instructions) if owed else "",
        "reply_to": printable(document.supplier.email),
        "link": message.link,
        "newline": "\n",
    }


def invoice_message_source(
    load: Callable[[UUID], tuple[InvoiceMessage, str]],
    examples: Callable[[str], Sequence[Example]] = no_examples,
) -> DocumentSource[InvoiceMessage]:
    """E-mails with invoices, whose contents `load` gives."""
    return DocumentSource(
        kind=INVOICE_EMAIL,
        load=load,
        present=present_invoice_message,
        template="documents/invoice_email.html",
        text_template="documents/invoice_email.txt",
        subject_template="documents/invoice_email_subject.txt",
        shell=SHELL,
        sheets=SHEETS,
        look=_look_key,
        length=lambda message: len(message.document.lines),
        sample=_sample,
        examples=examples,
    )


def _look_key(message: InvoiceMessage) -> LookKey:
    return LookKey((INVOICE_EMAIL,), message.document.contract_type)


def _sample() -> InvoiceMessage:
    return InvoiceMessage(sample_invoice(1), "https://acme.example/documents/sample")
