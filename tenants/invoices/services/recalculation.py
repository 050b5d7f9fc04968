"""Calculating an invoiced period again, and the draft that puts the difference right.

Source: `domain.md` 6. A positive difference makes an adjustment invoice, a negative one a credit
note; where there is none, nothing is made. What a person credited by hand stays given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum

from billing.lines import Step, Trace
from billing.periods import Period
from billing.tax import TaxAmount, compute_taxes
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from shared.kernel.wording import worded as _
from tenants.invoices.calculation import BillingContext, Calculation, calculate, due_date_of
from tenants.invoices.comparing import ComparedLine, compare_lines
from tenants.invoices.errors import NotRecalculable
from tenants.invoices.models import Invoice, InvoiceLine, InvoiceTax
from tenants.invoices.selectors import load_contexts
from tenants.invoices.selectors.corrected import (
    BASIS,
    UNISSUED,
    basis_digest,
    billed_documents,
    inputs_in_force,
)
from tenants.invoices.selectors.creditable import released_with, taxes_left
from tenants.invoices.services.crediting import taxes_of_credit
from tenants.invoices.services.drafting import (
    Correction,
    DraftLine,
    checked_date,
    digest_of,
    lock_invoice,
    store_correction,
)
from tenants.invoices.services.generation import refuse_blocked
from tenants.review.services import close_items

ZERO = Decimal(0)


@dataclass(frozen=True)
class Recalculation:
    """The lines beside each other, and the draft; None where nothing differs.

    `created` tells whether this call made the draft.
    """

    original: Invoice
    lines: Sequence[ComparedLine]
    correction: Invoice | None
    created: bool = False

    @property
    def difference(self) -> Decimal:
        """Before tax; more than zero where too little was billed."""
        return sum((line.difference for line in self.lines), ZERO)

    @property
    def given(self) -> Decimal:
        """What was credited by hand and stays, before tax; more than zero."""
        return -sum((line.given for line in self.lines), ZERO)


def recalculate_invoice(
    *,
    actor: Actor,
    invoice_id: str,
    billing_data: Mapping[str, object] | None = None,
    invoice_date: date | None = None,
    expected_revision: int | None = None,
) -> Recalculation:
    """Calculate the period with terms, revenue and inputs as they are now; draft the difference.

    Without `billing_data` the inputs billed last are taken again, the revenue from the records
    where there are any. Calculating again gives the same draft; one that no longer holds is
    replaced. `invoice_date` is the correction's. Raises NotFound, NotRecalculable, Invalid.
    """
    authorize(actor, "invoices.generate")
    contract_pk = Invoice.objects.filter(invoice_id=invoice_id).values_list("contract", flat=True)
    if not contract_pk:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
    with transaction.atomic():
        original, calculation = _calculate_locked(contract_pk[0], invoice_id, billing_data)
        original.require_revision(expected_revision)
        dated = checked_date(original, invoice_date)
        lines = compare_lines(_billed_lines(original), calculation.lines)
        inputs = _inputs(original, calculation, lines)
        waiting = _waiting_draft(original)
        if not any(line.difference for line in lines):
            if waiting is not None:
                _discard(waiting)
            close_items(actor=actor, kind="recalculation", target_id=original.pk)
            return Recalculation(original, lines, None)
        _refuse_released(lines)
        digest = digest_of(inputs)
        if waiting is not None:
            same_day = invoice_date in (None, waiting.invoice_date)
            if waiting.inputs_digest == digest and same_day:
                return Recalculation(original, lines, waiting)
            _discard(waiting)
        correction = _correction(original, calculation, lines, dated, inputs, digest)
        draft = store_correction(actor=actor, correction=correction)
        record(
            actor=actor,
            action="invoice.recalculated",
            target=original,
            after={"correction": draft.invoice_id, "kind": draft.kind, "total": str(draft.total)},
        )
    return Recalculation(original, lines, draft, created=True)


def _calculate_locked(
    contract_pk: Any, invoice_id: str, billing_data: Mapping[str, object] | None
) -> tuple[Invoice, Calculation]:
    """Lock contract, then invoice; calculate its period as of its own date."""
    period_of = Invoice.objects.only("period_start", "period_end", "invoice_date")
    given = period_of.get(invoice_id=invoice_id)
    period = Period(given.period_start, given.period_end)
    (context,) = load_contexts([contract_pk], period, on=given.invoice_date)
    original = lock_invoice(invoice_id)
    _require_recalculable(original)
    data = inputs_again(original, context) if billing_data is None else billing_data
    calculation = calculate(context, period, billing_data=data, invoice_date=original.invoice_date)
    refuse_blocked(calculation)
    return original, calculation


def _require_recalculable(original: Invoice) -> None:
    if original.kind != Invoice.Kind.REGULAR:
        raise NotRecalculable(_("Recalculate the invoice that %(id)s corrects.") % {"id": original})
    if original.document_status in UNISSUED:
        raise NotRecalculable(_("%(id)s is a draft: make it again instead.") % {"id": original})
    if original.document_status != Invoice.DocumentStatus.ISSUED:
        raise NotRecalculable(_("%(id)s is void: bill the period again.") % {"id": original})


def _billed_lines(original: Invoice) -> list[InvoiceLine]:
    return list(
        InvoiceLine.objects.filter(invoice__in=billed_documents(original))
        .select_related("invoice")
        .order_by("invoice__issued_at", "invoice__invoice_id", "position")
    )


def _waiting_draft(original: Invoice) -> Invoice | None:
    """The draft of an earlier recalculation. Raises NotRecalculable where another one waits."""
    drafts = list(
        Invoice.objects.select_for_update(of=("self",)).filter(
            Q(corrects=original) | Q(corrects__corrects=original),
            contract=original.contract_id,
            document_status__in=UNISSUED,
        )
    )
    other = next((draft for draft in drafts if BASIS not in draft.inputs), None)
    if other is not None:
        raise NotRecalculable(
            _("Issue or delete the draft %(id)s first.") % {"id": other.invoice_id},
            extra={"invoice_id": other.invoice_id},
        )
    return drafts[0] if drafts else None


def _discard(draft: Invoice) -> None:
    """Its calculation does not hold any more; nobody has seen a number of it."""
    draft.delete()


def inputs_again(original: Invoice, context: BillingContext) -> dict[str, object]:
    """What the period was billed from last, as `billing_data`."""
    documents = list(billed_documents(original).order_by("issued_at"))
    inputs = inputs_in_force(original, documents)
    data = {key: _given(value) for key, value in inputs["billing_data"].items()}
    data.pop("adjustments", None)  # they come with the contract
    if context.revenue is not None:
        data.pop("revenue_amount", None)
    return {key: value for key, value in data.items() if value is not None}


def _given(value: Any) -> Any:
    """Stored inputs as they are sent: without what was not told."""
    if isinstance(value, Mapping):
        return {key: _given(item) for key, item in value.items() if item is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _refuse_released(lines: Sequence[ComparedLine]) -> None:
    """A holdback that was released is on a document of its own, which must be credited first."""
    released = released_with([line.corrects for line in lines if line.corrects])
    for line in lines:
        known = ZERO if line.corrects is None else released.get(line.corrects, ZERO)
        if line.difference and known and known > -line.remaining:
            raise NotRecalculable(
                _("Its holdback was released meanwhile. Credit the release first.")
            )


def _inputs(
    original: Invoice, calculation: Calculation, lines: Sequence[ComparedLine]
) -> dict[str, Any]:
    compared = [
        {
            "code": line.code,
            "component": line.component,
            "subject": line.subject,
            "billed": f"{line.billed:.4f}",
            "calculated": f"{line.calculated:.4f}",
            **({"given": f"{line.given:.4f}"} if line.given else {}),
        }
        for line in lines
    ]
    return {
        **calculation.inputs,
        "recalculates": original.invoice_id,
        BASIS: basis_digest(original),
        "compared": compared,
    }


def _correction(
    original: Invoice,
    calculation: Calculation,
    lines: Sequence[ComparedLine],
    dated: date,
    inputs: Mapping[str, Any],
    digest: str,
) -> Correction:
    """A credit note at the original's rates, or an adjustment at those of its own day."""
    changed = [_line(line, original) for line in lines if line.difference]
    credit_taxes = _taxes_taken_back(original, changed)
    total = sum((line.amount for line in changed), ZERO)
    is_credit = sum((tax.amount for tax in credit_taxes), total) < 0
    contract = calculation.context.contract
    taxes: Sequence[TaxAmount] = credit_taxes
    if not is_credit:  # certificates and rates as of its own day
        (context,) = load_contexts([contract.pk], Period(dated, dated), on=dated, lock=False)
        taxes = taxes_of_lines(context, changed, dated)
    return Correction(
        basis=original,
        kind=Invoice.Kind.CREDIT_NOTE if is_credit else Invoice.Kind.ADJUSTMENT,
        lines=changed,
        taxes=taxes,
        invoice_date=dated,
        due_date=dated if is_credit else due_date_of(contract, dated),
        reason=_("Recalculated with the terms and figures as they are now."),
        inputs=inputs,
        digest=digest,
    )


def _taxes_taken_back(original: Invoice, changed: Sequence[DraftLine]) -> list[TaxAmount]:
    """The taxes of a reduction at the original's rates, never more than was charged.

    What an adjustment charged since may bear another day's rate, so what clears the base of all
    documents together clears their tax to the cent.
    """
    documents = InvoiceTax.objects.filter(invoice__in=billed_documents(original)).order_by("name")
    charged = {
        row["name"]: (row["bases"], row["amounts"])
        for row in documents.values("name").annotate(bases=Sum("base"), amounts=Sum("amount"))
    }
    taxes = []
    credited = [(line.taxable, line.amount) for line in changed]
    for tax in taxes_of_credit(original, credited, taxes_left(original)):
        base, amount = charged[tax.name]
        clears = base + tax.base == 0
        taxes.append(tax._replace(amount=-amount) if clears or 0 <= amount < -tax.amount else tax)
    return taxes


def taxes_of_lines(
    context: BillingContext, lines: Sequence[DraftLine], on: date
) -> tuple[TaxAmount, ...]:
    """The taxes of amounts that fall due on a day, by place of supply. Source: `domain.md` 5."""
    return compute_taxes(
        [line.as_charge() for line in lines],
        context.taxes.components(context.contract.site.place_of_supply, on),
        context.contract.currency,
        context.exempt_components,
    )


def _line(line: ComparedLine, original: Invoice) -> DraftLine:
    values = {"invoice": str(original)}
    covered = line.difference - (line.calculated - line.billed)
    steps = (
        Step("calculated_now", {}, line.calculated),
        Step("billed_before", values, -line.billed),
        *([Step("covered_by_credit", {}, covered)] if covered else []),
        Step("sum", {}, line.difference),
    )
    return DraftLine(
        code=line.code,
        component=line.component,
        subject=line.subject,
        amount=line.difference,
        taxable=line.taxable,
        trace=Trace("recalculation", values, steps),
        corrects=line.corrects,
    )
