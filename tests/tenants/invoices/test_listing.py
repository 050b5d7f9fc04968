"""The API's list answers without checking its own rows: this does it instead."""

import json
from datetime import date
from decimal import Decimal

from support.billing import make_contract, make_site

from billing.periods import Period
from shared.accounts.services.credentials import Grant, create_api_key
from shared.kernel.actor import SYSTEM
from shared.kernel.api.pagination import Page
from tenants.invoices.schemas import InvoiceRow
from tenants.invoices.services import generate_invoice
from tenants.payments.services import record_payment

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))


def test_listed_invoices_are_what_the_document_says(in_acme, client_for):
    site = make_site()
    paid, draft = make_contract(site), make_contract(site)
    first = generate_invoice(
        actor=SYSTEM, site_id=site.site_id, contract_id=paid.contract_id, period=JANUARY
    ).invoice
    generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=draft.contract_id,
        period=JANUARY,
        issue=False,
    )
    record_payment(
        actor=SYSTEM,
        invoice_id=first.invoice_id,
        amount=Decimal("1000.00"),
        received_on=date(2025, 2, 1),
        method="ACH",
    )
    key = create_api_key(actor=SYSTEM, grant=Grant(name="list", scopes=["invoices:read"])).secret
    answer = client_for(in_acme, HTTP_AUTHORIZATION=f"Bearer {key}").get("/api/v1/billing/invoices")
    assert answer.status_code == 200
    page = Page[InvoiceRow].model_validate(json.loads(answer.content, parse_float=Decimal))
    listed = {row.contract_id: row for row in page.items}
    assert listed[paid.contract_id].status == "partially_paid"
    assert listed[paid.contract_id].balance_due == Decimal("130.00")
    assert listed[draft.contract_id].status == "validated"
    assert listed[draft.contract_id].invoice_number is None
    assert b'"total_amount":1130.00' in answer.content
