"""A template of acme's and what it says."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.kernel.actor import SYSTEM
from tenants.documents.contents import InvoiceDocument, Letterhead
from tenants.documents.samples import sample_invoice
from tenants.templates.contents import Texts, default_texts
from tenants.templates.models import DocumentTemplate, TemplateVersion
from tenants.templates.services import create_template


@pytest.fixture
def texts() -> Texts:
    """The default of invoices."""
    return default_texts("invoice")


@pytest.fixture
def template(in_acme: object) -> DocumentTemplate:
    """Acme's own template of English invoices, as it starts."""
    return create_template(actor=SYSTEM, kind="invoice", language="en")


@pytest.fixture
def break_it() -> Callable[[DocumentTemplate, str], TemplateVersion]:
    """Puts a version in use that the services would refuse: limits change, old rows stay."""

    def put(template: DocumentTemplate, html: str) -> TemplateVersion:
        version = TemplateVersion.objects.create(
            template=template, number=99, html=html, text=html, created_by="test"
        )
        DocumentTemplate.objects.filter(pk=template.pk).update(active_version=version)
        return version

    return put


@pytest.fixture
def invoice() -> InvoiceDocument:
    """One page, five lines, with a logo."""
    sample = sample_invoice(1234)
    logo = Letterhead(name=sample.supplier.name, logo=b"\x89PNG", logo_type="image/png")
    return replace(sample, supplier=logo)
