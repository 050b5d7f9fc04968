"""What of an invoice's lines and taxes is left to credit, and what of its holdback to release.

Credit notes and releases that are not issued yet count too: what they take is spoken for. What
a credit note gives back of a release can be released again only once the note is issued.

A recalculation compares an invoice with its adjustments together, and its credit note corrects
the lines of the invoice. What that takes beyond such a line was charged by the adjustments, and
is gone from theirs: nothing can be credited, or released, twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, Sum

from billing.holdback import HOLDBACK_CODES
from billing.money import round_money
from tenants.invoices.models import Invoice, InvoiceLine, InvoiceTax

ZERO = Decimal(0)
NOT_VOID = ~Q(invoice__document_status=Invoice.DocumentStatus.VOID)
TaxesLeft = dict[str, tuple[Decimal, Decimal]]
"""By component what is left of its base and its tax."""
ISSUED = Q(invoice__document_status=Invoice.DocumentStatus.ISSUED)


@dataclass(frozen=True)
class CreditableLine:
    """A line and what is left of it; the sign is the line's.

    `released` is what of a holdback line was released since, more than zero; that part can only
    be credited on the release.
    """

    line: InvoiceLine
    left: Decimal
    quantity_left: Decimal | None
    released: Decimal = ZERO

    @property
    def is_holdback(self) -> bool:
        """Whether it follows the charges it was kept back of."""
        return self.line.code == "holdback"

    @property
    def held(self) -> Decimal:
        """What is still kept back, more than zero."""
        return -(self.left + self.released)


def creditable_lines(invoice: Invoice) -> list[CreditableLine]:
    """Every line of the invoice, and lines that its credit notes added, with what is left."""
    notes = _live_notes(invoice)
    rows = InvoiceLine.objects.filter(invoice__in=[invoice.pk, *notes]).select_related("invoice")
    own = [line for line in rows if line.invoice_id == invoice.pk or line.corrects_id is None]
    lines = sorted(own, key=lambda line: (line.invoice_id != invoice.pk, line.position))
    return _what_is_left(lines)


def taxes_left(invoice: Invoice) -> TaxesLeft:
    """By component what its base and its tax come to with all credit notes.

    What they take of its adjustments, or of the invoice that it adjusts, goes there with its tax
    at the rate of the note.
    """
    found = _taxes_by_notes(invoice)
    moved = _moved(list(InvoiceLine.objects.filter(invoice=invoice).select_related("invoice")))
    if not moved:
        return found
    root = invoice if invoice.kind != Invoice.Kind.ADJUSTMENT else invoice.corrects
    assert root is not None
    rates = dict(root.taxes.values_list("name", "rate"))
    of_root = found if root is invoice else _taxes_by_notes(root)
    for name, (base, tax) in found.items():
        by_document: dict[UUID, Decimal] = defaultdict(Decimal)
        for line, amount in moved.items():
            if is_taxed(line.taxable, name):
                by_document[line.invoice_id] += amount
        taxes = _moved_taxes(by_document, root, of_root.get(name), rates.get(name, ZERO))
        own = by_document[invoice.pk], taxes.get(invoice.pk, ZERO)
        found[name] = (base + own[0], tax + own[1])
    return found


def is_taxed(taxable: object, name: str) -> bool:
    """Whether a component applies to a line of that stored taxability."""
    return name in taxable if isinstance(taxable, list | tuple) else bool(taxable)


def released_with(lines: Iterable[UUID]) -> dict[UUID, Decimal]:
    """What of these holdback lines, each with those that adjust it, was released since."""
    found: dict[UUID, Decimal] = defaultdict(Decimal)
    members = _families(lines)
    released = _released([one for of in members.values() for one in of])
    for root, of in members.items():
        found[root] = sum((released.get(one.pk, ZERO) for one in of), ZERO)
    return found


def held_lines(invoices: Iterable[Invoice]) -> list[CreditableLine]:
    """The holdback lines of these invoices of which something is still kept back."""
    lines = list(
        InvoiceLine.objects.filter(invoice__in=list(invoices), code="holdback")
        .select_related("invoice")
        .order_by("invoice__invoice_date", "invoice__invoice_id", "position")
    )
    return [one for one in _what_is_left(lines) if one.held]


def holdback_of(lines: Iterable[InvoiceLine]) -> Decimal:
    """What these lines keep back, more than zero; below zero for what they give back."""
    return -sum((line.amount for line in lines if line.code in HOLDBACK_CODES), ZERO)


def _what_is_left(lines: Sequence[InvoiceLine]) -> list[CreditableLine]:
    credited = _corrected(lines)
    released = _released([line for line in lines if line.code == "holdback"])
    moved = _moved(lines)
    return [
        CreditableLine(
            line=line,
            left=line.amount + credited[line.pk][0] + moved.get(line, ZERO),
            quantity_left=None if line.quantity is None else line.quantity + credited[line.pk][1],
            released=released.get(line.pk, ZERO),
        )
        for line in lines
    ]


def _moved(lines: Sequence[InvoiceLine]) -> dict[InvoiceLine, Decimal]:
    """By how much what is left of a line changes because a credit note took more than another had.

    Of all lines that are adjusted together with these; nothing where no invoice was adjusted.
    What was released of a holdback line is not there to be taken.
    """
    roots = {_root(line) for line in lines}
    members = [of for of in _families(roots).values() if len(of) > 1]
    if not members:
        return {}
    every = [line for of in members for line in of]
    credited = _corrected(every)
    released = _released([line for line in every if line.code == "holdback"])
    moved: dict[InvoiceLine, Decimal] = defaultdict(Decimal)
    for of in members:
        room = {
            line: abs(line.amount)
            + _sign(line) * credited[line.pk][0]
            - released.get(line.pk, ZERO)
            for line in of
        }
        for short in of:
            for other in reversed(of):  # the latest adjustment first
                if room[short] < 0 < room[other] and _sign(short) == _sign(other):
                    part = min(-room[short], room[other])
                    room[short] += part
                    room[other] -= part
                    moved[short] += _sign(short) * part
                    moved[other] -= _sign(short) * part
    return moved


def _families(roots: Iterable[UUID]) -> dict[UUID, list[InvoiceLine]]:
    """Each of these lines, then the lines of issued adjustments that correct it, by their issue."""
    keys = list(roots)
    adjusting = Q(ISSUED, corrects__in=keys, invoice__kind=Invoice.Kind.ADJUSTMENT)
    if not InvoiceLine.objects.filter(adjusting).exists():
        adjusting = Q(pk__in=[])
    rows = InvoiceLine.objects.filter(Q(pk__in=keys) | adjusting).select_related("invoice")
    found: dict[UUID, list[InvoiceLine]] = {}
    for line in rows.order_by("invoice__issued_at", "invoice__invoice_id", "position"):
        found.setdefault(_root(line), []).append(line)
    return found


def _root(line: InvoiceLine) -> UUID:
    """The line that it adjusts, else itself."""
    is_adjusting = line.invoice.kind == Invoice.Kind.ADJUSTMENT
    return line.corrects_id if is_adjusting and line.corrects_id else line.pk


def _sign(line: InvoiceLine) -> int:
    return -1 if line.amount < 0 else 1


def _moved_taxes(
    bases: dict[UUID, Decimal],
    root: Invoice,
    left: tuple[Decimal, Decimal] | None,
    rate: Decimal,
) -> dict[UUID, Decimal]:
    """The tax that goes with moved bases, by document: what the root is rid of the others bear.

    Where nothing is left of the root's own base, all of its tax that is left goes.
    """
    others = [document for document, base in bases.items() if document != root.pk and base]
    if not others or left is None:
        return {}
    gone = bases[root.pk]
    own = -left[1] if left[0] + gone == 0 else round_money(gone * rate, root.currency)
    found, rest = {root.pk: own}, -own
    for document in others[:-1]:
        found[document] = round_money(bases[document] * rate, root.currency)
        rest -= found[document]
    return {**found, others[-1]: rest}


def _taxes_by_notes(invoice: Invoice) -> TaxesLeft:
    documents = [invoice.pk, *_live_notes(invoice)]
    rows = (
        InvoiceTax.objects.filter(invoice__in=documents)
        .order_by("name")
        .values("name")
        .annotate(base=Sum("base"), tax=Sum("amount"))
    )
    return {row["name"]: (row["base"], row["tax"]) for row in rows}


def _live_notes(invoice: Invoice) -> list[UUID]:
    """The keys of its credit notes; asked by themselves, so that an index finds each step."""
    notes = Invoice.objects.filter(corrects=invoice, kind=Invoice.Kind.CREDIT_NOTE)
    live = notes.exclude(document_status=Invoice.DocumentStatus.VOID)
    return list(live.values_list("pk", flat=True))


def _corrected(
    lines: Sequence[InvoiceLine], documents: Q = NOT_VOID
) -> defaultdict[UUID, tuple[Decimal, Decimal]]:
    """Amounts and quantities of the lines of credit notes that correct these."""
    notes = Q(corrects__in=lines, invoice__kind=Invoice.Kind.CREDIT_NOTE)
    rows = (
        InvoiceLine.objects.filter(documents, notes)
        .order_by("corrects")
        .values("corrects")
        .annotate(amount=Sum("amount"), units=Sum("quantity"))
    )
    found: defaultdict[UUID, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for row in rows:
        assert row["corrects"] is not None
        found[row["corrects"]] = (row["amount"], row["units"] or ZERO)
    return found


def _released(lines: Sequence[InvoiceLine]) -> dict[UUID, Decimal]:
    """What of these holdback lines was released, less what was credited of the releases.

    A credit note frees what it takes back once it is issued: a draft may still go.
    """
    releasing = Q(corrects__in=lines, invoice__kind=Invoice.Kind.HOLDBACK_RELEASE)
    releases = list(InvoiceLine.objects.filter(releasing & NOT_VOID))
    credited = _corrected(releases, ISSUED)
    found: dict[UUID, Decimal] = defaultdict(Decimal)
    for release in releases:
        assert release.corrects_id is not None
        found[release.corrects_id] += release.amount + credited[release.pk][0]
    return found
