"""What a statement says, apart from how it looks: filled from stored rows only.

The same statement gives the same contents today and in seven years.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.kernel.errors import NotFound
from tenants.documents.contents import (
    Letterhead,
    Paper,
    Party,
    Registration,
    address_lines,
)
from tenants.statements.models import Statement, StatementLine
from tenants.structure.models import LegalEntity

_EXACT = Decimal("0.0001")


@dataclass(frozen=True)
class StatementEntry:
    """One line; `is_detail` ones explain the document above and move no balance."""

    item_type: str
    description: str
    posted_on: date
    amount: Decimal
    is_detail: bool
    code: str = ""
    quantity: Decimal | None = None
    rate: Decimal | None = None


@dataclass(frozen=True)
class StatementDocument:
    """Everything a statement shows. Both period days are included; amounts are signed."""

    code: str
    supplier: Letterhead
    customer: Party
    statement_date: date
    period_start: date
    period_end: date
    currency: str
    opening_balance: Decimal
    invoiced: Decimal
    credited: Decimal
    paid: Decimal
    adjusted: Decimal
    closing_balance: Decimal
    ageing: tuple[Decimal, ...]
    open_credit: Decimal
    lines: tuple[StatementEntry, ...]
    contract_type: str = ""
    replaces: str = ""
    payment_instructions: str = ""
    brand_colour: str = ""
    paper: Paper = "letter"


def load_statement_document(statement_pk: UUID) -> tuple[StatementDocument, str]:
    """The document of a stored statement, and its language. Raises NotFound."""
    statement = (
        Statement.objects.select_related("entity", "replaces")
        .prefetch_related("lines")
        .filter(pk=statement_pk)
        .first()
    )
    if statement is None or not statement.parties:
        raise NotFound()
    lines = list(statement.lines.all())
    return statement_document(statement, lines, statement.parties), statement.language


def statement_document(
    statement: Statement, lines: Sequence[StatementLine], parties: dict[str, Any]
) -> StatementDocument:
    """The document of a statement with its lines in order, its entity and what it replaces."""
    supplier = parties["supplier"]
    return StatementDocument(
        code=statement.statement_code,
        supplier=letterhead(supplier, statement.entity),
        customer=_customer(parties["customer"]),
        statement_date=statement.statement_date,
        period_start=statement.period_start,
        period_end=statement.period_end,
        currency=statement.currency,
        opening_balance=_exact(statement.opening_balance),
        invoiced=_exact(statement.invoiced),
        credited=_exact(statement.credited),
        paid=_exact(statement.paid),
        adjusted=_exact(statement.adjusted),
        closing_balance=_exact(statement.closing_balance),
        ageing=tuple(map(_exact, statement.buckets)),
        open_credit=_exact(statement.open_credit),
        lines=tuple(map(_entry, lines)),
        contract_type=statement.contract_type,
        replaces=statement.replaces.statement_code if statement.replaces else "",
        payment_instructions=supplier["payment_instructions"],
        brand_colour=statement.entity.brand_colour,
    )


def letterhead(supplier: dict[str, Any], entity: LegalEntity) -> Letterhead:
    """The supplier as it was, with the logo it has now."""
    return Letterhead(
        name=supplier["name"],
        address=address_lines(supplier["address"]),
        email=supplier["email"],
        phone=supplier["phone"],
        registrations=tuple(
            Registration(component, number)
            for component, number in supplier["registrations"].items()
        ),
        logo=bytes(entity.logo) if entity.logo else None,
        logo_type=entity.logo_type,
    )


def _customer(customer: dict[str, Any]) -> Party:
    return Party(
        name=customer["name"],
        address=address_lines(customer["address"]),
        code=customer["customer_id"],
        attention=customer["contact_name"],
        email=customer["contact_email"],
    )


def _entry(line: StatementLine) -> StatementEntry:
    return StatementEntry(
        item_type=line.item_type,
        description=line.service_description,
        posted_on=line.posted_on,
        amount=_exact(line.amount),
        is_detail=line.is_detail,
        code=line.code,
        quantity=None if line.quantity is None else _exact(line.quantity),
        rate=None if line.rate is None else Decimal(line.rate).normalize(),
    )


def _exact(amount: Any) -> Decimal:
    """As the database has it, whether it was read or is to be stored."""
    return Decimal(amount).quantize(_EXACT)
