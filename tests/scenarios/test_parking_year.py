"""A year of a parking operator in Montreal: revenue share with tiers and guarantee, and a fee.

Every amount was worked out by hand from `domain.md` 2 to 6 and stands here as it came out. The
months are billed by runs on the first day of the next; what goes wrong goes wrong in between.
"""

from datetime import date
from decimal import Decimal

import pytest
from support.parking_year import Operator, lines_of, taxes_of
from support.scenario import at, check_books
from support.statements import only_statement, run_statements

from billing.ageing import Bucket
from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.disputes.services import raise_dispute, resolve_dispute
from tenants.invoices.models import Invoice
from tenants.invoices.services import (
    LineCredit,
    credit_invoice,
    issue_invoice,
)
from tenants.payments.services import (
    Part,
    apply_credit_note,
    apply_to_invoices,
)

D = Decimal


@pytest.fixture
def operator(in_acme, time_machine, client_for):
    return Operator(time_machine, in_acme, client_for(in_acme))


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
    correct_march_again(operator, may)
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
    # 8,605.43 - 86.23 - 39.74
    assert (note.total, operator.open_of(5)) == (D("-39.74"), D("8479.46"))
    operator.receive(5, "8479.46", date(2025, 6, 27))


def correct_march_again(operator, may):
    """Half of what came late was wrong; March is paid, so the credit is given on May."""
    at(operator.clock, date(2025, 6, 5))
    operator.record((date(2025, 3, 15), "1345.15"))  # not 1,845.15
    note = operator.recalculate(3)
    # 27,058.55: 2,000.00 + 1,058.7825 = 3,058.78, billed 2,983.78 + 150.00.
    # 75.00 x 5 % = 3.75; x 9.975 % = 7.48125
    assert lines_of(note) == [("revenue_share", 0, D("-75.00"))]
    assert taxes_of(note) == {"GST": D("-3.75"), "QST": D("-7.48")}
    assert (note.kind, note.total, note.balance_due) == ("credit_note", D("-86.23"), D("-86.23"))
    check_fifth_of_june()
    at(operator.clock, date(2025, 6, 9))
    apply_credit_note(actor=SYSTEM, credit_note_id=note.invoice_id, parts=[Part(may.invoice_id)])
    note.refresh_from_db()
    assert (note.balance_due, operator.open_of(5)) == (0, D("8519.20"))  # 8,605.43 - 86.23


def check_fifth_of_june():
    check_books(
        date(2025, 6, 5),
        {
            "cash": "19053.68",  # 8,793.81 + 4,643.85 + 5,616.02
            "receivable": "8519.20",  # 8,605.43 - 86.23
            ("tax_payable", "GST"): "-1199.09",  # 591.88 + 236.73 + 374.23 - 3.75
            ("tax_payable", "QST"): "-2392.16",  # 1,180.78 + 472.27 + 746.59 - 7.48
            # 7,070.84 + 3,500.00 + 6,250.05 - 75.00
            ("revenue", "revenue_share"): "-16745.89",
            ("revenue", "minimum_guarantee"): "-1062.94",
            ("revenue", "fixed_fee"): "-6172.80",  # 5 x 1,234.56
        },
        aged={Bucket.CURRENT: "8605.43"},
        credits="-86.23",
    )


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
    check_fifth_of_june()
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
            "cash": "34643.82",  # 19,053.68 + 8,479.46 + 7,110.68
            "receivable": "8736.54",  # July 4,313.91 + August 4,422.63
            # 1,199.09 + 311.73 + 202.60 + 192.33 - 1.73 - 2.50 - 15.00
            ("tax_payable", "GST"): "-1886.52",
            # 2,392.16 + 621.90 + 404.19 + 383.70 - 3.45 - 5.00 - 29.93
            ("tax_payable", "QST"): "-3763.57",
            # 16,745.89 + 5,000.07 + 2,780.45 + 2,315.08 - 50.08
            ("revenue", "revenue_share"): "-26791.41",
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
            "cash": "49104.48",  # 34,643.82 + 4,000.00 + 4,422.63 + 6,038.03
            "receivable": "7441.30",  # July 313.91 + October 7,127.39
            ("tax_payable", "GST"): "-2459.05",  # 1,886.52 + 262.58 + 309.95
            ("tax_payable", "QST"): "-4905.78",  # 3,763.57 + 523.85 + 618.36
            ("revenue", "revenue_share"): "-35698.89",  # 26,791.41 + 3,980.00 + 4,927.48
            ("revenue", "minimum_guarantee"): "-1322.86",
            ("revenue", "fixed_fee"): "-12159.20",  # 9,616.00 + 2 x 1,271.60
        },
        # 62 days since 30 August
        aged={Bucket.CURRENT: "7127.39", Bucket.DAYS_61_90: "313.91"},
    )
    check_books(
        date(2025, 12, 31),
        {
            "cash": "49418.39",  # 49,104.48 + 313.91
            "receivable": "20157.75",  # 7,127.39 + 4,968.77 + 8,061.59
            ("tax_payable", "GST"): "-3025.71",  # 2,459.05 + 216.08 + 350.58
            ("tax_payable", "QST"): "-6036.27",  # 4,905.78 + 431.08 + 699.41
            ("revenue", "revenue_share"): "-44488.90",  # 35,698.89 + 3,050.01 + 5,740.00
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
        # the adjustment 172.46; credited 86.23 + 39.74; paid 19,053.68 + 8,479.46
        figures("0", "34827.37", "-125.97", "-27533.14", "7168.26"),
        # Invoices 4,658.84 + 4,422.63 + 6,038.03 + 7,127.39 + 4,968.77 + 8,061.59; credited
        # 57.58 + 344.93; paid 7,110.68 + 4,000.00 + 4,422.63 + 6,038.03 + 313.91
        figures("7168.26", "35277.25", "-402.51", "-21885.25", "20157.75"),
    ]
    year = only_statement(run_statements(Period(date(2025, 1, 1), date(2025, 12, 31))))
    assert stated(year) == figures("0", "70104.62", "-528.48", "-49418.39", "20157.75")
    aged = [year.age_current, year.age_1_30, year.age_31_60, year.age_61_90, year.age_over_90]
    assert aged == [D("8061.59"), D("4968.77"), D("7127.39"), 0, 0]
    assert (year.open_credit, year.adjusted) == (0, 0)
    lines = [line for line in year.lines.all() if not line.is_detail]
    # 12 invoices and an adjustment, 4 credit notes, 10 payments
    assert sorted(line.item_type for line in lines) == (
        ["credit"] * 4 + ["invoice"] * 13 + ["payment"] * 10
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
