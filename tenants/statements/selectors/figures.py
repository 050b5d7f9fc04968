"""What statements are made of: balances and movements of many accounts, as the ledger has them.

Each function is one query however many accounts are asked for. They have no actor: the run that
asks was authorised when it was started.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing.ageing import Bucket, OpenAmount, age_amounts
from billing.periods import Period
from tenants.invoices.models import OPEN_PAYMENT, Invoice, InvoiceLine, InvoiceTax
from tenants.ledger.models import JournalEntry, JournalLine
from tenants.payments.models import Allocation, Payment
from tenants.statements.models import Statement
from tenants.statements.selectors.accounts import CUSTOMER_ACCOUNTS, Account

ZERO = Decimal(0)
Kind = JournalEntry.Kind
_AMOUNT: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=19, decimal_places=4)
_ENTRY = (
    "entry_id",
    "customer_id",
    "currency",
    "entry__entity_id",
    "entry__kind",
    "entry__document_id",
    "entry__document_code",
    "entry__created_at",
    "posted_on",
)


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of the journal that changed a customer's balance by `amount`."""

    kind: str
    document_id: UUID
    document_code: str
    posted_on: date
    amount: Decimal


def opening_balances(accounts: Sequence[Account], before: date) -> dict[Account, Decimal]:
    """The balances at the end of the day before; what is missing is zero."""
    rows = (
        _customer_lines(accounts)
        .filter(posted_on__lt=before)
        .order_by()
        .values_list("customer_id", "entry__entity_id", "currency")
        .annotate(sum=Sum("amount"))
    )
    return {Account(customer, entity, currency): sum_ for customer, entity, currency, sum_ in rows}


def movements(accounts: Sequence[Account], period: Period) -> dict[Account, list[Movement]]:
    """What changed the balances in the period, in order of time.

    An entry that only moves money between a customer's documents changes nothing and is left
    out.
    """
    rows = (
        _customer_lines(accounts)
        .filter(posted_on__gte=period.start_date, posted_on__lte=period.end_date)
        .order_by()
        .values_list(*_ENTRY)
        .annotate(net=Sum("amount"))
        .exclude(net=0)
    )
    found: dict[Account, list[Movement]] = defaultdict(list)
    for _pk, customer, currency, entity, kind, document, code, _at, on, net in sorted(
        rows, key=lambda row: (row[8], row[7], row[0])
    ):
        found[Account(customer, entity, currency)].append(Movement(kind, document, code, on, net))
    return found


def _customer_lines(accounts: Sequence[Account]) -> QuerySet[JournalLine]:
    customers = {account.customer_id for account in accounts}
    return JournalLine.objects.filter(account__in=CUSTOMER_ACCOUNTS, customer_id__in=customers)


def ageing(accounts: Sequence[Account], on: date) -> dict[Account, dict[Bucket, Decimal]]:
    """What was open of invoices at the end of the day, by days past the due date.

    Payments, credit notes and write-offs count from the day they were applied; an invoice that
    was voided later was still open.
    """
    applied = (
        Allocation.objects.filter(invoice=OuterRef("pk"), applied_on__lte=on)
        .order_by()
        .values("invoice")
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    settled_later = Allocation.objects.filter(applied_on__gt=on).values("invoice")
    status = Invoice.DocumentStatus
    rows = (
        Invoice.objects.filter(
            Q(document_status=status.ISSUED, payment_status__in=OPEN_PAYMENT)
            | Q(document_status=status.ISSUED, pk__in=settled_later)
            | Q(document_status=status.VOID, voided_on__gt=on, number__isnull=False),
            customer_id__in={account.customer_id for account in accounts},
            invoice_date__lte=on,
        )
        .exclude(kind=Invoice.Kind.CREDIT_NOTE)
        .annotate(
            open=F("total")
            - Coalesce(Subquery(applied, output_field=_AMOUNT), Value(ZERO), output_field=_AMOUNT)
        )
        .order_by()
        .values_list("customer_id", "entity_id", "currency", "due_date", "open")
    )
    open_amounts: dict[Account, list[OpenAmount]] = defaultdict(list)
    for customer, entity, currency, due, amount in rows:
        if amount:
            open_amounts[Account(customer, entity, currency)].append(OpenAmount(due, amount))
    return {account: age_amounts(items, on) for account, items in open_amounts.items()}


def invoices_of(pks: Iterable[UUID]) -> dict[UUID, Invoice]:
    """The invoices that movements name, with what a line shows of them."""
    rows = (
        Invoice.objects.filter(pk__in=list(pks))
        .select_related("site")
        .only(
            "number",
            "invoice_id",
            "kind",
            "period_start",
            "period_end",
            "contract_id",
            "site_id",
            "site__site_id",
            "site__name",
        )
    )
    return {row.pk: row for row in rows}


def payments_of(pks: Iterable[UUID]) -> dict[UUID, Payment]:
    """The payments that movements name."""
    rows = Payment.objects.filter(pk__in=list(pks)).only("payment_id", "reference", "method")
    return {row.pk: row for row in rows}


def charges_of(invoice_pks: Sequence[UUID]) -> Mapping[UUID, list[InvoiceLine]]:
    """The charge lines of invoices, in their order, without what explains them."""
    found: dict[UUID, list[InvoiceLine]] = defaultdict(list)
    lines = InvoiceLine.objects.filter(invoice_id__in=invoice_pks).defer("trace", "taxable")
    for line in lines.order_by("invoice_id", "position"):
        found[line.invoice_id].append(line)
    return found


def taxes_of(invoice_pks: Sequence[UUID]) -> Mapping[UUID, list[InvoiceTax]]:
    """The taxes of invoices, in their order."""
    found: dict[UUID, list[InvoiceTax]] = defaultdict(list)
    taxes = InvoiceTax.objects.filter(invoice_id__in=invoice_pks)
    for tax in taxes.order_by("invoice_id", "position"):
        found[tax.invoice_id].append(tax)
    return found


def latest_issues(accounts: Sequence[Account], period: Period) -> dict[Account, Statement]:
    """The last statement of exactly this period of each account that has one."""
    rows = _statements(accounts).filter(period_start=period.start_date, period_end=period.end_date)
    ordered = rows.order_by("customer_id", "entity_id", "currency", "-issue")
    return _by_account(ordered.distinct("customer_id", "entity_id", "currency"))


def previous_statements(accounts: Sequence[Account], before: date) -> dict[Account, Statement]:
    """The last statement before the period of each account that has one."""
    ordered = (
        _statements(accounts)
        .filter(period_end__lt=before)
        .order_by("customer_id", "entity_id", "currency", "-period_end", "-issue")
    )
    return _by_account(ordered.distinct("customer_id", "entity_id", "currency"))


def _statements(accounts: Sequence[Account]) -> QuerySet[Statement]:
    customers = {account.customer_id for account in accounts}
    return Statement.objects.filter(customer_id__in=customers).defer("parties")


def _by_account(rows: Iterable[Statement]) -> dict[Account, Statement]:
    return {Account(row.customer_id, row.entity_id, row.currency): row for row in rows}
