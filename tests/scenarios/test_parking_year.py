"""A year of a parking operator in Montreal: revenue share with tiers and guarantee, and a fee.

Every amount was worked out by hand from `domain.md` 2 to 6 and stands here as it came out. The
months are billed by runs on the first day of the next; what goes wrong goes wrong in between.
"""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from support.api import Program, key_of
from support.billing import make_contract, make_site
from support.scenario import at, check_books
from support.statements import only_statement, run_statements

from billing.ageing import Bucket
from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from tenants.activity.services import DayRevenue, record_revenue
from tenants.disputes.services import raise_dispute, resolve_dispute
from tenants.invoices.models import Invoice
from tenants.invoices.services import (
    LineCredit,
    credit_invoice,
    issue_invoice,
    process_run,
    recalculate_invoice,
    start_run,
)
from tenants.payments.models import Payment
from tenants.payments.services import (
    Part,
    PaymentInput,
    apply_to_invoices,
    record_customer_payment,
    record_payment,
)
from tenants.review.models import ReviewItem

D = Decimal
ESCALATION = {"annual_increase": "0.03", "effective_date": "2024-07-01"}
AGREEMENT = {
    "components": [
        {
            "contract_type": "revenue_share",
            "tiers": [
                {"up_to": "20000.00", "rate": "0.10"},
                {"up_to": "40000.00", "rate": "0.15"},
                {"up_to": None, "rate": "0.20"},
            ],
            "minimum_guarantee": "2500.00",
            "escalation_schedule": ESCALATION,
        },
        {
            "contract_type": "fixed_fee",
            "monthly_fee": "1234.56",
            "escalation_schedule": ESCALATION,
        },
    ]
}


class Month(NamedTuple):
    """What a day and the last day took; what must be billed: share, top-up, fee, taxes, total."""

    daily: str
    last: str
    share: str
    top_up: str
    fee: str
    gst: str
    qst: str
    total: str


# The first 20,000 give 10 %, up to 40,000 15 %, the rest 20 %. From July, a year after the
# start, the guarantee is 2,500.00 x 1.03 = 2,575.00 and the fee 1,234.56 x 1.03 = 1,271.5968.
# GST is 5 % and QST 9.975 % of the same sum, each rounded once.
MONTHS = [
    # 30 x 612.35 + 1,000.07 = 19,370.57 x 10 % = 1,937.057; topped up to 2,500.00.
    # 3,734.56 x 5 % = 186.728; x 9.975 % = 372.52236
    Month("612.35", "1000.07", "1937.06", "562.94", "1234.56", "186.73", "372.52", "4293.81"),
    # 27 x 700.00 + 1,100.00 = 20,000.00, all in the first tier
    Month("700.00", "1100.00", "2000.00", "500.00", "1234.56", "186.73", "372.52", "4293.81"),
    # 30 x 845.15 + 1,204.05 = 26,558.55: 2,000.00 + 983.7825 = 2,983.7825.
    # 4,218.34 x 5 % = 210.917; x 9.975 % = 420.779415
    Month("845.15", "1204.05", "2983.78", "0", "1234.56", "210.92", "420.78", "4850.04"),
    # 30 x 1,000.00 = 30,000.00: 2,000.00 + 1,500.00.
    # 4,734.56 x 5 % = 236.728; x 9.975 % = 472.27236
    Month("1000.00", "1000.00", "3500.00", "0", "1234.56", "236.73", "472.27", "5443.56"),
    # 30 x 1,500.00 + 1,250.25 = 46,250.25: 2,000.00 + 3,000.00 + 1,250.05.
    # 7,484.61 x 5 % = 374.2305; x 9.975 % = 746.5898475
    Month("1500.00", "1250.25", "6250.05", "0", "1234.56", "374.23", "746.59", "8605.43"),
    # 29 x 1,333.33 + 1,333.76 = 40,000.33: 5,000.00 + 0.066.
    # 6,234.63 x 5 % = 311.7315; x 9.975 % = 621.9043425
    Month("1333.33", "1333.76", "5000.07", "0", "1234.56", "311.73", "621.90", "7168.26"),
    # 30 x 810.10 + 900.00 = 25,203.00: 2,000.00 + 780.45.
    # 4,052.05 x 5 % = 202.6025; x 9.975 % = 404.1919875
    Month("810.10", "900.00", "2780.45", "0", "1271.60", "202.60", "404.19", "4658.84"),
    # 30 x 720.00 + 500.50 = 22,100.50: 2,000.00 + 315.075; topped up to 2,575.00.
    # 3,846.60 x 5 % = 192.33; x 9.975 % = 383.69835
    Month("720.00", "500.50", "2315.08", "259.92", "1271.60", "192.33", "383.70", "4422.63"),
    # 29 x 1,100.00 + 1,300.00 = 33,200.00: 2,000.00 + 1,980.00.
    # 5,251.60 x 5 % = 262.58; x 9.975 % = 523.8471
    Month("1100.00", "1300.00", "3980.00", "0", "1271.60", "262.58", "523.85", "6038.03"),
    # 30 x 1,250.55 + 2,000.00 = 39,516.50: 2,000.00 + 2,927.475.
    # 6,199.08 x 5 % = 309.954; x 9.975 % = 618.35823
    Month("1250.55", "2000.00", "4927.48", "0", "1271.60", "309.95", "618.36", "7127.39"),
    # 29 x 900.00 + 900.05 = 27,000.05: 2,000.00 + 1,050.0075.
    # 4,321.61 x 5 % = 216.0805; x 9.975 % = 431.0805975
    Month("900.00", "900.05", "3050.01", "0", "1271.60", "216.08", "431.08", "4968.77"),
    # 30 x 1,400.00 + 1,700.00 = 43,700.00: 2,000.00 + 3,000.00 + 740.00.
    # 7,011.60 x 5 % = 350.58; x 9.975 % = 699.4071
    Month("1400.00", "1700.00", "5740.00", "0", "1271.60", "350.58", "699.41", "8061.59"),
]


class Operator:
    """The clerk of the operator, with the clock in hand; invoices by month."""

    def __init__(self, clock, organisation, browser):
        self.clock, self.organisation, self.browser = clock, organisation, browser
        at(clock, date(2025, 1, 2))
        self.site = make_site(province="QC", site_name="Place Ville")
        self.contract = make_contract(
            self.site,
            contract_type="hybrid",
            configuration=AGREEMENT,
            effective_date=date(2024, 7, 1),
        )
        self.invoices = {}

    def record(self, *days):
        records = [DayRevenue(day, D(amount)) for day, amount in days]
        record_revenue(actor=SYSTEM, site_id=self.site.site_id, records=records)

    def bill(self, month):
        """Record the month by day, bill it by a run on the next day, compare with the hand."""
        told, (_weekday, length) = MONTHS[month - 1], monthrange(2025, month)
        days = [date(2025, month, day) for day in range(1, length + 1)]
        at(self.clock, days[-1] + timedelta(days=1))
        self.record(*((day, told.daily) for day in days[:-1]), (days[-1], told.last))
        run = process_run(run_id=start_run(actor=SYSTEM, period=month_period(2025, month)).pk)
        (item,) = run.items.all()
        assert (run.status, item.status) == ("done", "billed"), item.reason
        invoice = self.invoices[month] = item.invoice
        check_invoice(invoice, told)
        assert invoice.invoice_date == days[-1]
        assert invoice.due_date == days[-1] + timedelta(days=30)
        return invoice

    def receive(self, month, amount, on):
        """Money for the invoice of a month."""
        at(self.clock, on)
        return record_payment(
            actor=SYSTEM,
            invoice_id=self.invoices[month].invoice_id,
            amount=D(amount),
            received_on=on,
            method="ACH",
        ).payment

    def receive_by_api(self, month, amount, on):
        """The same told by the customer's bank."""
        at(self.clock, on)
        program = Program(self.browser, key_of(self.organisation))
        answer = program.put(
            f"/billing/invoices/{self.invoices[month].invoice_id}/payment-status",
            {
                "payment_status": "paid",
                "payment_date": on.isoformat(),
                "payment_amount": D(amount),
                "payment_method": "wire",
                "transaction_id": f"WIRE-{on}",
            },
        )
        assert answer.status == 200, answer.raw
        return Payment.objects.get(transaction_id=f"WIRE-{on}")

    def receive_for(self, amount, on, *, parts=(), reference=""):
        """Money of the customer, for the named parts or for what its reference names."""
        at(self.clock, on)
        return record_customer_payment(
            actor=SYSTEM,
            customer_id=self.site.customer.customer_id,
            given=PaymentInput(D(amount), "CAD", on, "ACH", reference),
            parts=parts,
        )

    def recalculate(self, month):
        """Issue what the person who was asked finds; nobody is asked afterwards."""
        (item,) = open_reviews()
        original = self.invoices[month]
        assert (item.target_id, item.kind) == (original.pk, "recalculation")
        draft = recalculate_invoice(actor=SYSTEM, invoice_id=original.invoice_id).correction
        assert len(open_reviews()) == 1
        issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
        assert open_reviews() == []
        return Invoice.objects.get(pk=draft.pk)

    def open_of(self, month):
        self.invoices[month].refresh_from_db()
        return self.invoices[month].balance_due


@pytest.fixture
def operator(in_acme, time_machine, client_for):
    return Operator(time_machine, in_acme, client_for(in_acme))


def open_reviews():
    return list(ReviewItem.objects.filter(status="open"))


def lines_of(invoice):
    lines = invoice.lines.order_by("position")
    return [(line.code, line.component, line.amount) for line in lines]


def taxes_of(invoice):
    return {tax.name: tax.amount for tax in invoice.taxes.all()}


def check_invoice(invoice, told):
    topped_up = [("minimum_guarantee", 0, D(told.top_up))] if D(told.top_up) else []
    assert lines_of(invoice) == [
        ("revenue_share", 0, D(told.share)),
        *topped_up,
        ("fixed_fee", 1, D(told.fee)),
    ]
    assert taxes_of(invoice) == {"GST": D(told.gst), "QST": D(told.qst)}
    assert invoice.total == D(told.total)


def test_a_year_to_the_last_cent(operator):
    winter(operator)
    spring(operator)
    summer(operator)
    autumn(operator)
    check_past_days()
    check_statements(operator)


def winter(operator):
    """January is paid to the cent, February too much; the rest waits for March."""
    operator.bill(1)
    operator.receive(1, "4293.81", date(2025, 2, 20))
    operator.bill(2)
    too_much = operator.receive_by_api(2, "4500.00", date(2025, 3, 20))
    assert [operator.open_of(month) for month in (1, 2)] == [0, 0]
    march = operator.bill(3)
    check_end_of_march()
    at(operator.clock, date(2025, 4, 2))
    # 4,500.00 - 4,293.81 = 206.19 of 4,850.04: 4,643.85 stay open
    apply_to_invoices(actor=SYSTEM, payment_id=too_much.payment_id, parts=[Part(march.invoice_id)])
    assert operator.open_of(3) == D("4643.85")


def spring(operator):
    """Revenue of March comes late, a part of the fee of May is given back."""
    at(operator.clock, date(2025, 4, 10))
    operator.record((date(2025, 3, 15), "1845.15"))  # not 845.15
    adjustment = operator.recalculate(3)
    # 27,558.55: 2,000.00 + 1,133.7825 = 3,133.78, billed 2,983.78.
    # 150.00 x 5 % = 7.50; x 9.975 % = 14.9625
    assert (adjustment.kind, adjustment.total) == ("adjustment", D("172.46"))
    assert lines_of(adjustment) == [("revenue_share", 0, D("150.00"))]
    assert taxes_of(adjustment) == {"GST": D("7.50"), "QST": D("14.96")}
    assert (adjustment.corrects_id, adjustment.due_date) == (
        operator.invoices[3].pk,
        date(2025, 5, 10),
    )
    operator.receive(3, "4643.85", date(2025, 4, 25))
    april = operator.bill(4)
    # 5,443.56 + 172.46
    parts = [Part(april.invoice_id), Part(adjustment.invoice_id)]
    operator.receive_for("5616.02", date(2025, 5, 28), parts=parts)
    adjustment.refresh_from_db()
    assert (operator.open_of(3), operator.open_of(4), adjustment.balance_due) == (0, 0, 0)
    may = operator.bill(5)
    at(operator.clock, date(2025, 6, 10))
    note = credit_invoice(
        actor=SYSTEM,
        invoice_id=may.invoice_id,
        reason="A gate was out of order",
        lines=[LineCredit(2, amount=D("34.56"))],
    )
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    # 34.56 x 5 % = 1.728; x 9.975 % = 3.44736
    assert lines_of(note) == [("fixed_fee", 1, D("-34.56"))]
    assert taxes_of(note) == {"GST": D("-1.73"), "QST": D("-3.45")}
    # 8,605.43 - 39.74
    assert (note.total, operator.open_of(5)) == (D("-39.74"), D("8565.69"))
    operator.receive(5, "8565.69", date(2025, 6, 27))


def summer(operator):
    """Revenue of June was told too high; a line of July is disputed and credited in part."""
    operator.bill(6)
    at(operator.clock, date(2025, 7, 8))
    operator.record((date(2025, 6, 30), "1000.00"))  # not 1,333.76
    note = operator.recalculate(6)
    # 39,666.57: 2,000.00 + 2,949.9855 = 4,949.99, billed 5,000.07.
    # 50.08 x 5 % = 2.504; x 9.975 % = 4.99548
    assert (note.kind, note.total) == ("credit_note", D("-57.58"))
    assert taxes_of(note) == {"GST": D("-2.50"), "QST": D("-5.00")}
    assert operator.open_of(6) == D("7110.68")  # 7,168.26 - 57.58
    operator.receive(6, "7110.68", date(2025, 7, 25))
    july = operator.bill(7)
    at(operator.clock, date(2025, 8, 12))
    # 500.00 of the fee with its taxes: 500.00 x 1.14975 = 574.875
    dispute = raise_dispute(
        actor=SYSTEM,
        invoice_id=july.invoice_id,
        reason="Half the month nobody was there",
        amount=D("574.88"),
        position=2,
    )
    july.refresh_from_db()
    assert (july.amount_disputed, july.balance_due) == (D("574.88"), D("4658.84"))
    at(operator.clock, date(2025, 8, 20))
    settled = resolve_dispute(
        actor=SYSTEM, dispute_id=dispute.dispute_id, resolution="Agreed", credit=D("300.00")
    )
    credited = settled.credit_note
    assert lines_of(credited) == [("fixed_fee", 1, D("-300.00"))]
    # 300.00 x 9.975 % = 29.925
    assert taxes_of(credited) == {"GST": D("-15.00"), "QST": D("-29.93")}
    # 4,658.84 - 344.93
    assert (credited.total, operator.open_of(7)) == (D("-344.93"), D("4313.91"))
    assert operator.invoices[7].amount_disputed == 0


def autumn(operator):
    """July comes in two parts, September by its number; the last quarter stays open."""
    operator.bill(8)
    operator.receive(7, "4000.00", date(2025, 9, 15))
    operator.receive(8, "4422.63", date(2025, 9, 30))
    september = operator.bill(9)
    receipt = operator.receive_for("6038.03", date(2025, 10, 28), reference=september.number)
    # July is older, but the reference names September.
    assert [one.invoice_id for one in receipt.allocations] == [september.pk]
    operator.bill(10)
    assert operator.open_of(7) == D("313.91")
    operator.receive(7, "313.91", date(2025, 11, 5))
    operator.bill(11)
    operator.bill(12)
    numbers = [operator.invoices[month].number_sequence for month in range(1, 13)]
    sequences = Invoice.objects.filter(number_prefix=operator.invoices[1].number_prefix)
    assert numbers == sorted(numbers)
    taken = sorted(sequences.values_list("number_sequence", flat=True))
    assert taken == list(range(1, len(taken) + 1))


def check_end_of_march():
    check_books(
        date(2025, 3, 31),
        {
            "cash": "8793.81",  # 4,293.81 + 4,500.00
            "unapplied_cash": "-206.19",
            "receivable": "4850.04",
            ("tax_payable", "GST"): "-584.38",  # 186.73 + 186.73 + 210.92
            ("tax_payable", "QST"): "-1165.82",  # 372.52 + 372.52 + 420.78
            ("revenue", "revenue_share"): "-6920.84",  # 1,937.06 + 2,000.00 + 2,983.78
            ("revenue", "minimum_guarantee"): "-1062.94",  # 562.94 + 500.00
            ("revenue", "fixed_fee"): "-3703.68",  # 3 x 1,234.56
        },
        aged={Bucket.CURRENT: "4850.04"},
    )


def check_past_days():
    """Asked after the year for days inside it, the books say what they said then."""
    check_end_of_march()
    check_books(
        date(2025, 4, 15),
        {
            "cash": "8793.81",
            "receivable": "4816.31",  # 4,643.85 of March and the adjustment's 172.46
            ("tax_payable", "GST"): "-591.88",  # 584.38 + 7.50
            ("tax_payable", "QST"): "-1180.78",  # 1,165.82 + 14.96
            ("revenue", "revenue_share"): "-7070.84",  # 6,920.84 + 150.00
            ("revenue", "minimum_guarantee"): "-1062.94",
            ("revenue", "fixed_fee"): "-3703.68",
        },
        aged={Bucket.CURRENT: "4816.31"},
    )
    check_books(
        date(2025, 8, 31),
        {
            "cash": "34730.05",  # 8,793.81 + 4,643.85 + 5,616.02 + 8,565.69 + 7,110.68
            "receivable": "8736.54",  # July 4,313.91 + August 4,422.63
            # 584.38 + 236.73+374.23+311.73+202.60+192.33 + 7.50 - 1.73 - 2.50 - 15.00
            ("tax_payable", "GST"): "-1890.27",
            # 1,165.82 + 472.27+746.59+621.90+404.19+383.70 + 14.96 - 3.45 - 5.00 - 29.93
            ("tax_payable", "QST"): "-3771.05",
            # 7,070.84 + 3,500.00+6,250.05+5,000.07+2,780.45+2,315.08 - 50.08
            ("revenue", "revenue_share"): "-26866.41",
            ("revenue", "minimum_guarantee"): "-1322.86",  # 1,062.94 + 259.92
            # 6 x 1,234.56 + 2 x 1,271.60 - 34.56 - 300.00
            ("revenue", "fixed_fee"): "-9616.00",
        },
        # July was due on the 30th.
        aged={Bucket.CURRENT: "4422.63", Bucket.DAYS_1_30: "4313.91"},
    )
    check_books(
        date(2025, 10, 31),
        {
            "cash": "49190.71",  # 34,730.05 + 4,000.00 + 4,422.63 + 6,038.03
            "receivable": "7441.30",  # July 313.91 + October 7,127.39
            ("tax_payable", "GST"): "-2462.80",  # 1,890.27 + 262.58 + 309.95
            ("tax_payable", "QST"): "-4913.26",  # 3,771.05 + 523.85 + 618.36
            ("revenue", "revenue_share"): "-35773.89",  # 26,866.41 + 3,980.00 + 4,927.48
            ("revenue", "minimum_guarantee"): "-1322.86",
            ("revenue", "fixed_fee"): "-12159.20",  # 9,616.00 + 2 x 1,271.60
        },
        # 62 days since 30 August
        aged={Bucket.CURRENT: "7127.39", Bucket.DAYS_61_90: "313.91"},
    )
    check_books(
        date(2025, 12, 31),
        {
            "cash": "49504.62",  # 49,190.71 + 313.91
            "receivable": "20157.75",  # 7,127.39 + 4,968.77 + 8,061.59
            ("tax_payable", "GST"): "-3029.46",  # 2,462.80 + 216.08 + 350.58
            ("tax_payable", "QST"): "-6043.75",  # 4,913.26 + 431.08 + 699.41
            ("revenue", "revenue_share"): "-44563.90",  # 35,773.89 + 3,050.01 + 5,740.00
            ("revenue", "minimum_guarantee"): "-1322.86",
            ("revenue", "fixed_fee"): "-14702.40",  # 12,159.20 + 2 x 1,271.60
        },
        # October was due on 30 November, November on 30 December.
        aged={
            Bucket.CURRENT: "8061.59",
            Bucket.DAYS_1_30: "4968.77",
            Bucket.DAYS_31_60: "7127.39",
        },
    )


def check_statements(operator):
    """Two halves and the whole year, made in January."""
    at(operator.clock, date(2026, 1, 5))
    halves = [
        figures_of(Period(date(2025, 1, 1), date(2025, 6, 30))),
        figures_of(Period(date(2025, 7, 1), date(2025, 12, 31))),
    ]
    assert halves == [
        # Invoices 4,293.81 + 4,293.81 + 4,850.04 + 5,443.56 + 8,605.43 + 7,168.26 = 34,654.91 and
        # the adjustment 172.46; paid 4,293.81 + 4,500.00 + 4,643.85 + 5,616.02 + 8,565.69
        figures("0", "34827.37", "-39.74", "-27619.37", "7168.26"),
        # Invoices 4,658.84 + 4,422.63 + 6,038.03 + 7,127.39 + 4,968.77 + 8,061.59; credited
        # 57.58 + 344.93; paid 7,110.68 + 4,000.00 + 4,422.63 + 6,038.03 + 313.91
        figures("7168.26", "35277.25", "-402.51", "-21885.25", "20157.75"),
    ]
    year = only_statement(run_statements(Period(date(2025, 1, 1), date(2025, 12, 31))))
    assert stated(year) == figures("0", "70104.62", "-442.25", "-49504.62", "20157.75")
    aged = [year.age_current, year.age_1_30, year.age_31_60, year.age_61_90, year.age_over_90]
    assert aged == [D("8061.59"), D("4968.77"), D("7127.39"), 0, 0]
    assert (year.open_credit, year.adjusted) == (0, 0)
    lines = [line for line in year.lines.all() if not line.is_detail]
    # 12 invoices and an adjustment, 3 credit notes, 10 payments
    assert sorted(line.item_type for line in lines) == (
        ["credit"] * 3 + ["invoice"] * 13 + ["payment"] * 10
    )
    assert sum(line.amount for line in lines) == D("20157.75")


def figures(*amounts):
    return tuple(D(amount) for amount in amounts)


def figures_of(period):
    return stated(only_statement(run_statements(period)))


def stated(statement):
    return (
        statement.opening_balance,
        statement.invoiced,
        statement.credited,
        statement.paid,
        statement.closing_balance,
    )
