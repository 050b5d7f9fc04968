"""Credit notes: what of an issued invoice is taken back. Source: `domain.md` 5 and 6."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db import transaction

from billing.credits import credit_taxes, held_part, spread_credit
from billing.lines import Step, Trace
from billing.money import round_money
from billing.tax import TaxAmount
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid, Text
from shared.kernel.wording import money, number
from shared.kernel.wording import worded as _
from tenants.invoices.errors import NotCreditable
from tenants.invoices.models import Invoice, InvoiceLine
from tenants.invoices.selectors.creditable import (
    CreditableLine,
    TaxesLeft,
    creditable_lines,
    is_taxed,
    taxes_left,
)
from tenants.invoices.services.correcting import lock_together
from tenants.invoices.services.drafting import (
    Correction,
    DraftLine,
    checked_date,
    checked_reason,
    lock_invoice,
    store_correction,
)

ZERO = Decimal(0)
CREDITABLE = (Invoice.Kind.REGULAR, Invoice.Kind.ADJUSTMENT, Invoice.Kind.HOLDBACK_RELEASE)


@dataclass(frozen=True)
class LineCredit:
    """What to take back of the line at a position: a quantity, or an amount before tax."""

    position: int
    amount: Decimal | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True)
class _Part:
    """What is taken of one line; more than zero of an ordinary charge."""

    of: CreditableLine
    amount: Decimal
    quantity: Decimal | None = None


def credit_invoice(
    *,
    actor: Actor,
    invoice_id: str,
    reason: str,
    amount: Decimal | None = None,
    lines: Sequence[LineCredit] = (),
    invoice_date: date | None = None,
    expected_revision: int | None = None,
) -> Invoice:
    """Draft a credit note: of chosen lines, of an amount before tax, or of all that is left.

    Tax comes at the rates of the invoice, as much as the lines bore; the credit that takes the
    last of it clears it to the cent. Holdback follows its charges. Raises NotFound,
    NotCreditable, Invalid naming each field, PreconditionFailed when stale. Issuing it applies
    it to the invoice.
    """
    authorize(actor, "invoices.void")
    with transaction.atomic():
        lock_together(invoice_id)
        invoice = lock_invoice(invoice_id)
        invoice.require_revision(expected_revision)
        require_creditable(invoice)
        text = checked_reason(reason)
        dated = checked_date(invoice, invoice_date)
        left = creditable_lines(invoice)
        parts = _chosen(invoice, left, amount, lines)
        _refuse_released(parts)
        credited = [(part.of.line.taxable, -part.amount) for part in parts]
        tax_left = taxes_left(invoice)
        taxes = taxes_of_credit(invoice, credited, tax_left)
        _check_total(invoice, parts, taxes, most=_total_left(left, tax_left))
        note = store_correction(
            actor=actor,
            correction=Correction(
                basis=invoice,
                kind=Invoice.Kind.CREDIT_NOTE,
                lines=[_line(part, invoice) for part in parts],
                taxes=taxes,
                invoice_date=dated,
                due_date=dated,
                reason=text,
                inputs={"credits": invoice.invoice_id},
            ),
        )
        record(
            actor=actor,
            action="invoice.credit_drafted",
            target=note,
            after={"corrects": invoice.number, "total": str(note.total), "reason": text},
        )
    return note


def total_of_line(invoice: Invoice, position: int) -> Decimal:
    """What crediting all that is left of a line would come to, with taxes and its holdback.

    0 where nothing is left of it, or where it is holdback, which follows its charges.
    """
    left = creditable_lines(invoice)
    own = [one for one in left if one.line.invoice_id == invoice.pk and not one.is_holdback]
    found = next((one for one in own if one.line.position == position), None)
    if found is None or not found.left:
        return ZERO
    part = _Part(found, found.left)
    parts = [part, *_held_parts(left, [part], invoice.currency)]
    credited = [(one.of.line.taxable, -one.amount) for one in parts]
    taxes = taxes_of_credit(invoice, credited, taxes_left(invoice))
    return sum((one.amount for one in parts), -sum((tax.amount for tax in taxes), ZERO))


def require_creditable(invoice: Invoice) -> None:
    """Raise NotCreditable unless it is an issued document that charges something."""
    if invoice.document_status != Invoice.DocumentStatus.ISSUED:
        raise NotCreditable(
            _("%(id)s is not issued, so there is nothing to credit.") % {"id": invoice}
        )
    if invoice.kind not in CREDITABLE:
        raise NotCreditable(_("%(id)s is a credit note itself.") % {"id": invoice})


def taxes_of_credit(
    invoice: Invoice, credited: Sequence[tuple[object, Decimal]], tax_left: TaxesLeft
) -> tuple[TaxAmount, ...]:
    """The taxes on credited lines, given as (taxability, amount below zero)."""
    charged = [TaxAmount(t.name, t.rate, t.base, t.amount) for t in invoice.taxes.all()]
    bases: dict[str, Decimal] = defaultdict(Decimal)
    for taxable, amount in credited:
        for tax in charged:
            if is_taxed(taxable, tax.name):
                bases[tax.name] += amount
    return credit_taxes(bases, charged, tax_left, invoice.currency)


def _chosen(
    invoice: Invoice,
    left: Sequence[CreditableLine],
    amount: Decimal | None,
    lines: Sequence[LineCredit],
) -> list[_Part]:
    if amount is not None and lines:
        message = _("Give an amount or lines, not both.")
        raise Invalid(errors=[FieldError("amount", "not_both", message)])
    if lines:
        parts = _by_line(invoice, left, lines)
    elif amount is not None:
        parts = _by_amount(invoice, left, amount)
    else:
        parts = [_Part(one, one.left, one.quantity_left) for one in left]
    parts = [part for part in parts if part.amount]
    taken = sum((part.amount for part in parts), ZERO)
    if taken <= 0:
        raise NotCreditable(_("Nothing is left of %(id)s to credit.") % {"id": invoice})
    most = sum((one.left for one in left), ZERO)
    if taken > most:  # lines below zero, which are part of what was charged, were left out
        message = _("At most %(amount)s is left.") % {"amount": money(most, invoice.currency)}
        raise Invalid(errors=[FieldError("lines", "more_than_left", message)])
    return parts


def _total_left(left: Sequence[CreditableLine], tax_left: TaxesLeft) -> Decimal:
    return sum((one.left for one in left), sum((tax for _base, tax in tax_left.values()), ZERO))


def _check_total(
    invoice: Invoice, parts: Sequence[_Part], taxes: Sequence[TaxAmount], *, most: Decimal
) -> None:
    """Raise NotCreditable or Invalid unless it gives something back, and no more than `most`.

    Lines below zero change both: their tax may outweigh what is taken back, and a line that
    they cancelled bore more tax than the invoice did.
    """
    total = sum((part.amount for part in parts), -sum((tax.amount for tax in taxes), ZERO))
    if total <= 0:
        raise NotCreditable(
            _("With its taxes that takes nothing back of %(id)s.") % {"id": invoice}
        )
    if total > most:
        message = _("With its taxes at most %(amount)s is left of %(id)s.")
        message %= {"amount": money(most, invoice.currency), "id": invoice}
        raise Invalid(errors=[FieldError("lines", "more_than_left", message)])


def _by_amount(invoice: Invoice, left: Sequence[CreditableLine], amount: Decimal) -> list[_Part]:
    most = sum((one.left for one in left), ZERO)
    problem = _amount_problem(amount, most, invoice.currency)
    if problem is not None:
        raise Invalid(errors=[FieldError("amount", *problem)])
    spread = spread_credit(amount, [one.left for one in left], invoice.currency)
    return [_Part(one, part) for one, part in zip(left, spread, strict=True)]


def _by_line(
    invoice: Invoice, left: Sequence[CreditableLine], wanted: Sequence[LineCredit]
) -> list[_Part]:
    own = {one.line.position: one for one in left if one.line.invoice_id == invoice.pk}
    parts: dict[int, _Part] = {}
    errors: list[FieldError] = []
    for n, want in enumerate(wanted):
        found = own.get(want.position)
        if found is None or found.is_holdback or want.position in parts:
            message = _("Choose each line of the invoice at most once; holdback follows by itself.")
            errors.append(FieldError(f"lines[{n}].position", "no_such_line", message))
            continue
        part = _part_of(found, want, invoice.currency)
        if isinstance(part, _Part):
            parts[want.position] = part
        else:
            field, code, told = part
            errors.append(FieldError(f"lines[{n}].{field}", code, told))
    if errors:
        raise Invalid(errors=errors)
    return [*parts.values(), *_held_parts(left, list(parts.values()), invoice.currency)]


def _part_of(one: CreditableLine, want: LineCredit, currency: str) -> _Part | tuple[str, str, Text]:
    """The part of a line that is wanted, or what is wrong with it: field, code, message."""
    if (want.amount is None) == (want.quantity is None):
        return "amount", "one_of", _("Give a quantity or an amount.")
    if want.quantity is None:
        assert want.amount is not None
        problem = _amount_problem(want.amount, one.left, currency)
        return _Part(one, want.amount) if problem is None else ("amount", *problem)
    if one.quantity_left is None:
        return "quantity", "no_quantity", _("This line has no quantity; give an amount.")
    if not want.quantity.is_finite() or not 0 < want.quantity <= one.quantity_left:
        message = _("At most %(quantity)s is left of this line.")
        return "quantity", "more_than_left", message % {"quantity": number(one.quantity_left)}
    if want.quantity == one.quantity_left:
        return _Part(one, one.left, want.quantity)
    share = Fraction(want.quantity) / Fraction(one.line.quantity)
    exact = round_money(Fraction(one.line.amount) * share, currency)
    return _Part(one, min(exact, one.left, key=abs), want.quantity)


def _amount_problem(amount: Decimal, most: Decimal, currency: str) -> tuple[str, Text] | None:
    """What is wrong with an amount to take of `most`, whose sign it has: code and message."""
    if not amount.is_finite() or not amount or (amount < 0) != (most < 0):
        message = _("Must be more than zero.") if most >= 0 else _("Must be below zero.")
        return "range", message
    if abs(amount) > abs(most):
        left = money(most, currency)
        return "more_than_left", _("At most %(amount)s is left.") % {"amount": left}
    if round_money(amount, currency) != amount:
        return "fraction", _("%(currency)s has no such fraction.") % {"currency": currency}
    return None


def _held_parts(
    left: Sequence[CreditableLine], parts: Sequence[_Part], currency: str
) -> list[_Part]:
    """The holdback of the same taxability, in proportion to its charges."""
    found = []
    for held in (one for one in left if one.is_holdback):
        taxable = held.line.taxable
        charges = [one for one in left if not one.is_holdback and one.line.taxable == taxable]
        credited = [part.amount for part in parts if part.of.line.taxable == taxable]
        whole = sum((one.left for one in charges), ZERO)
        amount = held_part(sum(credited, ZERO), whole, held.left, currency)
        found.append(_Part(held, amount))
    return found


def _refuse_released(parts: Sequence[_Part]) -> None:
    """What was released is on a document of its own, which must be credited first."""
    for part in parts:
        remaining = part.of.left - part.amount
        if part.of.released and -remaining < part.of.released:
            raise NotCreditable(_("Its holdback was released meanwhile. Credit the release first."))


def _line(part: _Part, invoice: Invoice) -> DraftLine:
    line: InvoiceLine = part.of.line
    values = {"amount": line.amount, "invoice": str(invoice)}
    exact = _is_product(part, invoice.currency)
    return DraftLine(
        code=line.code,
        component=line.component,
        subject=line.subject,
        amount=-part.amount,
        taxable=line.taxable,
        trace=Trace("credit", values, (Step("credited", values, -part.amount),)),
        corrects=line.pk,
        quantity=-part.quantity if part.quantity is not None and exact else None,
        rate=line.rate if exact else None,
    )


def _is_product(part: _Part, currency: str) -> bool:
    """Whether quantity x rate gives the amount; after a credit by amount it may not."""
    rate = part.of.line.rate
    if part.quantity is None or rate is None:
        return False
    return round_money(part.quantity * rate, currency) == part.amount
