"""Credit notes: whole, by amount, by line; never more than is left. Amounts to the cent."""

from datetime import date
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connections
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError, Forbidden, Invalid, NotFound, PreconditionFailed
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract
from tenants.invoices.errors import NotCreditable, NotIssuable
from tenants.invoices.models import Invoice
from tenants.invoices.services import (
    LineCredit,
    credit_invoice,
    discard_draft,
    generate_invoice,
    issue_invoice,
)
from tenants.ledger.models import JournalLine
from tenants.ledger.selectors import trial_balance
from tenants.payments.services import record_payment

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
HOURLY = {"hourly_rates": {"standard": "33.3333"}}


def bill(contract, **options):
    options.setdefault("period", JANUARY)
    return generate_invoice(actor=SYSTEM, site_id=contract.site.site_id, **options).invoice


@pytest.fixture
def invoice(in_acme):
    """An issued invoice of 1,000.00 and HST 130.00."""
    return bill(make_contract(make_site()))


def credit(invoice, *, issue=True, **options):
    options.setdefault("reason", "Agreed")
    note = credit_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, **options)
    if issue:
        note = issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
        note.refresh_from_db()
        invoice.refresh_from_db()
    return note


def journal_sums():
    sums = {}
    for line in JournalLine.objects.all():
        key = (line.account, line.detail)
        sums[key] = sums.get(key, Decimal(0)) + line.amount
    return {key: amount for key, amount in sums.items() if amount}


def test_reductions_are_taken_back_with_what_they_reduce(in_acme):
    """A fee of 1,000.00 less 400.00: the fee alone would give back more than was charged."""
    charges = [{"description": "Late", "amount": -400}]
    invoice = bill(make_contract(make_site()), billing_data={"additional_charges": charges})
    fee, reduction = LineCredit(1, Decimal(1000)), LineCredit(2, Decimal(-400))
    with pytest.raises(Invalid) as refused:
        credit(invoice, lines=[fee])
    assert [(e.field, e.code) for e in refused.value.errors] == [("lines", "more_than_left")]
    assert credit(invoice, lines=[LineCredit(1, Decimal(600))]).total == -678
    assert invoice.balance_due == 0
    with pytest.raises(NotCreditable):
        credit(invoice, lines=[LineCredit(1, Decimal(400)), reduction])


def test_a_credit_note_gives_something_back(in_acme):
    """100.00 untaxed less 90.00 taxed are 10.00, but HST of 11.70 would come on top."""
    charges = [
        {"description": "Permit", "amount": 100, "taxable": False},
        {"description": "Late", "amount": -90},
    ]
    invoice = bill(make_contract(make_site()), billing_data={"additional_charges": charges})
    with pytest.raises(NotCreditable):
        credit(invoice, lines=[LineCredit(2, Decimal(100)), LineCredit(3, Decimal(-90))])
    assert Invoice.objects.count() == 1


def test_a_whole_invoice_is_credited_and_settled(invoice):
    note = credit(invoice)
    assert (note.subtotal, note.tax_total, note.total) == (-1000, -130, -1130)
    assert (note.kind, note.corrects_id) == ("credit_note", invoice.pk)
    assert note.number == f"{invoice.number_prefix}C-{note.invoice_date.year}-000001"
    assert (invoice.payment_status, invoice.amount_credited, invoice.balance_due) == (
        "credited",
        1130,
        0,
    )
    assert (note.balance_due, note.payment_status) == (0, "credited")
    assert [line.corrects for line in note.lines.all()] == list(invoice.lines.all())
    assert journal_sums() == {}


def test_an_amount_before_tax(invoice):
    # 333.33 x 13 % = 43.3329, so 43.33
    note = credit(invoice, amount=Decimal("333.33"))
    assert (note.subtotal, note.tax_total) == (Decimal("-333.33"), Decimal("-43.33"))
    assert invoice.payment_status == "partially_paid"
    assert invoice.balance_due == Decimal("753.34")
    # what is left: 666.67 and 130.00 - 43.33 = 86.67 (13 % of 666.67 is 86.6671)
    last = credit(invoice)
    assert (last.subtotal, last.tax_total) == (Decimal("-666.67"), Decimal("-86.67"))
    assert invoice.payment_status == "credited"


def test_the_last_credit_clears_the_tax_to_the_cent(in_acme):
    invoice = bill(make_contract(make_site(), configuration={"monthly_fee": "0.90"}))
    # 13 % of 0.90 is 0.117, so 0.12; each third of 0.30 is 0.039, so 0.04, twice
    for _third in range(2):
        assert credit(invoice, amount=Decimal("0.30")).tax_total == Decimal("-0.04")
    assert credit(invoice).tax_total == Decimal("-0.04")
    assert journal_sums() == {}


def test_by_line_with_quantity_and_amount(in_acme):
    contract = make_contract(make_site(), contract_type="per_labor_hour", configuration=HOURLY)
    hours = {"labor_hours": {"regular": 3}}
    extra = [{"description": "Permit", "amount": "50", "taxable": False}]
    invoice = bill(contract, billing_data={**hours, "additional_charges": extra})
    # 3 h x 33.3333 = 99.9999, so 100.00; one hour is 33.33, half the permit 25.00 untaxed
    note = credit(
        invoice,
        lines=[LineCredit(1, quantity=Decimal(1)), LineCredit(2, amount=Decimal("25.00"))],
    )
    assert [line.amount for line in note.lines.all()] == [Decimal("-33.33"), -25]
    assert note.lines.first().quantity == -1
    assert note.tax_total == Decimal("-4.33")  # 33.33 x 13 % = 4.3329
    with pytest.raises(Invalid) as refused:
        credit(invoice, lines=[LineCredit(1, quantity=Decimal("2.5"))])
    assert refused.value.errors[0].field == "lines[0].quantity"
    # the last two hours take all that is left: 66.67, tax 13.00 - 4.33
    last = credit(invoice, lines=[LineCredit(1, quantity=Decimal(2))])
    assert (last.subtotal, last.tax_total) == (Decimal("-66.67"), Decimal("-8.67"))


@pytest.mark.parametrize("reduction", ["-1000.00", "-999.99"])
def test_a_line_that_another_cancels_gives_back_its_own_tax(in_acme, reduction):
    contract = make_contract(make_site())
    charges = [
        {"description": "Goodwill", "amount": reduction},
        {"description": "Permit", "amount": 1000, "taxable": False},
    ]
    invoice = bill(contract, billing_data={"additional_charges": charges})
    # 1,000.00 and its reduction leave 0.00 or 0.01, so no tax; the line bore 13 % = 130.00
    assert invoice.tax_total == 0
    note = credit(invoice, lines=[LineCredit(1, amount=Decimal("400.00"))])
    assert (note.subtotal, note.tax_total) == (-400, -52)
    with pytest.raises(Invalid) as refused:  # 600.00 and 78.00 would be 1,130.00 of 1,000.00
        credit(invoice, lines=[LineCredit(1, amount=Decimal("600.00"))])
    assert refused.value.errors[0].code == "more_than_left"
    note = credit(invoice)  # the rest, with what cancelled it, clears the tax
    assert note.total == Decimal("452.00") - invoice.total
    assert note.tax_total == 52
    assert ("tax_payable", "HST") not in journal_sums()


@pytest.mark.parametrize(
    ("options", "field", "code"),
    [
        ({"amount": Decimal("1000.01")}, "amount", "more_than_left"),
        ({"amount": Decimal(0)}, "amount", "range"),
        ({"amount": Decimal("NaN")}, "amount", "range"),
        ({"amount": Decimal("1.001")}, "amount", "fraction"),
        ({"lines": [LineCredit(1, amount=Decimal(1001))]}, "lines[0].amount", "more_than_left"),
        ({"lines": [LineCredit(9, amount=Decimal(1))]}, "lines[0].position", "no_such_line"),
        ({"lines": [LineCredit(1)]}, "lines[0].amount", "one_of"),
        ({"lines": [LineCredit(1, Decimal(1))] * 2}, "lines[1].position", "no_such_line"),
        ({"amount": Decimal(1), "lines": [LineCredit(1, Decimal(1))]}, "amount", "not_both"),
        ({"reason": " "}, "reason", "required"),
        ({"reason": "x" * 501}, "reason", "too_long"),
        ({"invoice_date": date(2025, 1, 30)}, "invoice_date", "too_early"),
        ({"invoice_date": date(9999, 12, 31)}, "invoice_date", "too_late"),
    ],
)
def test_what_is_refused_names_its_field(invoice, options, field, code):
    with pytest.raises(Invalid) as refused:
        credit(invoice, **options)
    assert [(e.field, e.code) for e in refused.value.errors] == [(field, code)]
    assert Invoice.objects.count() == 1


def test_drafts_are_spoken_for(invoice):
    draft = credit(invoice, issue=False, amount=Decimal(600))
    with pytest.raises(Invalid):
        credit(invoice, amount=Decimal("400.01"))
    discard_draft(actor=SYSTEM, invoice_id=draft.invoice_id)
    assert credit(invoice, amount=Decimal("400.01")).subtotal == Decimal("-400.01")


def test_what_exceeds_the_balance_stays_open_credit(invoice):
    record_payment(
        actor=SYSTEM,
        invoice_id=invoice.invoice_id,
        amount=Decimal(1000),
        received_on=date(2025, 2, 1),
        method="ACH",
    )
    note = credit(invoice, amount=Decimal(500))  # 565.00 with tax; 130.00 is still owed
    assert (invoice.payment_status, invoice.amount_credited) == ("paid", 130)
    assert (note.balance_due, note.payment_status) == (-435, "partially_paid")


def test_what_cannot_be_credited(invoice):
    draft = bill(
        Contract.objects.get(), period=Period(date(2025, 2, 1), date(2025, 2, 28)), issue=False
    )
    with pytest.raises(NotCreditable):
        credit(draft)
    note = credit(invoice)
    with pytest.raises(NotCreditable):
        credit(note)
    with pytest.raises(NotCreditable):
        credit(invoice)
    invoice.invoice_id = "INV999999999"
    with pytest.raises(NotFound):
        credit(invoice, issue=False)


def test_permissions_and_stale_readers(invoice, actor_in):
    for role in ("viewer", "approver"):
        with pytest.raises(Forbidden):
            credit_invoice(actor=actor_in(role), invoice_id=invoice.invoice_id, reason="No")
    with pytest.raises(PreconditionFailed):
        credit(invoice, expected_revision=99)
    assert Invoice.objects.count() == 1


def test_another_organisation_knows_nothing_of_it(invoice, globex):
    with organisation_context(globex), pytest.raises(NotFound):
        credit(invoice, issue=False)


def test_holdback_follows_its_charges(in_acme):
    contract = make_contract(make_site())
    Contract.objects.filter(pk=contract.pk).update(holdback_rate=Decimal("0.1"))
    invoice = bill(contract)  # 1,000.00 - 100.00 + 117.00
    note = credit(invoice, lines=[LineCredit(1, amount=Decimal("333.33"))])
    # 333.33 less 33.33 (33.333) held back = 300.00, HST 39.00
    assert [line.amount for line in note.lines.all()] == [
        Decimal("-333.33"),
        Decimal("33.33"),
    ]
    assert (note.total, note.holdback) == (-339, Decimal("-33.33"))
    credit(invoice)
    assert journal_sums() == {}
    assert (invoice.balance_due, invoice.payment_status) == (0, "credited")


def test_a_credit_note_is_issued_once_and_by_who_may(invoice, actor_in):
    note = credit(invoice, issue=False)
    with pytest.raises(Forbidden):
        issue_invoice(actor=actor_in("approver"), invoice_id=note.invoice_id)
    issued = issue_invoice(actor=actor_in("billing_manager"), invoice_id=note.invoice_id)
    again = issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    assert issued.number == again.number
    invoice.refresh_from_db()
    assert invoice.amount_credited == 1130


def test_two_at_once_take_no_more_than_there_is(throwaway_organisation, django_db_blocker):
    refused = []
    with django_db_blocker.unblock(), organisation_context(throwaway_organisation):
        invoice = bill(make_contract(make_site()))

        def take() -> None:
            try:
                with organisation_context(throwaway_organisation):
                    credit_issue = credit_invoice(
                        actor=SYSTEM,
                        invoice_id=invoice.invoice_id,
                        reason="At once",
                        amount=Decimal(600),
                    )
                    issue_invoice(actor=SYSTEM, invoice_id=credit_issue.invoice_id)
            except AppError as error:
                refused.append(error)
            finally:
                connections.close_all()

        threads = [Thread(target=take) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        invoice.refresh_from_db()
        assert len(refused) == 3
        assert invoice.amount_credited == 678  # 600.00 and 78.00 of tax


def test_a_stale_recalculation_is_not_issued(invoice):
    from tenants.contracts.models import ContractTerms
    from tenants.invoices.services import recalculate_invoice

    ContractTerms.objects.update(billing_configuration={"monthly_fee": "900.00"})
    draft = recalculate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id).correction
    credit(invoice, amount=Decimal(10))
    with pytest.raises(NotIssuable):
        issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)


def test_what_is_not_earned_yet_leaves_deferred_revenue(in_acme):
    contract = make_contract(make_site(), frequency="annual")
    year = Period(date(2026, 1, 1), date(2026, 12, 31))
    invoice = bill(contract, period=year, invoice_date=date(2026, 1, 1))
    credit(invoice, invoice_date=date(2026, 3, 31))
    # 12 x 1,000.00; January to March are earned: 3,000.00 leave revenue, 9,000.00 the deferred
    on = date(2026, 3, 31)
    assert trial_balance(actor=SYSTEM, on=on) == []
    assert trial_balance(actor=SYSTEM, on=date(2026, 12, 31)) == []
