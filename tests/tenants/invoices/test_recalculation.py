"""Recalculation: the difference line by line, drafted once, issued as what it is."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, NotFound, PreconditionFailed
from shared.kernel.tenancy import organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.contracts.models import Contract, ContractTerms
from tenants.invoices.errors import NotRecalculable, NotVoidable
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.creditable import creditable_lines
from tenants.invoices.services import (
    LineCredit,
    credit_invoice,
    generate_invoice,
    issue_invoice,
    recalculate_invoice,
    void_invoice,
)
from tenants.ledger.models import JournalLine
from tenants.review.models import ReviewItem
from tenants.review.services import raise_item
from tenants.sites.models import TaxExemption

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
SHARE = {"contract_type": "revenue_share", "configuration": {"revenue_share_rate": "0.1"}}


@pytest.fixture
def invoice(in_acme):
    """10 % of 50,000.00 and an untaxed permit of 50.00: 5,050.00 and HST 650.00."""
    site = make_site()
    make_contract(site, **SHARE)
    charges = [{"description": "Permit", "amount": 50, "taxable": False}]
    data = {"revenue_amount": 50000, "additional_charges": charges}
    return generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=JANUARY, billing_data=data
    ).invoice


def recalculate(invoice, **options):
    options.setdefault("actor", SYSTEM)
    return recalculate_invoice(invoice_id=invoice.invoice_id, **options)


def new_rate(rate):
    ContractTerms.objects.update(billing_configuration={"revenue_share_rate": rate})


def issue(draft):
    issued = issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    issued.refresh_from_db()
    return issued


def test_an_adjustment_is_taxed_by_the_certificates_of_its_own_day(invoice):
    """Exempt in January, the certificate ran out in February: in March tax is due again."""
    customer = invoice.customer
    TaxExemption.objects.create(
        customer=customer, component="HST", certificate_number="X", expires_on=date(2025, 2, 28)
    )
    new_rate("0.12")
    march = recalculate(invoice, invoice_date=date(2025, 3, 1)).correction
    assert (march.kind, march.subtotal, march.tax_total) == ("adjustment", 1000, 130)
    february = recalculate(invoice, invoice_date=date(2025, 2, 28)).correction
    assert (february.subtotal, february.tax_total) == (1000, 0)


def test_a_reduction_takes_back_the_tax_of_an_adjustment_too(invoice):
    # 5,050.00; + 5,000.00 by an adjustment with HST 650.00; then 1,000.00 is right
    new_rate("0.2")
    issue(recalculate(invoice).correction)
    new_rate("0.02")
    draft = recalculate(invoice).correction
    # 10,000.00 - 1,000.00 = 9,000.00 taken back, HST 13 % = 1,170.00
    assert (draft.kind, draft.subtotal, draft.tax_total) == ("credit_note", -9000, -1170)
    issue(draft)
    invoice.refresh_from_db()
    # All of the original is settled; 10,170.00 - 5,700.00 stays open credit.
    assert (invoice.balance_due, Invoice.objects.get(pk=draft.pk).balance_due) == (0, -4470)


def test_what_was_taken_back_of_an_adjustment_is_not_given_again(invoice):
    # 5,000.00 (and 50.00 untaxed) + 5,000.00 - 9,000.00: of the adjustment 1,000.00 is left
    new_rate("0.2")
    more = issue(recalculate(invoice).correction)
    new_rate("0.02")
    less = issue(recalculate(invoice).correction)
    with pytest.raises(NotVoidable) as refused:  # 4,000.00 less than nothing would be billed
        void_invoice(actor=SYSTEM, invoice_id=more.invoice_id, reason="x")
    assert refused.value.extra == {"invoice_id": less.invoice_id}
    assert [one.left for one in creditable_lines(invoice)] == [0, 50]
    giving = {"actor": SYSTEM, "reason": "x"}
    with pytest.raises(Invalid):
        credit_invoice(invoice_id=more.invoice_id, amount=Decimal("1000.01"), **giving)
    part = credit_invoice(invoice_id=more.invoice_id, amount=Decimal(300), **giving)
    assert (issue(part).subtotal, part.tax_total) == (-300, -39)
    notes = [issue(credit_invoice(invoice_id=one.invoice_id, **giving)) for one in (more, invoice)]
    assert [(one.subtotal, one.tax_total) for one in notes] == [(-700, -91), (-50, 0)]
    totals = Invoice.objects.aggregate(net=Sum("subtotal"), tax=Sum("tax_total"))
    assert totals == {"net": 0, "tax": 0}


def test_what_clears_documents_of_two_rates_clears_their_tax(in_acme):
    """Nova Scotia: 15 % until March 2025, 14 % from April on."""
    site = make_site(province="NS")
    make_contract(site, **SHARE)
    invoice = generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=JANUARY, billing_data={"revenue_amount": 10000}
    ).invoice
    more = recalculate(
        invoice, billing_data={"revenue_amount": 20000}, invoice_date=date(2025, 4, 1)
    )
    # 1,000.00 at 15 % and 1,000.00 more at 14 %
    assert (invoice.tax_total, issue(more.correction).tax_total) == (150, 140)
    draft = recalculate(invoice, billing_data={"revenue_amount": 0}).correction
    assert (draft.subtotal, draft.tax_total) == (-2000, -290)


def test_nothing_differs_nothing_is_made(invoice):
    result = recalculate(invoice)
    assert (result.correction, result.difference) == (None, 0)
    assert Invoice.objects.count() == 1


def test_too_little_was_billed(invoice):
    new_rate("0.12")
    result = recalculate(invoice, invoice_date=date(2025, 3, 1))
    # 12 % of 50,000.00 = 6,000.00, 1,000.00 more; HST 13 % = 130.00; the permit stays
    draft = result.correction
    assert (draft.kind, draft.subtotal, draft.tax_total) == ("adjustment", 1000, 130)
    assert draft.due_date == date(2025, 3, 31)
    (line,) = draft.lines.all()
    assert (line.code, line.amount, line.corrects) == (
        "revenue_share",
        1000,
        invoice.lines.first(),
    )
    steps = [step["amount"] for step in line.trace["steps"]]
    assert steps == [
        "6000.00",
        "-5000.0000",
        "1000.0000",
    ]
    assert [(one["billed"], one["calculated"]) for one in draft.inputs["compared"]] == [
        ("5000.0000", "6000.0000"),
        ("50.0000", "50.0000"),
    ]
    issued = issue(draft)
    assert issued.number == f"{invoice.number_prefix}A-2025-000001"
    assert recalculate(invoice).correction is None


def test_too_much_was_billed(invoice):
    new_rate("0.08")
    note = issue(recalculate(invoice).correction)
    # 4,000.00 instead of 5,000.00: -1,000.00 and HST -130.00, settled on the original
    assert (note.kind, note.total, note.balance_due) == ("credit_note", -1130, 0)
    invoice.refresh_from_db()
    assert invoice.balance_due == Decimal("4570.00")
    # what is left of the share can still be credited, and no more
    assert [one.left for one in creditable_lines(invoice)] == [4000, 50]


def test_the_same_draft_again_and_another_when_it_differs(invoice):
    new_rate("0.12")
    first, again = recalculate(invoice), recalculate(invoice)
    assert (first.created, again.created) == (True, False)
    assert again.correction.pk == first.correction.pk
    new_rate("0.13")
    other = recalculate(invoice).correction
    assert other.subtotal == 1500
    assert Invoice.objects.count() == 2
    new_rate("0.1")
    assert recalculate(invoice).correction is None
    assert Invoice.objects.count() == 1


def test_net_of_earlier_corrections(invoice):
    new_rate("0.12")
    issue(recalculate(invoice).correction)  # + 1,000.00
    new_rate("0.09")
    note = recalculate(invoice).correction
    # 4,500.00 now; 6,000.00 billed until now
    assert (note.kind, note.subtotal, note.tax_total) == ("credit_note", -1500, -195)
    issue(note)
    sums = {}
    for row in JournalLine.objects.filter(account="revenue"):
        sums[row.detail] = sums.get(row.detail, 0) + row.amount
    assert sums == {"revenue_share": -4500, "additional_charge": -50}


def test_records_count_where_there_are_any(in_acme):
    site = make_site()
    make_contract(site, **SHARE)
    hundred = [DayRevenue(day, Decimal(100)) for day in JANUARY]
    record_revenue(actor=SYSTEM, site_id=site.site_id, records=hundred)
    invoice = generate_invoice(actor=SYSTEM, site_id=site.site_id, period=JANUARY).invoice
    late = [DayRevenue(date(2025, 1, 5), Decimal(300))]
    record_revenue(actor=SYSTEM, site_id=site.site_id, records=late)
    result = recalculate(invoice)
    # 31 x 100.00 + 200.00 = 3,300.00 x 10 % = 330.00; 310.00 were billed
    assert result.difference == 20


def test_other_inputs_and_lines_that_come_and_go(invoice):
    result = recalculate(
        invoice,
        billing_data={
            "revenue_amount": 50000,
            "additional_charges": [{"description": "Snow", "amount": 80}],
        },
    )
    assert [(one.subject, one.billed, one.calculated) for one in result.lines] == [
        ("", 5000, 5000),
        ("Snow", 0, 80),
        ("Permit", 50, 0),
    ]
    # + 80.00 taxed, - 50.00 untaxed: 30.00 and HST 10.40
    assert (result.correction.subtotal, result.correction.tax_total) == (30, Decimal("10.40"))


def test_it_closes_what_asked_for_it(invoice):
    raise_item(kind="recalculation", target=invoice, cause="The terms changed")
    new_rate("0.12")
    draft = recalculate(invoice).correction
    assert ReviewItem.objects.get().status == "open"
    issue(draft)
    assert ReviewItem.objects.get().status == "resolved"


def test_what_cannot_be_recalculated(invoice):
    new_rate("0.12")
    adjustment = issue(recalculate(invoice).correction)
    with pytest.raises(NotRecalculable):
        recalculate(adjustment)
    waiting = credit_invoice(
        actor=SYSTEM, invoice_id=invoice.invoice_id, reason="x", amount=Decimal(1)
    )
    with pytest.raises(NotRecalculable) as refused:
        recalculate(invoice)
    assert refused.value.extra == {"invoice_id": waiting.invoice_id}
    draft = generate_invoice(
        actor=SYSTEM,
        site_id=invoice.site.site_id,
        period=Period(date(2025, 2, 1), date(2025, 2, 28)),
        billing_data={"revenue_amount": 1},
        issue=False,
    ).invoice
    with pytest.raises(NotRecalculable):
        recalculate(draft)


def give(invoice, **what):
    note = credit_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Goodwill", **what)
    return issue(note)


def test_a_credit_given_by_hand_stays_given(invoice):
    # 100.00 of the share of 5,000.00, and HST 13.00
    given = give(invoice, lines=[LineCredit(1, Decimal(100))])
    assert given.total == -113
    unchanged = recalculate(invoice)
    assert (unchanged.correction, unchanged.difference, unchanged.given) == (None, 0, 100)
    new_rate("0.12")
    made = recalculate(invoice)
    # 12 % of 50,000.00 = 6,000.00 and 5,000.00 billed: 1,000.00 more, HST 130.00
    more = made.correction
    assert (made.given, more.subtotal, more.tax_total) == (100, 1000, 130)
    issue(more)
    new_rate("0.1")
    back = issue(recalculate(invoice).correction)
    assert (back.subtotal, back.tax_total) == (-1000, -130)
    invoice.refresh_from_db()
    assert invoice.balance_due == Decimal("5700") - 113 - 1130
    assert recalculate(invoice).correction is None


def test_a_reduction_takes_no_more_than_a_given_credit_left(invoice):
    give(invoice, lines=[LineCredit(1, Decimal(600))])
    new_rate("0.01")
    draft = recalculate(invoice).correction
    # 500.00 is right; 4,400.00 stands, and the credit covers the 500.00; 572.00 of the tax stands
    assert (draft.subtotal, draft.tax_total) == (-4400, -572)
    (line,) = draft.lines.all()
    steps = [(step["label"], Decimal(step["amount"])) for step in line.trace["steps"]]
    assert steps == [
        ("calculated_now", 500),
        ("billed_before", -5000),
        ("covered_by_credit", 100),
        ("sum", -4400),
    ]
    issue(draft)
    assert recalculate(invoice).correction is None
    new_rate("0.1")
    again = recalculate(invoice).correction
    # 5,000.00 less the 600.00 that stay given, taxed anew
    assert (again.subtotal, again.tax_total) == (4400, 572)


def test_refusals(invoice, actor_in, globex):
    with pytest.raises(Invalid):
        recalculate(invoice, billing_data={"revenue": 1})
    with pytest.raises(Invalid):
        recalculate(invoice, invoice_date=date(2025, 1, 1))
    with pytest.raises(Forbidden):
        recalculate(invoice, actor=actor_in("viewer"))
    with pytest.raises(PreconditionFailed):
        recalculate(invoice, expected_revision=7)
    with organisation_context(globex), pytest.raises(NotFound):
        recalculate(invoice)
    assert Invoice.objects.count() == 1


def test_holdback_is_calculated_again_too(in_acme):
    contract = make_contract(make_site())
    Contract.objects.update(holdback_rate=Decimal("0.1"))
    invoice = generate_invoice(actor=SYSTEM, site_id=contract.site.site_id, period=JANUARY).invoice
    ContractTerms.objects.update(billing_configuration={"monthly_fee": "1500.00"})
    draft = recalculate(invoice).correction
    # + 500.00 - 50.00 = 450.00, HST 58.50
    assert [line.amount for line in draft.lines.all()] == [500, -50]
    assert (draft.holdback, draft.total) == (50, Decimal("508.50"))
