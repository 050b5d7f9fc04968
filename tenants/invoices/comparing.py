"""Billed lines beside calculated ones: what each line was, is, and differs by.

A line of a correction belongs to the line that it corrects, through however many documents.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.lines import ChargeLine
from tenants.invoices.models import InvoiceLine

ZERO = Decimal(0)
Key = tuple[str, int | None, str]


@dataclass(frozen=True)
class ComparedLine:
    """One charge: `billed` with all corrections so far, `calculated` now."""

    code: str
    component: int | None
    subject: str
    taxable: Any
    billed: Decimal
    calculated: Decimal
    corrects: UUID | None

    @property
    def difference(self) -> Decimal:
        """More than zero where too little was billed."""
        return self.calculated - self.billed


def compare_lines(
    billed: Sequence[InvoiceLine], calculated: Iterable[ChargeLine]
) -> list[ComparedLine]:
    """Every calculated line with what was billed for it, then what is billed no more.

    `billed` are the lines of the invoice and its issued corrections, in order of issue. Lines
    are the same where code, component and what people named them agree, in order.
    """
    by_pk = {line.pk: line for line in billed}
    roots: list[InvoiceLine] = []
    sums: dict[UUID, Decimal] = defaultdict(Decimal)
    for line in billed:
        root = _root_of(line, by_pk)
        sums[root.pk] += line.amount
        if root is line:
            roots.append(line)
    waiting: dict[Key, list[InvoiceLine]] = defaultdict(list)
    for root in roots:
        waiting[root.code, root.component, root.subject].append(root)
    compared = [_pair(charge, waiting, sums) for charge in calculated]
    gone = [root for rest in waiting.values() for root in rest]
    compared += [
        ComparedLine(
            code=root.code,
            component=root.component,
            subject=root.subject,
            taxable=root.taxable,
            billed=sums[root.pk],
            calculated=ZERO,
            corrects=root.pk,
        )
        for root in gone
        if sums[root.pk]
    ]
    return compared


def _root_of(line: InvoiceLine, by_pk: dict[UUID, InvoiceLine]) -> InvoiceLine:
    while line.corrects_id is not None and line.corrects_id in by_pk:
        line = by_pk[line.corrects_id]
    return line


def _pair(
    charge: ChargeLine, waiting: dict[Key, list[InvoiceLine]], sums: dict[UUID, Decimal]
) -> ComparedLine:
    same = waiting[charge.code, charge.component, charge.subject]
    root = same.pop(0) if same else None
    return ComparedLine(
        code=charge.code,
        component=charge.component,
        subject=charge.subject,
        taxable=list(charge.taxable) if isinstance(charge.taxable, tuple) else charge.taxable,
        billed=sums[root.pk] if root else ZERO,
        calculated=charge.amount,
        corrects=root.pk if root else None,
    )
