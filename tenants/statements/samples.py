"""A plausible statement, for templates to be tried on before there is any."""

from datetime import date
from decimal import Decimal

from tenants.documents.contents import Letterhead, Party, Registration
from tenants.statements.contents import StatementDocument, StatementEntry

OPENING = Decimal("1130.00")
INVOICED = Decimal("15028.00")
PAID = Decimal("-1130.00")


def sample_statement() -> StatementDocument:
    """A month with a share of revenue, its tax and the payment of the month before."""
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    return StatementDocument(
        code="STM000000001",
        supplier=Letterhead(
            name="Acme Electric Ltd.",
            address=("1450 Industrial Parkway", "Hamilton ON  L8H 3Y1"),
            email="billing@acme.example",
            registrations=(Registration("HST", "812345678 RT0001"),),
        ),
        customer=Party(
            name="Lakeside Parking",
            address=("100 Bay Street", "Toronto ON  M5J 2J2"),
            code="CUS000114",
            attention="Accounts payable",
        ),
        statement_date=last,
        period_start=first,
        period_end=last,
        currency="CAD",
        opening_balance=OPENING,
        invoiced=INVOICED,
        credited=Decimal(0),
        paid=PAID,
        adjusted=Decimal(0),
        closing_balance=OPENING + INVOICED + PAID,
        ageing=(INVOICED, *[Decimal(0)] * 4),
        open_credit=Decimal(0),
        lines=_lines(last),
        contract_type="revenue_share",
        payment_instructions="EFT to Royal Bank of Canada, transit 00102, account 123-456-7.",
    )


def _lines(last: date) -> tuple[StatementEntry, ...]:
    return (
        StatementEntry("payment", "Payment PAY000000412", date(2026, 10, 9), PAID, False),
        StatementEntry("invoice", "Invoice AE-2026-000123", last, INVOICED, False),
        StatementEntry(
            "charge",
            "Revenue share",
            last,
            Decimal("12500.00"),
            True,
            code="revenue_share",
            quantity=Decimal("50000.00"),
            rate=Decimal("0.25"),
        ),
        StatementEntry(
            "charge",
            "Regular hours",
            last,
            Decimal("800.00"),
            True,
            code="labor_regular",
            quantity=Decimal(20),
            rate=Decimal("40.00"),
        ),
        StatementEntry("tax", "HST 13%", last, Decimal("1728.00"), True, code="HST"),
    )
