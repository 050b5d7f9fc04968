"""From a contract to the PDF its customer opens: real invoices, in the customer's language."""

from datetime import date
from io import BytesIO

from pypdf import PdfReader
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.keyring.storage import EncryptedStorage
from tenants.documents.models import Document
from tenants.documents.services import provide_document, signed_link
from tenants.invoices.services import generate_invoice
from tenants.sites.models import Customer

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))


def issue(site):
    """50,000 x 0.15 = 7,500.00; + 500.00 = 8,000.00; in Ontario HST 13% = 1,040.00."""
    make_contract(site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"})
    return generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        period=JANUARY,
        billing_data={
            "revenue_amount": 50000,
            "additional_charges": [{"description": "Scissor lift", "amount": 500}],
        },
    ).invoice


def text_of(document):
    with EncryptedStorage().open(document.file_name) as file:
        return " ".join(PdfReader(BytesIO(file.read())).pages[0].extract_text().split())


def test_an_issued_invoice_is_printed_after_commit(in_acme, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        invoice = issue(make_site())
    document = Document.objects.get(object_id=invoice.pk)
    assert document.status == "ready"
    assert document.object_code == invoice.invoice_id
    text = text_of(document)
    for expected in (
        invoice.number,
        "January 2025",
        "North Yard",
        "Karen Douglas",
        "$50,000.00 15% $7,500.00",
        "Scissor lift 1 $500.00 $500.00",
        "HST 13%",
        "on $8,000.00",
        "Balance due $9,040.00 CAD",
    ):
        assert expected in text, expected


def test_it_speaks_the_customers_language(in_acme):
    site = make_site(province="QC")
    Customer.objects.filter(pk=site.customer_id).update(language="fr-ca")
    site.refresh_from_db()
    invoice = issue(site)
    document = provide_document(kind="invoice", object_id=invoice.pk)
    assert document.language == "fr-ca"
    # 8,000.00 + 5% + 9.975% = 8,000 + 400 + 798
    text = text_of(document)
    assert "9 198,00 $" in text
    assert "janvier 2025" in text


def test_a_payment_makes_another_document_and_keeps_the_first(in_acme):
    from decimal import Decimal

    from tenants.invoices.models import Invoice

    invoice = issue(make_site())
    first = provide_document(kind="invoice", object_id=invoice.pk)
    Invoice.objects.filter(pk=invoice.pk).update(
        amount_paid=Decimal("9040.00"), payment_status="paid"
    )
    second = provide_document(kind="invoice", object_id=invoice.pk)
    assert second.pk != first.pk
    assert "paid in full" in text_of(second)
    assert "paid in full" not in text_of(first)


def test_the_link_opens_it_without_signing_in(in_acme, client_for):
    link = signed_link(invoice_pk=issue(make_site()).pk)
    response = client_for(in_acme).get(link)
    assert response.status_code == 200
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
