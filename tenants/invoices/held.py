"""Holdback in another currency: what it stands for in the books, and when that is to be nothing.

An invoice keeps holdback back, its credit notes give some of it back, releases bill it and their
credit notes keep it back again. Each of these is converted and rounded by itself, at its own rate
or at the one the holdback came in with. So where nothing of an invoice is held back any more, some
of the books' currency may be left on holdback receivable. That is cleared by an entry of its own
on the day from which nothing is held: the exchange difference. It is put back where something is
held again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.db.models import F, Q, QuerySet, Sum

from billing.money import round_money
from tenants.invoices.models import Invoice, InvoiceLine
from tenants.ledger.models import Account, JournalEntry
from tenants.ledger.services import Entry, Leg

ZERO = Decimal(0)
Kind = Invoice.Kind
# Whose holdback the line of a release, or of its credit note, is.
_OF_RELEASE = "corrects__invoice"
_OF_CREDITED_RELEASE = "corrects__corrects__invoice"
Clearing = Mapping[date, Decimal]
"""By day what is added to holdback receivable in the books so that nothing is left over."""


class Move(NamedTuple):
    """What a document does to the holdback of the invoice `root`, from its day until it is void."""

    root: UUID
    document: UUID
    amount: Decimal
    base: Decimal
    first: date
    until: date | None


def moved_by(documents: Any) -> list[Move]:
    """What releases and their credit notes among these documents do, in two queries.

    Of each invoice converted and rounded once: a release at the rate the holdback came in with,
    its credit note at its own.
    """
    found: list[Move] = []
    for root, which, rate in (
        (_OF_RELEASE, Q(invoice__kind=Kind.HOLDBACK_RELEASE), f"{_OF_RELEASE}__exchange_rate"),
        (
            _OF_CREDITED_RELEASE,
            Q(invoice__kind=Kind.CREDIT_NOTE, invoice__corrects__kind=Kind.HOLDBACK_RELEASE),
            "invoice__exchange_rate",
        ),
    ):
        converted = {f"{root}__exchange_rate__isnull": False}
        rows = InvoiceLine.objects.filter(
            which, invoice__in=documents, invoice__exchange_rate__isnull=False, **converted
        )
        grouped = rows.order_by("invoice_id", root).values(
            of=F("invoice_id"),
            root=F(f"{root}_id"),
            at=F(rate),
            into=F("invoice__base_currency"),
            first=F("invoice__invoice_date"),
            until=F("invoice__voided_on"),
        )
        for row in grouped.annotate(sum=Sum("amount")):
            base = round_money(row["sum"] * row["at"], row["into"])
            days = (row["first"], row["until"])
            found.append(Move(row["root"], row["of"], -row["sum"], -base, *days))
    return found


def base_by_document(moves: Iterable[Move]) -> dict[UUID, Decimal]:
    """What each of these documents moves in the books' currency."""
    found: dict[UUID, Decimal] = defaultdict(Decimal)
    for move in moves:
        found[move.document] += move.base
    return dict(found)


def clearings(roots: Iterable[UUID] | None = None) -> dict[UUID, Clearing]:
    """By holding invoice what has to be cleared, and when; of all invoices where none is named.

    What adjusts an invoice counts with it. In five queries. From the documents alone: the journal
    is compared with it.
    """
    issued = Invoice.objects.filter(number__isnull=False, exchange_rate__isnull=False)
    adjusting = issued.filter(kind=Kind.ADJUSTMENT).exclude(holdback=0)
    named = None if roots is None else list(roots)
    if named is not None:
        adjusting = adjusting.filter(corrects__in=named)
    rows = adjusting.values_list("pk", "corrects")
    adjusted = {pk: root for pk, root in rows if root is not None}
    holding = None if named is None else {*named, *adjusted}
    moves = [
        move
        for move in moved_by(_movers(issued, holding))
        if holding is None or move.root in holding
    ]
    notes = issued.filter(kind=Kind.CREDIT_NOTE).exclude(
        Q(holdback=0) | Q(corrects__kind=Kind.HOLDBACK_RELEASE) | Q(corrects__isnull=True)
    )
    if holding is not None:
        notes = notes.filter(corrects__in=holding)
    moves += [_own(row, row["corrects"]) for row in notes.values("corrects", *_FIELDS)]
    moved = {adjusted.get(move.root, move.root) for move in moves}
    members = Q(pk__in=moved) | Q(pk__in=[pk for pk, root in adjusted.items() if root in moved])
    moves += [_own(row, row["pk"]) for row in issued.filter(members).values(*_FIELDS)]
    by_root: dict[UUID, list[Move]] = defaultdict(list)
    for move in moves:
        by_root[adjusted.get(move.root, move.root)].append(move)
    return {root: _cleared(its) for root, its in by_root.items()}


_FIELDS = ("pk", "holdback", "exchange_rate", "base_currency", "invoice_date", "voided_on")


def _movers(issued: QuerySet[Invoice], named: Iterable[UUID] | None) -> Any:
    """Releases and their credit notes, those that touch the named invoices."""
    found = issued.filter(Q(kind=Kind.HOLDBACK_RELEASE) | Q(corrects__kind=Kind.HOLDBACK_RELEASE))
    if named is not None:
        lines = InvoiceLine.objects.filter(
            Q(**{f"{_OF_RELEASE}__in": named}) | Q(**{f"{_OF_CREDITED_RELEASE}__in": named})
        )
        found = found.filter(pk__in=lines.values("invoice"))
    return found.values("pk")


def _own(row: Mapping[str, Any], root: UUID) -> Move:
    base = round_money(row["holdback"] * row["exchange_rate"], row["base_currency"])
    days = (row["invoice_date"], row["voided_on"])
    return Move(root, row["pk"], row["holdback"], base, *days)


def _cleared(moves: Iterable[Move]) -> Clearing:
    days: dict[date, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for move in moves:
        for day, sign in ((move.first, 1), (move.until, -1)):
            if day is not None:
                days[day][0] += sign * move.amount
                days[day][1] += sign * move.base
    held = base = cleared = ZERO
    found = {}
    for day in sorted(days):
        held, base = held + days[day][0], base + days[day][1]
        wanted = ZERO if held else -base
        if wanted != cleared:
            found[day], cleared = wanted - cleared, wanted
    return found


def lock_held(invoice: Invoice) -> list[UUID]:
    """The invoices whose holdback a document in another currency moves, locked in one order.

    So that two documents of one holdback are posted one after the other. None where there is
    nothing to clear: an invoice that only keeps back cannot leave anything over.
    """
    if invoice.exchange_rate is None or not invoice.holdback:
        return []
    holding: Iterable[Any]
    if invoice.kind == Kind.CREDIT_NOTE and _is_of_release(invoice):
        holding = invoice.lines.values_list(_OF_CREDITED_RELEASE, flat=True)
    elif invoice.kind == Kind.HOLDBACK_RELEASE:
        holding = invoice.lines.values_list(_OF_RELEASE, flat=True)
    elif invoice.kind in (Kind.CREDIT_NOTE, Kind.ADJUSTMENT):
        holding = [invoice.corrects_id]
    else:
        return []
    found = Invoice.objects.filter(pk__in=list(holding)).values_list("pk", "kind", "corrects")
    roots = {root if kind == Kind.ADJUSTMENT and root else pk for pk, kind, root in found}
    rows = Invoice.objects.select_for_update(of=("self",)).filter(pk__in=roots)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _is_of_release(note: Invoice) -> bool:
    return Invoice.objects.filter(corrections=note.pk, kind=Kind.HOLDBACK_RELEASE).exists()


def clearing_entries(
    invoice: Invoice, *, act: str, before: Mapping[UUID, Clearing], after: Mapping[UUID, Clearing]
) -> list[Entry]:
    """What an act on a document changed of the clearings: Dr or Cr exchange difference."""
    changes: dict[date, Decimal] = defaultdict(Decimal)
    for clearing, sign in ((after, 1), (before, -1)):
        for days in clearing.values():
            for day, amount in days.items():
                changes[day] += sign * amount
    return [
        Entry(
            kind=JournalEntry.Kind.HOLDBACK,
            source_id=uuid5(invoice.pk, act),
            document_id=invoice.pk,
            document_code=str(invoice),
            posted_on=day,
            entity_id=invoice.entity_id,
            customer_id=invoice.customer_id,
            site_id=invoice.site_id,
            currency=invoice.currency,
            base_currency=invoice.base_currency,
            legs=(
                Leg(Account.HOLDBACK_RECEIVABLE, ZERO, base_amount=amount),
                Leg(Account.EXCHANGE_DIFFERENCE, ZERO, base_amount=-amount),
            ),
        )
        for day, amount in sorted(changes.items())
        if amount
    ]
