"""Statements of one chunk of a run, from set-based reads. Nothing is stored here.

However many accounts a chunk has, it costs the same number of queries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.ageing import Bucket
from billing.periods import Period
from shared.kernel.formats import format_percentage
from shared.kernel.tax_names import tax_name
from tenants.invoices.explanation import line_name
from tenants.invoices.models import Invoice, InvoiceLine, InvoiceTax
from tenants.ledger.models import JournalEntry
from tenants.payments.models import Payment
from tenants.sites.models import Customer
from tenants.statements.models import (
    Statement,
    StatementLine,
    StatementRun,
    StatementRunItem,
    StatementSettings,
)
from tenants.statements.selectors import figures
from tenants.statements.selectors.accounts import Account
from tenants.statements.selectors.figures import Movement
from tenants.statements.selectors.parties import customer_parties, supplier_parties
from tenants.structure.models import LegalEntity

ZERO = Decimal(0)
DESCRIPTION_LENGTH = 500
# A month is compared with a month, not with a quarter.
COMPARABLE_DAYS = 3
Kind = JournalEntry.Kind
ItemType = StatementLine.ItemType
ITEM_TYPES: Mapping[str, str] = {
    Kind.INVOICE: ItemType.INVOICE,
    Kind.CREDIT_NOTE: ItemType.CREDIT,
    Kind.PAYMENT: ItemType.PAYMENT,
    Kind.REVERSAL: ItemType.REVERSAL,
    Kind.REFUND: ItemType.REFUND,
    Kind.WRITE_OFF: ItemType.WRITE_OFF,
}
COLUMNS: Mapping[str, str] = {
    ItemType.INVOICE: "invoiced",
    ItemType.CREDIT: "credited",
    ItemType.PAYMENT: "paid",
    ItemType.REVERSAL: "paid",
}
BUCKET_COLUMNS: Mapping[Bucket, str] = {
    Bucket.CURRENT: "age_current",
    Bucket.DAYS_1_30: "age_1_30",
    Bucket.DAYS_31_60: "age_31_60",
    Bucket.DAYS_61_90: "age_61_90",
    Bucket.OVER_90: "age_over_90",
}
FIGURES = (
    *("opening_balance", "invoiced", "credited", "paid", "adjusted", "closing_balance"),
    *BUCKET_COLUMNS.values(),
    *("open_credit", "line_count"),
)


@dataclass(frozen=True)
class Draft:
    """A statement that is not stored yet, with its lines."""

    item: StatementRunItem
    statement: Statement
    lines: list[StatementLine]
    parties: dict[str, Any]


@dataclass(frozen=True)
class ChunkFigures:
    """Everything that the statements of a chunk are made of."""

    openings: Mapping[Account, Decimal]
    movements: Mapping[Account, list[Movement]]
    ageing: Mapping[Account, Mapping[Bucket, Decimal]]
    invoices: Mapping[UUID, Invoice]
    payments: Mapping[UUID, Payment]
    charges: Mapping[UUID, list[InvoiceLine]]
    taxes: Mapping[UUID, list[InvoiceTax]]
    latest: Mapping[Account, Statement]
    previous: Mapping[Account, Statement]
    customers: Mapping[UUID, tuple[Customer, dict[str, Any]]]
    entities: Mapping[UUID, tuple[LegalEntity, dict[str, Any]]]


def account_of(item: StatementRunItem) -> Account:
    """Whose statement the item asks for."""
    return Account(item.customer_id, item.entity_id, item.currency)


def load_figures(run: StatementRun, items: Sequence[StatementRunItem]) -> ChunkFigures:
    """What the items' statements are made of, in 16 queries (14 without detail)."""
    period = Period(run.period_start, run.period_end)
    accounts = [account_of(item) for item in items]
    moved = figures.movements(accounts, period)
    documents = {one.document_id for found in moved.values() for one in found}
    detailed = {
        one.document_id
        for found in moved.values()
        for one in found
        if one.kind in (Kind.INVOICE, Kind.CREDIT_NOTE)
    }
    explained = sorted(detailed) if run.detailed else []
    return ChunkFigures(
        openings=figures.opening_balances(accounts, period.start_date),
        movements=moved,
        ageing=figures.ageing(accounts, period.end_date),
        invoices=figures.invoices_of(documents),
        payments=figures.payments_of(documents),
        charges=figures.charges_of(explained),
        taxes=figures.taxes_of(explained),
        latest=figures.latest_issues(accounts, period),
        previous=figures.previous_statements(accounts, period.start_date),
        customers=customer_parties({account.customer_id for account in accounts}),
        entities=supplier_parties({account.entity_id for account in accounts}),
    )


def build_statement(
    run: StatementRun, item: StatementRunItem, found: ChunkFigures, settings: StatementSettings
) -> Draft:
    """The item's statement; its id follows from the item's, so that a second try is the same."""
    account = account_of(item)
    customer, customer_party = found.customers[account.customer_id]
    entity, supplier_party = found.entities[account.entity_id]
    latest = found.latest.get(account)
    statement = Statement(
        pk=uuid5(item.pk, "statement"),
        run=run,
        issue=latest.issue + 1 if latest else 0,
        replaces=latest,
        customer=customer,
        entity=entity,
        contract_id=item.contract_id,
        contract_type=item.contract_type,
        billing_cycle=item.billing_cycle,
        currency=item.currency,
        language=customer.language,
        period_start=run.period_start,
        period_end=run.period_end,
        statement_date=run.statement_date,
        is_detailed=run.detailed,
        delivery_method=run.delivery_method,
        created_by=str(run.started_by.get("label", ""))[:200],
    )
    with override(customer.language):
        lines = list(_lines(statement, found.movements.get(account, []), found))
    _add_up(statement, lines, found.openings.get(account, ZERO), found.ageing.get(account, {}))
    _compare(statement, found.previous.get(account), settings)
    parties = {"supplier": supplier_party, "customer": customer_party}
    statement.parties = parties
    return Draft(item=item, statement=statement, lines=lines, parties=parties)


def is_same(statement: Statement, earlier: Statement) -> bool:
    """Whether both say the same amounts."""
    return all(getattr(statement, name) == getattr(earlier, name) for name in FIGURES)


def _add_up(
    statement: Statement,
    lines: Sequence[StatementLine],
    opening: Decimal,
    ageing: Mapping[Bucket, Decimal],
) -> None:
    """Opening balance, movements by kind, closing balance, and what of it is open since when."""
    sums = dict.fromkeys(("invoiced", "credited", "paid", "adjusted"), ZERO)
    for line in lines:
        if not line.is_detail:
            sums[COLUMNS.get(line.item_type, "adjusted")] += line.amount
    for name, amount in sums.items():
        setattr(statement, name, amount)
    statement.opening_balance = opening
    statement.closing_balance = opening + sum(sums.values(), ZERO)
    statement.total_amount = sums["invoiced"] + sums["credited"]
    for bucket, name in BUCKET_COLUMNS.items():
        setattr(statement, name, ageing.get(bucket, ZERO))
    statement.open_credit = statement.closing_balance - sum(ageing.values(), ZERO)
    statement.line_count = len(lines)


def _compare(statement: Statement, previous: Statement | None, settings: StatementSettings) -> None:
    """Note what was billed in the former period, and whether this is far from it."""
    if previous is None or abs(_days(statement) - _days(previous)) > COMPARABLE_DAYS:
        return
    statement.previous_total = previous.total_amount
    difference = abs(statement.total_amount - previous.total_amount)
    statement.is_unusual = (
        difference > abs(previous.total_amount) * settings.variance_limit
        and difference >= settings.variance_minimum
    )


def _days(statement: Statement) -> int:
    return (statement.period_end - statement.period_start).days


def _lines(
    statement: Statement, moved: Sequence[Movement], found: ChunkFigures
) -> "list[StatementLine]":
    lines: list[StatementLine] = []
    for movement in moved:
        main = _movement_line(statement, movement, found, len(lines) + 1)
        lines.append(main)
        if movement.kind not in (Kind.INVOICE, Kind.CREDIT_NOTE):
            continue
        for charge in found.charges.get(movement.document_id, ()):
            lines.append(_charge_line(main, charge, len(lines) + 1))
        for tax in found.taxes.get(movement.document_id, ()):
            lines.append(_tax_line(main, tax, len(lines) + 1))
    return lines


def _movement_line(
    statement: Statement, movement: Movement, found: ChunkFigures, position: int
) -> StatementLine:
    invoice = found.invoices.get(movement.document_id)
    payment = found.payments.get(movement.document_id)
    item_type = ITEM_TYPES.get(movement.kind, ItemType.ADJUSTMENT)
    whole_period = invoice is not None and item_type in (ItemType.INVOICE, ItemType.CREDIT)
    return StatementLine(
        statement=statement,
        sort_order=position,
        item_type=item_type,
        reference=movement.document_code,
        service_description=_describe(movement, item_type, invoice, payment),
        service_period_start=invoice.period_start
        if invoice and whole_period
        else movement.posted_on,
        service_period_end=invoice.period_end if invoice and whole_period else movement.posted_on,
        posted_on=movement.posted_on,
        amount=movement.amount,
        invoice=invoice,
        payment=payment,
        site_id=invoice.site_id if invoice else None,
        contract_id=invoice.contract_id if invoice else None,
    )


def _describe(
    movement: Movement, item_type: str, invoice: Invoice | None, payment: Payment | None
) -> str:
    texts = {
        ItemType.INVOICE: _("Invoice %(number)s"),
        ItemType.CREDIT: _("Credit note %(number)s"),
        ItemType.PAYMENT: _("Payment %(number)s"),
        ItemType.REVERSAL: _("Payment %(number)s reversed"),
        ItemType.REFUND: _("Refund of %(number)s"),
        ItemType.WRITE_OFF: _("Written off on %(number)s"),
        ItemType.ADJUSTMENT: _("Adjustment of %(number)s"),
    }
    text = texts[ItemType(item_type)]
    if movement.kind == Kind.VOID:
        text = _("%(number)s voided")
    elif movement.kind in (Kind.APPLICATION, Kind.CONVERSION):
        text = _("%(number)s transferred between our accounts")
    words = text % {"number": movement.document_code}
    about = invoice.site.name if invoice else (payment.reference if payment else "")
    return (f"{words} · {about}" if about else words)[:DESCRIPTION_LENGTH]


def _charge_line(main: StatementLine, charge: InvoiceLine, position: int) -> StatementLine:
    return _detail(
        main,
        position,
        item_type=ItemType.CHARGE,
        code=charge.code,
        service_description=line_name(charge.code, charge.subject)[:DESCRIPTION_LENGTH],
        quantity=charge.quantity,
        rate=charge.rate,
        amount=charge.amount,
    )


def _tax_line(main: StatementLine, tax: InvoiceTax, position: int) -> StatementLine:
    rate = format_percentage(tax.rate, language=main.statement.language)
    return _detail(
        main,
        position,
        item_type=ItemType.TAX,
        code=tax.name,
        service_description=f"{tax_name(tax.name)} {rate}",
        amount=tax.amount,
    )


def _detail(main: StatementLine, position: int, **own: Any) -> StatementLine:
    return StatementLine(
        statement=main.statement,
        sort_order=position,
        reference=main.reference,
        service_period_start=main.service_period_start,
        service_period_end=main.service_period_end,
        posted_on=main.posted_on,
        invoice_id=main.invoice_id,
        site_id=main.site_id,
        contract_id=main.contract_id,
        **own,
    )
