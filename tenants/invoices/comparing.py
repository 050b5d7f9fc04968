"""Billed lines beside calculated ones: what each line was, is, and differs by.

A line of a correction belongs to the line that it corrects, through however many documents.
What a person credited by hand stays given: it is no part of what was billed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.lines import ChargeLine
from tenants.invoices.models import InvoiceLine
from tenants.invoices.selectors.corrected import is_given_by_hand

ZERO = Decimal(0)
Key = tuple[str, int | None, str]


@dataclass(frozen=True)
class ComparedLine:
    """One charge: `billed` with all corrections so far, `calculated` now.

    `given` is what was credited of it by hand, which `billed` is without: below zero of an
    ordinary charge.
    """

    code: str
    component: int | None
    subject: str
    taxable: Any
    billed: Decimal
    calculated: Decimal
    corrects: UUID | None
    given: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """What the charge comes to in the end, with the credit that was given of it."""
        return remaining_charge(self.calculated, self.given)

    @property
    def difference(self) -> Decimal:
        """More than zero where too little was billed."""
        return self.remaining - self.billed - self.given


@dataclass(frozen=True)
class BilledLine:
    """A charge as it stands billed: `amount` with its corrections, `given` credited by hand."""

    line: InvoiceLine
    amount: Decimal
    given: Decimal


def remaining_charge(calculated: Decimal, given: Decimal) -> Decimal:
    """A charge with the credit that was given of it by hand; the credit never exceeds it.

    1,000.00 with 100.00 given leaves 900.00; 50.00 with 100.00 given leaves nothing.
    """
    if given <= 0:
        return max(calculated + given, min(calculated, ZERO))
    return min(calculated + given, max(calculated, ZERO))


def billed_lines(lines: Iterable[InvoiceLine]) -> list[BilledLine]:
    """Every charge of an invoice with its issued corrections, given in order of issue.

    The lines come with their invoice.
    """
    rows = list(lines)
    by_pk = {line.pk: line for line in rows}
    amounts: dict[UUID, Decimal] = defaultdict(Decimal)
    given: dict[UUID, Decimal] = defaultdict(Decimal)
    for line in rows:
        sums = given if is_given_by_hand(line.invoice) else amounts
        sums[_root_of(line, by_pk).pk] += line.amount
    roots = [line for line in rows if _root_of(line, by_pk) is line]
    return [BilledLine(root, amounts[root.pk], given[root.pk]) for root in roots]


def compare_lines(
    billed: Sequence[InvoiceLine], calculated: Iterable[ChargeLine]
) -> list[ComparedLine]:
    """Every calculated line with what was billed for it, then what is billed no more.

    `billed` are the lines of the invoice and its issued corrections, in order of issue. Lines
    are the same where code, component and what people named them agree, in order.
    """
    waiting: dict[Key, list[BilledLine]] = defaultdict(list)
    for one in billed_lines(billed):
        waiting[one.line.code, one.line.component, one.line.subject].append(one)
    compared = [_pair(charge, waiting) for charge in calculated]
    gone = [one for rest in waiting.values() for one in rest]
    compared += [
        ComparedLine(
            code=one.line.code,
            component=one.line.component,
            subject=one.line.subject,
            taxable=one.line.taxable,
            billed=one.amount,
            calculated=ZERO,
            corrects=one.line.pk,
            given=one.given,
        )
        for one in gone
        if one.amount
    ]
    return compared


def _root_of(line: InvoiceLine, by_pk: dict[UUID, InvoiceLine]) -> InvoiceLine:
    while line.corrects_id is not None and line.corrects_id in by_pk:
        line = by_pk[line.corrects_id]
    return line


def _pair(charge: ChargeLine, waiting: dict[Key, list[BilledLine]]) -> ComparedLine:
    same = waiting[charge.code, charge.component, charge.subject]
    known = same.pop(0) if same else None
    return ComparedLine(
        code=charge.code,
        component=charge.component,
        subject=charge.subject,
        taxable=list(charge.taxable) if isinstance(charge.taxable, tuple) else charge.taxable,
        billed=known.amount if known else ZERO,
        calculated=charge.amount,
        corrects=known.line.pk if known else None,
        given=known.given if known else ZERO,
    )
