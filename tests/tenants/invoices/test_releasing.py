"""Releasing holdback: taxed on its own day, never twice, credited on its own."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.audit.selectors import EntryFilter, list_entries
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, NotFound
from tenants.contracts.models import Contract
from tenants.invoices.errors import (
    NotCreditable,
    NothingHeld,
    NotRecalculable,
    NotVoidable,
)
from tenants.invoices.models import Invoice
from tenants.invoices.services import (
    LineCredit,
    credit_invoice,
    generate_invoice,
    issue_invoice,
    recalculate_invoice,
    release_holdback,
    void_invoice,
)
from tenants.ledger.models import JournalLine
from tenants.payments.services import record_payment
from tenants.reporting.reports.exceptions import released_early

DAY = date(2025, 6, 30)


@pytest.fixture
def contract(in_acme):
    """In Nova Scotia, 1,000.00 a month, of which 10 % are held back."""
    made = make_contract(make_site(province="NS"))
    Contract.objects.filter(pk=made.pk).update(holdback_rate=Decimal("0.1"))
    return made


def bill(contract, month):
    return generate_invoice(
        actor=SYSTEM, site_id=contract.site.site_id, period=month_period(2025, month)
    ).invoice


def release(contract, **options):
    options.setdefault("on", DAY)
    draft = release_holdback(
        actor=options.pop("actor", SYSTEM), contract_id=contract.contract_id, **options
    )
    issued = issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    issued.refresh_from_db()
    return issued


def balance(account):
    rows = JournalLine.objects.filter(account=account).values_list("amount", flat=True)
    return sum(rows, Decimal(0))


def test_it_is_taxed_at_the_rate_of_its_own_day(contract):
    january, april = bill(contract, 1), bill(contract, 4)
    # Nova Scotia: 15 % of 900.00 in January, 14 % since 1 April
    assert (january.tax_total, april.tax_total) == (135, 126)
    assert balance("holdback_receivable") == 200
    released = release(contract)
    # 100.00 + 100.00, HST 14 % = 28.00
    assert (released.kind, released.subtotal, released.tax_total) == ("holdback_release", 200, 28)
    assert released.holdback == -200
    assert [(line.code, line.subject, line.amount) for line in released.lines.all()] == [
        ("holdback_release", january.number, 100),
        ("holdback_release", april.number, 100),
    ]
    assert released.number == f"{january.number_prefix}H-2025-000001"
    assert balance("holdback_receivable") == 0
    assert balance("receivable") == 1035 + 1026 + 228
    assert balance("revenue") == -2000
    with pytest.raises(NothingHeld):
        release(contract)


def test_chosen_invoices_only(contract):
    january, _february = bill(contract, 1), bill(contract, 2)
    assert release(contract, invoice_ids=[january.invoice_id]).subtotal == 100
    assert release(contract).subtotal == 100


def test_what_was_credited_is_not_released(contract):
    january = bill(contract, 1)
    note = credit_invoice(
        actor=SYSTEM,
        invoice_id=january.invoice_id,
        reason="Agreed",
        lines=[LineCredit(1, amount=Decimal(400))],
    )
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    assert release(contract).subtotal == 60  # 100.00 - 10 % of 400.00


def test_what_was_released_is_credited_on_the_release(contract):
    january = bill(contract, 1)
    released = release(contract)
    with pytest.raises(NotCreditable):
        credit_invoice(actor=SYSTEM, invoice_id=january.invoice_id, reason="x")
    with pytest.raises(NotVoidable):
        void_invoice(actor=SYSTEM, invoice_id=january.invoice_id, reason="x")
    for document in (released, january):
        note = credit_invoice(actor=SYSTEM, invoice_id=document.invoice_id, reason="x")
        issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    assert [balance(name) for name in ("receivable", "holdback_receivable", "revenue")] == [0, 0, 0]


def test_a_recalculation_takes_back_no_holdback_that_was_released(contract):
    january = bill(contract, 1)
    first = release(contract)
    contract.terms.update(billing_configuration={"monthly_fee": "500.00"})
    with pytest.raises(NotRecalculable):
        recalculate_invoice(actor=SYSTEM, invoice_id=january.invoice_id)
    void_invoice(actor=SYSTEM, invoice_id=first.invoice_id, reason="Too early")
    draft = recalculate_invoice(actor=SYSTEM, invoice_id=january.invoice_id).correction
    # 500.00 less 50.00 held back, HST 15 %
    assert (draft.subtotal, draft.tax_total) == (-450, Decimal("-67.50"))
    issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    assert release(contract).subtotal == 50


def test_an_adjustment_holds_back_what_a_recalculation_left_of_it(contract):
    january = bill(contract, 1)

    def recalculated(fee):
        contract.terms.update(billing_configuration={"monthly_fee": fee})
        draft = recalculate_invoice(
            actor=SYSTEM, invoice_id=january.invoice_id, invoice_date=DAY
        ).correction
        return issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)

    more = recalculated("2000.00")
    early = release(contract, invoice_ids=[more.invoice_id])
    with pytest.raises(NotRecalculable):  # 50.00 of 500.00, and 100.00 is released
        recalculated("500.00")
    void_invoice(actor=SYSTEM, invoice_id=early.invoice_id, reason="Too early")
    recalculated("500.00")
    with pytest.raises(NothingHeld):
        release(contract, invoice_ids=[january.invoice_id])
    assert release(contract, invoice_ids=[more.invoice_id]).subtotal == 50
    assert balance("holdback_receivable") == 0


def test_a_void_release_frees_the_holdback(contract):
    bill(contract, 1)
    first = release(contract)
    void_invoice(actor=SYSTEM, invoice_id=first.invoice_id, reason="Too early")
    assert release(contract).subtotal == 100


def test_a_draft_credit_note_of_a_release_frees_nothing_yet(contract):
    bill(contract, 1)
    first = release(contract)
    note = credit_invoice(actor=SYSTEM, invoice_id=first.invoice_id, reason="Wrong day")
    with pytest.raises(NothingHeld):
        release(contract)
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    assert release(contract).subtotal == 100


def test_a_credit_note_stays_once_what_it_gave_back_is_released_again(contract):
    january = bill(contract, 1)
    first = release(contract)
    record_payment(
        actor=SYSTEM,
        invoice_id=first.invoice_id,
        amount=first.total,
        received_on=DAY,
        method="ACH",
    )
    note = credit_invoice(actor=SYSTEM, invoice_id=first.invoice_id, reason="Wrong day")
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    second = release(contract)
    with pytest.raises(NotVoidable):
        void_invoice(actor=SYSTEM, invoice_id=note.invoice_id, reason="x")
    assert balance("holdback_receivable") == 0
    void_invoice(actor=SYSTEM, invoice_id=second.invoice_id, reason="Twice")
    void_invoice(actor=SYSTEM, invoice_id=note.invoice_id, reason="It was right")
    with pytest.raises(NothingHeld):
        release(contract)
    january.refresh_from_db()
    assert (january.holdback, balance("holdback_receivable")) == (100, 0)


def test_before_the_lien_period_has_run_it_needs_a_reason(in_acme):
    """In Ontario: yearly, 61 days after the anniversary behind the days held."""
    made = make_contract(effective_date=date(2026, 1, 1), details={"is_construction": True})
    period = month_period(2026, 3)
    held = generate_invoice(actor=SYSTEM, site_id=made.site.site_id, period=period).invoice
    for options, field in (
        ({}, "early"),
        ({"early": True}, "reason"),
        ({"early": True, "reason": " "}, "reason"),
        ({"reason": "The owner agreed"}, "early"),
    ):
        with pytest.raises(Invalid) as refused:
            release_holdback(actor=SYSTEM, contract_id=made.contract_id, **options)
        assert [one.field for one in refused.value.errors] == [field]
        assert held.number in str(refused.value.errors[0].message)
    draft = release_holdback(
        actor=SYSTEM, contract_id=made.contract_id, early=True, reason="The owner agreed"
    )
    assert (draft.subtotal, draft.reason) == (100, "")
    entries = list_entries(actor=SYSTEM, wanted=EntryFilter())
    (finding,) = released_early(entries)
    assert (finding.action, finding.detail) == ("invoice.release_drafted", "The owner agreed")


def test_refusals(contract, actor_in):
    january = bill(contract, 1)
    with pytest.raises(Forbidden):
        release(contract, actor=actor_in("viewer"))
    for options, field in (
        ({"invoice_ids": ["INV999999999"]}, "invoice_ids"),
        ({"on": date(2025, 1, 30)}, "on"),
    ):
        with pytest.raises(Invalid) as refused:
            release(contract, **options)
        assert refused.value.errors[0].field == field
    contract.contract_id = "CON99999999"
    with pytest.raises(NotFound):
        release(contract)
    assert list(Invoice.objects.all()) == [january]
