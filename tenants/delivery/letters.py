"""What a reminder's letter is made of, and where that comes from."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.ageing import days_overdue
from shared.kernel.errors import NotFound
from shared.kernel.tenancy import require_organisation
from tenants.delivery.models import Reminder
from tenants.documents.contents import (
    Letterhead,
    Paper,
    Party,
    Registration,
    address_lines,
)
from tenants.invoices.models import IS_OPEN, Invoice
from tenants.invoices.parties import supplier_of
from tenants.sites.models import Customer, Site
from tenants.statements.contents import letterhead

ITEMS_MAX = 1_000
ZERO = Decimal(0)


@dataclass(frozen=True)
class AccountItem:
    """An open document of the account; amounts are signed, `is_overdue` ones are asked for."""

    number: str
    invoice_date: date
    due_date: date
    days: int
    total: Decimal
    open: Decimal
    disputed: Decimal

    @property
    def is_overdue(self) -> bool:
        """Past its due date, with something undisputed to pay."""
        return self.days > 0 and self.open - self.disputed > 0


@dataclass(frozen=True)
class ReminderLetter:
    """Everything a reminder shows. `items` are overdue ones, or the whole open account.

    `total` is asked for: what is overdue without `credits` and `unapplied`.
    """

    code: str
    level: int
    dated: date
    currency: str
    total: Decimal
    supplier: Letterhead
    customer: Party
    items: tuple[AccountItem, ...]
    with_account: bool
    link: str
    credits: Decimal = ZERO
    unapplied: Decimal = ZERO
    payment_instructions: str = ""
    brand_colour: str = ""
    paper: Paper = "letter"

    @property
    def overdue(self) -> Decimal:
        """Before the customer's own money is taken off."""
        return self.total + self.credits + self.unapplied


def load_letter(reminder_pk: UUID) -> tuple[ReminderLetter, str]:
    """The letter of a stored reminder and its customer's language. Raises NotFound."""
    reminder = Reminder.objects.select_related("customer", "entity").filter(pk=reminder_pk).first()
    if reminder is None:
        raise NotFound()
    entity, supplier = reminder.entity, supplier_of(reminder.entity)
    letter = ReminderLetter(
        code=reminder.reminder_id,
        level=reminder.level,
        dated=reminder.dated,
        currency=reminder.currency,
        total=Decimal(reminder.total),
        supplier=letterhead(dict(supplier), entity),
        customer=_party(reminder.customer),
        items=_items(reminder),
        with_account=reminder.attach_statement,
        link=f"{require_organisation().url}/portal",
        credits=Decimal(reminder.credits),
        unapplied=Decimal(reminder.unapplied),
        payment_instructions=supplier["payment_instructions"],
        brand_colour=entity.brand_colour,
    )
    return letter, reminder.customer.language


def _items(reminder: Reminder) -> tuple[AccountItem, ...]:
    found = Invoice.objects.filter(
        IS_OPEN,
        customer=reminder.customer_id,
        entity=reminder.entity_id,
        currency=reminder.currency,
        invoice_date__lte=reminder.dated,
    ).defer("parties", "inputs", "checks")
    items = [
        AccountItem(
            number=invoice.number or invoice.invoice_id,
            invoice_date=invoice.invoice_date,
            due_date=invoice.due_date,
            days=days_overdue(invoice.due_date, reminder.dated),
            total=Decimal(invoice.total),
            open=invoice.balance_due,
            disputed=Decimal(invoice.amount_disputed),
        )
        for invoice in found.order_by("due_date", "pk")[:ITEMS_MAX]
    ]
    return tuple(one for one in items if reminder.attach_statement or one.is_overdue)


def _party(customer: Customer) -> Party:
    site = (
        Site.objects.filter(customer=customer)
        .prefetch_related("contacts")
        .order_by("site_id")
        .first()
    )
    contact = next((one for one in site.contacts.all() if one.is_billing), None) if site else None
    return Party(
        name=customer.name,
        address=address_lines(site.billing_address) if site else (),
        code=customer.customer_id,
        attention=contact.name if contact else "",
        email=contact.email if contact else "",
    )


def sample_letter() -> ReminderLetter:
    """A plausible letter, for templates to be tried on before there is any.

    The customer has money of its own, so that a template shows all that it can.
    """
    item = AccountItem(
        number="AC-2026-000412",
        invoice_date=date(2026, 9, 30),
        due_date=date(2026, 10, 30),
        days=22,
        total=Decimal("15028.00"),
        open=Decimal("15028.00"),
        disputed=Decimal(0),
    )
    return ReminderLetter(
        code="REM000000001",
        level=1,
        dated=date(2026, 11, 21),
        currency="CAD",
        total=Decimal("14250.50"),
        credits=Decimal("565.00"),
        unapplied=Decimal("212.50"),
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
        items=(item,),
        with_account=True,
        link="https://acme.example/portal",
        payment_instructions="EFT to Royal Bank of Canada, transit 00102, account 123-456-7.",
    )
