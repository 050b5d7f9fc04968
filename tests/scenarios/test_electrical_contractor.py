"""An electrical contractor in 2025: a job in Ontario with holdback, one in Quebec without.

Every amount was worked out by hand from `domain.md` 2 to 5 and 9 and stands here as it came out.
"""

from datetime import date
from decimal import Decimal

import pytest
from support.api import Program, key_of
from support.billing import make_contract, make_site
from support.scenario import at, check_books

from billing.ageing import Bucket
from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.contracts.services import terminate_contract
from tenants.invoices.models import Invoice
from tenants.invoices.services import (
    LineCredit,
    credit_invoice,
    generate_invoice,
    issue_invoice,
    release_holdback,
)
from tenants.payments.services import record_payment, write_off_invoice

D = Decimal

ONTARIO_RATES = {
    "hourly_rates": {"standard": "95.00", "overtime_multiplier": "1.5"},
    "job_rates": [
        # overtime 118.55 x 1.5 = 177.825; holiday 118.55 x 2 = 237.10
        {"job_code": "MASTER", "regular": "118.55"},
        # overtime as agreed; double time 62.37 x 2 = 124.74
        {"job_code": "APPRENTICE", "regular": "62.37", "overtime": "95.00"},
    ],
}
# From 1 May 2025, one year after: 88.40 x 1.025 = 90.61 and 104.99 x 1.025 = 107.61475,
# half-up to four decimals 107.6148.
QUEBEC_RATES = {
    "hourly_rates": {"standard": "88.40"},
    "job_rates": [{"job_code": "LOGIC", "regular": "104.99"}],
    "escalation_schedule": {"annual_increase": "0.025", "effective_date": "2024-05-01"},
}
MARCH_HOURS = {
    "labor_hours": {"regular": "6.75"},
    "labor": [
        {"job_code": "MASTER", "regular": "152.5", "overtime": "11.25"},
        {"job_code": "APPRENTICE", "regular": "160", "overtime": "8.5", "double_time": "4"},
    ],
    "additional_charges": [
        {"description": "Cable and panels", "amount": "3487.69"},
        {"description": "Breakers returned", "amount": "-212.40"},
        {"description": "Permit, paid as agent", "amount": "186.45", "taxable": False},
    ],
}
APRIL_HOURS = {
    # Good Friday is worked at twice the rate
    "labor": [{"job_code": "MASTER", "regular": "96", "holiday": "8"}],
    "additional_charges": [{"description": "Transformer", "amount": "5250.00"}],
}
MAY_HOURS = {
    "labor_hours": {"regular": "120.25", "overtime": "10.5"},
    "labor": [{"job_code": "LOGIC", "regular": "37.5"}],
    "additional_charges": [{"description": "Control cabinet", "amount": "1999.99"}],
}


class Contractor:
    """The clerk of the contractor, with the clock in hand."""

    def __init__(self, clock, organisation, browser):
        self.clock, self.organisation, self.browser = clock, organisation, browser
        at(clock, date(2025, 3, 3))
        self.ontario = self.job("ON", ONTARIO_RATES, date(2025, 3, 3))
        self.quebec = self.job("QC", QUEBEC_RATES, date(2025, 4, 1))

    def job(self, province, rates, since):
        """A construction contract by the hour, net 30."""
        return make_contract(
            make_site(province=province, site_name=f"Substation {province}"),
            contract_type="per_labor_hour",
            configuration=rates,
            effective_date=since,
            details={"is_construction": True},
        )

    def bill(self, contract, month, hours):
        """The invoice of a month, made on the second of the next."""
        at(self.clock, date(2025, month + 1, 2))
        return generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            period=month_period(2025, month),
            billing_data=hours,
        ).invoice

    def receive(self, invoice, amount, on):
        """A part of an invoice, by cheque."""
        at(self.clock, on)
        record_payment(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            amount=D(amount),
            received_on=on,
            method="cheque",
        )

    def receive_by_api(self, invoice, amount, on):
        """The same told by the customer's bank."""
        at(self.clock, on)
        program = Program(self.browser, key_of(self.organisation))
        answer = program.put(
            f"/billing/invoices/{invoice.invoice_id}/payment-status",
            {
                "payment_status": "paid",
                "payment_date": on.isoformat(),
                "payment_amount": D(amount),
                "payment_method": "ACH",
                "transaction_id": "EFT-20250528-1",
            },
        )
        assert answer.status == 200, answer.raw

    def write_off(self, invoice, on):
        """Give up what is left of an invoice."""
        at(self.clock, on)
        write_off_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Short by bank fees")

    def release(self, on):
        """Ask for the holdback of the job in Ontario."""
        at(self.clock, on)
        terminate_contract(
            actor=SYSTEM, contract_id=self.ontario.contract_id, last_day=date(2025, 4, 30)
        )
        draft = release_holdback(actor=SYSTEM, contract_id=self.ontario.contract_id)
        issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
        return Invoice.objects.get(pk=draft.pk)


@pytest.fixture
def contractor(in_acme, time_machine, client_for):
    return Contractor(time_machine, in_acme, client_for(in_acme))


def lines_of(invoice):
    return [(line.code, line.amount) for line in invoice.lines.order_by("position")]


def taxes_of(invoice):
    return [(tax.name, tax.base, tax.amount) for tax in invoice.taxes.order_by("position")]


def sums_of(invoice):
    invoice.refresh_from_db()
    return (invoice.subtotal, invoice.tax_total, invoice.total)


def test_two_jobs_to_the_last_cent(contractor):
    march = check_march(contractor)
    contractor.receive(march, "20000.00", date(2025, 4, 20))
    april = check_april(contractor)
    check_end_of_april()
    contractor.receive(march, "16000.00", date(2025, 5, 2))
    check_return(contractor, april)
    contractor.receive_by_api(april, "18588.31", date(2025, 5, 28))
    # 36,049.20 - 20,000.00 - 16,000.00 = 49.20
    march.refresh_from_db()
    assert (march.balance_due, march.payment_status) == (D("49.20"), "partially_paid")
    contractor.write_off(march, date(2025, 6, 1))
    may = check_may(contractor)
    contractor.receive(may, "15000.00", date(2025, 6, 20))
    release = check_release(contractor, march, april)
    check_end_of_june()
    contractor.receive(may, "6100.00", date(2025, 7, 2))
    # 21,107.70 - 15,000.00 - 6,100.00 = 7.70
    contractor.write_off(may, date(2025, 7, 15))
    contractor.receive(release, "6070.84", date(2025, 7, 15))
    check_end_of_july()
    for invoice in (march, april, may, release):
        invoice.refresh_from_db()
        assert (invoice.balance_due, invoice.payment_status) == (0, "paid")
    assert (march.amount_paid, march.amount_written_off) == (36000, D("49.20"))
    assert (may.amount_paid, may.amount_written_off) == (21100, D("7.70"))


def check_march(contractor):
    march = contractor.bill(contractor.ontario, 3, MARCH_HOURS)
    assert lines_of(march) == [
        ("labor_regular", D("641.25")),  # 6.75 x 95.00
        ("labor_regular", D("18078.88")),  # 152.5 x 118.55 = 18,078.875
        ("labor_overtime", D("2000.53")),  # 11.25 x 177.825 = 2,000.53125
        ("labor_regular", D("9979.20")),  # 160 x 62.37
        ("labor_overtime", D("807.50")),  # 8.5 x 95.00
        ("labor_double_time", D("498.96")),  # 4 x 124.74
        ("additional_charge", D("3487.69")),
        ("additional_charge", D("-212.40")),
        ("additional_charge", D("186.45")),
        ("holdback", D("-3528.16")),  # 10 % of the taxed 35,281.61 = 3,528.161
        ("holdback", D("-18.65")),  # 10 % of the untaxed 186.45 = 18.645
    ]
    # Work 35,281.61 + 186.45 = 35,468.06, held 3,546.81, to pay 31,921.25 before tax.
    # HST 13 % of 35,281.61 - 3,528.16 = 31,753.45: 4,127.9485
    assert taxes_of(march) == [("HST", D("31753.45"), D("4127.95"))]
    assert sums_of(march) == (D("31921.25"), D("4127.95"), D("36049.20"))
    assert march.holdback == D("3546.81")
    # 28 days of the Construction Act from 31 March come before net 30 (30 April).
    assert (march.invoice_date, march.due_date) == (date(2025, 3, 31), date(2025, 4, 28))
    return march


def check_april(contractor):
    april = contractor.bill(contractor.ontario, 4, APRIL_HOURS)
    assert lines_of(april) == [
        ("labor_regular", D("11380.80")),  # 96 x 118.55
        ("labor_holiday", D("1896.80")),  # 8 x 237.10
        ("additional_charge", D("5250.00")),
        ("holdback", D("-1852.76")),  # 10 % of 18,527.60
    ]
    # HST 13 % of 16,674.84 = 2,167.7292
    assert taxes_of(april) == [("HST", D("16674.84"), D("2167.73"))]
    assert sums_of(april) == (D("16674.84"), D("2167.73"), D("18842.57"))
    assert april.due_date == date(2025, 5, 28)
    return april


def check_return(contractor, april):
    """The transformer was 250.01 cheaper; what was held of that is not held any more."""
    at(contractor.clock, date(2025, 5, 6))
    note = credit_invoice(
        actor=SYSTEM,
        invoice_id=april.invoice_id,
        reason="A smaller transformer",
        lines=[LineCredit(3, amount=D("250.01"))],
    )
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    assert lines_of(note) == [
        ("additional_charge", D("-250.01")),
        ("holdback", D("25.00")),  # 10 % of 250.01 = 25.001
    ]
    # HST 13 % of 225.01 = 29.2513
    assert taxes_of(note) == [("HST", D("-225.01"), D("-29.25"))]
    april.refresh_from_db()
    assert (note.total, april.balance_due) == (D("-254.26"), D("18588.31"))  # 18,842.57 - 254.26


def check_may(contractor):
    may = contractor.bill(contractor.quebec, 5, MAY_HOURS)
    assert lines_of(may) == [
        ("labor_regular", D("10895.85")),  # 120.25 x 90.61 = 10,895.8525
        ("labor_overtime", D("1427.11")),  # 10.5 x 135.915 = 1,427.1075
        ("labor_regular", D("4035.56")),  # 37.5 x 107.6148 = 4,035.555
        ("additional_charge", D("1999.99")),
    ]
    # No holdback by law in Quebec. 18,358.51 x 5 % = 917.9255; x 9.975 % = 1,831.2613725
    assert taxes_of(may) == [
        ("GST", D("18358.51"), D("917.93")),
        ("QST", D("18358.51"), D("1831.26")),
    ]
    assert sums_of(may) == (D("18358.51"), D("2749.19"), D("21107.70"))
    # No prompt payment statute in Quebec: net 30.
    assert (may.holdback, may.due_date) == (0, date(2025, 6, 30))
    return may


def check_release(contractor, march, april):
    """Sixty days after the last day of work, the lien period being over."""
    release = contractor.release(date(2025, 6, 30))
    assert [(line.subject, line.amount) for line in release.lines.order_by("position")] == [
        (march.number, D("3528.16")),
        (march.number, D("18.65")),
        (april.number, D("1827.76")),  # 1,852.76 - 25.00
    ]
    # HST 13 % of 3,528.16 + 1,827.76 = 5,355.92: 696.2696; the permit's part stays untaxed.
    assert taxes_of(release) == [("HST", D("5355.92"), D("696.27"))]
    assert sums_of(release) == (D("5374.57"), D("696.27"), D("6070.84"))
    assert (release.kind, release.holdback) == ("holdback_release", D("-5374.57"))
    assert (release.invoice_date, release.due_date) == (date(2025, 6, 30), date(2025, 7, 28))
    return release


def check_end_of_april():
    check_books(
        date(2025, 4, 30),
        {
            "cash": "20000.00",
            "receivable": "34891.77",  # 36,049.20 - 20,000.00 + 18,842.57
            "holdback_receivable": "5399.57",  # 3,546.81 + 1,852.76
            ("tax_payable", "HST"): "-6295.68",  # 4,127.95 + 2,167.73
            ("revenue", "labor_regular"): "-40080.13",  # 641.25+18,078.88+9,979.20+11,380.80
            ("revenue", "labor_overtime"): "-2808.03",  # 2,000.53 + 807.50
            ("revenue", "labor_double_time"): "-498.96",
            ("revenue", "labor_holiday"): "-1896.80",
            ("revenue", "additional_charge"): "-8711.74",  # 3,487.69-212.40+186.45+5,250.00
        },
        # March was due on the 28th.
        aged={Bucket.CURRENT: "18842.57", Bucket.DAYS_1_30: "16049.20"},
    )


def check_end_of_june():
    check_books(
        date(2025, 6, 30),
        {
            "cash": "69588.31",  # 20,000.00 + 16,000.00 + 18,588.31 + 15,000.00
            "receivable": "12178.54",  # 6,070.84 released, 21,107.70 - 15,000.00 in Quebec
            "write_off": "49.20",
            ("tax_payable", "HST"): "-6962.70",  # 6,295.68 - 29.25 + 696.27
            **QUEBEC_TAXES,
            **REVENUE,
        },
        aged={Bucket.CURRENT: "12178.54"},
    )


def check_end_of_july():
    check_books(
        date(2025, 7, 31),
        {
            "cash": "81759.15",  # 69,588.31 + 6,100.00 + 6,070.84
            "write_off": "56.90",  # 49.20 + 7.70
            ("tax_payable", "HST"): "-6962.70",
            **QUEBEC_TAXES,
            **REVENUE,
        },
        aged={},
    )


QUEBEC_TAXES = {("tax_payable", "GST"): "-917.93", ("tax_payable", "QST"): "-1831.26"}
REVENUE = {
    ("revenue", "labor_regular"): "-55011.54",  # 40,080.13 + 10,895.85 + 4,035.56
    ("revenue", "labor_overtime"): "-4235.14",  # 2,808.03 + 1,427.11
    ("revenue", "labor_double_time"): "-498.96",
    ("revenue", "labor_holiday"): "-1896.80",
    ("revenue", "additional_charge"): "-10461.72",  # 8,711.74 - 250.01 + 1,999.99
}
