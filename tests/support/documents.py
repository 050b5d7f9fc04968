"""Invoices as pages and PDFs, with the default template."""

import re

from tenants.documents.contents import InvoiceDocument
from tenants.documents.printing import render_markup
from tenants.documents.rendering import render_contents


def page_of(document: InvoiceDocument, language: str) -> str:
    """The document as an HTML page."""
    return render_contents(document, kind="invoice", language=language, output="html").text


def print_page(markup: str) -> bytes:
    """The bytes of a page's PDF."""
    return render_markup(markup).content


def words(text: str) -> str:
    """Without the difference between kinds of spaces."""
    return re.sub(r"\s+", " ", text)
