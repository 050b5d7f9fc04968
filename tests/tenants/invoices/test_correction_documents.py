"""Credit notes, adjustments and releases are printed and sent as invoices are."""

from datetime import date
from decimal import Decimal
from io import BytesIO

from pypdf import PdfReader
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.keyring.storage import EncryptedStorage
from tenants.contracts.models import Contract
from tenants.documents.services import provide_document
from tenants.invoices.selectors import load_invoice_document
from tenants.invoices.services import (
    credit_invoice,
    generate_invoice,
    issue_invoice,
    release_holdback,
)

HYBRID = {"components": [{"contract_type": "fixed_fee", "monthly_fee": "500.00"}]}


def bill(contract):
    return generate_invoice(
        actor=SYSTEM, site_id=contract.site.site_id, period=month_period(2025, 1), render=False
    ).invoice


def printed(invoice):
    document = provide_document(kind="invoice", object_id=invoice.pk)
    with EncryptedStorage().open(document.file_name) as file:
        return PdfReader(BytesIO(file.read())).pages[0].extract_text()


def test_a_credit_note_is_printed_with_the_parts_of_its_invoice(in_acme):
    invoice = bill(make_contract(make_site(), contract_type="hybrid", configuration=HYBRID))
    draft = credit_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Agreed")
    note = issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    contents, _language = load_invoice_document(note.pk)
    assert contents.component_types == ("fixed_fee",)
    text = printed(note)
    assert note.number in text
    assert invoice.number in text


def test_the_release_of_a_holdback_is_printed(in_acme):
    contract = make_contract(make_site())
    Contract.objects.filter(pk=contract.pk).update(holdback_rate=Decimal("0.1"))
    bill(contract)
    draft = release_holdback(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        on=date(2025, 6, 30),
        early=True,
        reason="The owner agreed",
    )
    release = issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    assert release.number in printed(release)
