"""Contents that look real, where there are no real ones: for measuring and for previews."""

from datetime import date
from decimal import Decimal

from tenants.documents.contents import (
    DocumentLine,
    DocumentTax,
    InvoiceDocument,
    Letterhead,
    Party,
    Registration,
)


def sample_invoice(number: int) -> InvoiceDocument:
    """A plausible invoice of five lines with tax, different for each number."""
    lines = tuple(_lines(number))
    subtotal = sum((line.amount for line in lines), Decimal(0))
    tax = (subtotal * Decimal("0.13")).quantize(Decimal("0.01"))
    return InvoiceDocument(
        code=f"INV{number:09}",
        kind="regular",
        state="issued",
        number=f"AE-2026-{number:06}",
        invoice_date=date(2026, 10, 31),
        due_date=date(2026, 11, 30),
        terms_days=30,
        period_start=date(2026, 10, 1),
        period_end=date(2026, 10, 31),
        contract_code=f"CON{number:08}",
        contract_type="per_labor_hour",
        supplier=Letterhead(
            name="Acme Electric Ltd.",
            address=("1450 Industrial Parkway", "Hamilton ON  L8H 3Y1"),
            email="billing@acme.example",
            registrations=(Registration("HST", "812345678 RT0001"),),
        ),
        buyer=Party(
            name=f"Lakeside Parking {number}",
            address=(f"{100 + number} Bay Street", "Toronto ON  M5J 2J2"),
            attention="Accounts payable",
        ),
        site=Party(
            name="Lakeside Garage North", address=("88 Queens Quay West",), code="SITE000114"
        ),
        lines=lines,
        taxes=(DocumentTax("HST", Decimal("0.13"), subtotal, tax, "812345678 RT0001"),),
        subtotal=subtotal,
        total=subtotal + tax,
        amount_paid=Decimal(0),
        balance_due=subtotal + tax,
        currency="CAD",
        payment_instructions="EFT to Royal Bank of Canada, transit 00102, account 123-456-7.",
    )


def _lines(number: int) -> list[DocumentLine]:
    hours = [Decimal(160 + number), Decimal("12.5"), Decimal(4), Decimal(8)]
    rates = [Decimal("53.00"), Decimal("79.50"), Decimal("106.00"), Decimal("106.00")]
    names = ("regular", "overtime", "double time", "holiday")
    labour = [
        DocumentLine(
            code="labor_regular",
            description=f"Labour, {name} · EL-{number}",
            amount=(quantity * rate).quantize(Decimal("0.01")),
            quantity=quantity,
            rate=rate,
            taxes=("HST",),
        )
        for name, quantity, rate in zip(names, hours, rates, strict=True)
    ]
    rental = Decimal("560.00")
    lift = DocumentLine(
        "additional_charge", "Scissor lift", rental, Decimal(1), rental, taxes=("HST",)
    )
    return [*labour, lift]
