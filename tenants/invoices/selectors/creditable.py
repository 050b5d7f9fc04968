"""What of an invoice's lines and taxes is left to credit, and what of its holdback to release.

Credit notes and releases that are not issued yet count too: what they take is spoken for. What
a credit note gives back of a release can be released again only once the note is issued.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, Sum

from billing.holdback import HOLDBACK_CODES
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
    credited = _corrected(lines)
    released = _released([line for line in lines if line.code == "holdback"])
    return [
        CreditableLine(
            line=line,
            left=line.amount + credited[line.pk][0],
            quantity_left=None if line.quantity is None else line.quantity + credited[line.pk][1],
            released=released.get(line.pk, ZERO),
        )
        for line in lines
    ]


def taxes_left(invoice: Invoice) -> TaxesLeft:
    """By component what its base and its tax come to with all credit notes."""
    documents = [invoice.pk, *_live_notes(invoice)]
    rows = (
        InvoiceTax.objects.filter(invoice__in=documents)
        .order_by("name")
        .values("name")
        .annotate(base=Sum("base"), tax=Sum("amount"))
    )
    return {row["name"]: (row["base"], row["tax"]) for row in rows}


def held_lines(invoices: Iterable[Invoice]) -> list[CreditableLine]:
    """The holdback lines of these invoices of which something is still kept back."""
    lines = list(
        InvoiceLine.objects.filter(invoice__in=list(invoices), code="holdback")
        .select_related("invoice")
        .order_by("invoice__invoice_date", "invoice__invoice_id", "position")
    )
    credited = _corrected(lines)
    released = _released(lines)
    found = [
        CreditableLine(line, line.amount + credited[line.pk][0], None, released.get(line.pk, ZERO))
        for line in lines
    ]
    return [one for one in found if one.held]


def holdback_of(lines: Iterable[InvoiceLine]) -> Decimal:
    """What these lines keep back, more than zero; below zero for what they give back."""
    return -sum((line.amount for line in lines if line.code in HOLDBACK_CODES), ZERO)


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
