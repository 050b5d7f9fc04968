"""A parking operator in Montreal through 2025: its agreement, its months by hand, its clerk."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.test import Client
from support.api import Program, key_of
from support.billing import make_contract, make_site
from support.scenario import at

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.organisations.models import Organisation
from tenants.activity.services import DayRevenue, record_revenue
from tenants.invoices.models import Invoice
from tenants.invoices.services import issue_invoice, process_run, recalculate_invoice, start_run
from tenants.payments.models import Payment
from tenants.payments.services import (
    Part,
    PaymentInput,
    Receipt,
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

    def __init__(self, clock: Any, organisation: Organisation, browser: Client) -> None:
        self.clock, self.organisation, self.browser = clock, organisation, browser
        at(clock, date(2025, 1, 2))
        self.site = make_site(province="QC", site_name="Place Ville")
        self.contract = make_contract(
            self.site,
            contract_type="hybrid",
            configuration=AGREEMENT,
            effective_date=date(2024, 7, 1),
        )
        self.invoices: dict[int, Invoice] = {}

    def record(self, *days: tuple[date, str]) -> None:
        """What days took; told again, it replaces what was told before."""
        records = [DayRevenue(day, D(amount)) for day, amount in days]
        record_revenue(actor=SYSTEM, site_id=self.site.site_id, records=records)

    def bill(self, month: int) -> Invoice:
        """Record the month by day, bill it by a run on the next day, compare with the hand."""
        told, (_weekday, length) = MONTHS[month - 1], monthrange(2025, month)
        days = [date(2025, month, day) for day in range(1, length + 1)]
        at(self.clock, days[-1] + timedelta(days=1))
        self.record(*((day, told.daily) for day in days[:-1]), (days[-1], told.last))
        run = process_run(run_id=start_run(actor=SYSTEM, period=month_period(2025, month)).pk)
        (item,) = run.items.all()
        assert (run.status, item.status) == ("done", "billed"), item.reason
        invoice = item.invoice
        assert invoice is not None
        self.invoices[month] = invoice
        check_invoice(invoice, told)
        assert invoice.invoice_date == days[-1]
        assert invoice.due_date == days[-1] + timedelta(days=30)
        return invoice

    def receive(self, month: int, amount: str, on: date) -> Payment:
        """Money for the invoice of a month."""
        at(self.clock, on)
        return record_payment(
            actor=SYSTEM,
            invoice_id=self.invoices[month].invoice_id,
            amount=D(amount),
            received_on=on,
            method="ACH",
        ).payment

    def receive_by_api(self, month: int, amount: str, on: date) -> Payment:
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

    def receive_for(
        self, amount: str, on: date, *, parts: Sequence[Part] = (), reference: str = ""
    ) -> Receipt:
        """Money of the customer, for the named parts or for what its reference names."""
        at(self.clock, on)
        return record_customer_payment(
            actor=SYSTEM,
            customer_id=self.site.customer.customer_id,
            given=PaymentInput(D(amount), "CAD", on, "ACH", reference),
            parts=parts,
        )

    def recalculate(self, month: int) -> Invoice:
        """Issue what the person who was asked finds; nobody is asked afterwards."""
        (item,) = open_reviews()
        original = self.invoices[month]
        assert (item.target_id, item.kind) == (original.pk, "recalculation")
        draft = recalculate_invoice(actor=SYSTEM, invoice_id=original.invoice_id).correction
        assert draft is not None
        assert len(open_reviews()) == 1
        issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
        assert open_reviews() == []
        return Invoice.objects.get(pk=draft.pk)

    def open_of(self, month: int) -> Decimal:
        """What is still owed of the invoice of a month."""
        self.invoices[month].refresh_from_db()
        return self.invoices[month].balance_due


def open_reviews() -> list[ReviewItem]:
    """What a person is asked for."""
    return list(ReviewItem.objects.filter(status="open"))


def lines_of(invoice: Invoice) -> list[tuple[str, int | None, Decimal]]:
    """Code, component and amount of each line."""
    lines = invoice.lines.order_by("position")
    return [(line.code, line.component, line.amount) for line in lines]


def taxes_of(invoice: Invoice) -> dict[str, Decimal]:
    """Amounts by component."""
    return {tax.name: tax.amount for tax in invoice.taxes.all()}


def check_invoice(invoice: Invoice, told: Month) -> None:
    """Lines, taxes and total are those of the hand."""
    topped_up = [("minimum_guarantee", 0, D(told.top_up))] if D(told.top_up) else []
    assert lines_of(invoice) == [
        ("revenue_share", 0, D(told.share)),
        *topped_up,
        ("fixed_fee", 1, D(told.fee)),
    ]
    assert taxes_of(invoice) == {"GST": D(told.gst), "QST": D(told.qst)}
    assert invoice.total == D(told.total)
