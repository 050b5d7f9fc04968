"""Draft terms tried on periods that are past: what was billed beside what would have been.

Reads only. Source: seed 001, contracts; `domain.md` 4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.lines import ChargeLine
from billing.periods import Frequency, Period, calendar_period, previous_period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import AppError, FieldError, Invalid
from tenants.activity.selectors import RevenueTotal
from tenants.contracts.models import Contract, ContractTerms
from tenants.contracts.selectors import contract_by_code
from tenants.contracts.services import TermsInput, check_terms
from tenants.invoices.agreed import agreed_inputs, load_adjustments
from tenants.invoices.calculation import BillingContext, calculate
from tenants.invoices.comparing import billed_lines
from tenants.invoices.models import Invoice
from tenants.invoices.selectors import load_contexts
from tenants.invoices.selectors.corrected import inputs_in_force, issued_corrections
from tenants.invoices.selectors.former import revenue_by_site_day
from tenants.invoices.services.recovery import reason_of
from tenants.invoices.stored import stored_inputs, stored_line

PERIODS_MAX = 24
YEARS = range(1900, 2201)


@dataclass(frozen=True)
class Side:
    """A period's lines under one version of the terms, before tax.

    `credited` is what a person gave back of the period, below zero: it stays given whatever the
    terms, so it is on both sides.
    """

    lines: tuple[ChargeLine, ...]
    credited: Decimal = Decimal(0)

    @property
    def subtotal(self) -> Decimal:
        """The sum of the lines, less what was given back."""
        return sum((line.amount for line in self.lines), self.credited)


@dataclass(frozen=True)
class TriedPeriod:
    """One past period both ways. `problem` says why a side that is missing is missing."""

    period: Period
    invoice: Invoice | None
    before: Side | None
    after: Side | None
    problem: str = ""

    @property
    def difference(self) -> Decimal | None:
        """What the draft terms change; None where one side is unknown."""
        if self.before is None or self.after is None:
            return None
        return self.after.subtotal - self.before.subtotal


@dataclass(frozen=True)
class WhatIf:
    """Every period tried, oldest first. The totals are of the periods known both ways."""

    contract: Contract
    periods: tuple[TriedPeriod, ...]

    @property
    def compared(self) -> list[TriedPeriod]:
        """The periods that both sides are known of."""
        return [one for one in self.periods if one.difference is not None]

    @property
    def total_before(self) -> Decimal:
        """What the compared periods came to."""
        return sum((one.before.subtotal for one in self.compared if one.before), Decimal(0))

    @property
    def total_after(self) -> Decimal:
        """What they would have come to."""
        return sum((one.after.subtotal for one in self.compared if one.after), Decimal(0))

    @property
    def difference(self) -> Decimal:
        """The total effect of the draft terms."""
        return self.total_after - self.total_before


def try_terms(
    *,
    actor: Actor,
    contract_id: str,
    terms: TermsInput,
    periods: int = 12,
    until: date | None = None,
) -> WhatIf:
    """Replay up to 24 past calendar periods of the draft's frequency; nothing is written.

    The last one is the latest that is over by `until` (today). A period that has its invoice is
    replayed from the inputs in force after its recalculations, and beside it stands what it
    bills with its corrections; any other from the records, beside what the present terms come
    to. Raises NotFound, Invalid naming each wrong field.
    """
    authorize(actor, "contracts.read")
    authorize(actor, "invoices.read")
    if not 1 <= periods <= PERIODS_MAX:
        message = _("Between %(low)s and %(high)s.") % {"low": 1, "high": PERIODS_MAX}
        raise Invalid(errors=[FieldError("periods", "range", message)])
    last_day = until or today()
    if last_day.year not in YEARS:
        message = _("Between %(low)s and %(high)s.") % {"low": YEARS[0], "high": YEARS[-1]}
        raise Invalid(errors=[FieldError("until", "range", message)])
    check_terms(terms)
    contract = contract_by_code(actor=actor, contract_id=contract_id)
    past = _past_periods(contract, Frequency(terms.billing_frequency), periods, last_day)
    if not past:
        return WhatIf(contract, ())
    span = Period(past[0].start_date, past[-1].end_date)
    (context,) = load_contexts([contract.pk], span, on=span.end_date, lock=False)
    billed = _billed(contract, span)
    days = revenue_by_site_day([contract.site_id], span).get(contract.site_id, {})
    agreed = load_adjustments([contract.pk], span).get(contract.pk, [])
    draft = _draft(contract, terms)
    tried = []
    for period in past:
        adjustments = [
            row
            for row in agreed
            if (row.valid_to or row.valid_from) >= period.start_date
            and row.valid_from <= period.end_date
        ]
        own = replace(
            context,
            revenue=_revenue(days, contract, period),
            revenue_by_day=_days(days, contract, period),
            adjustments=agreed_inputs(adjustments),
            former=(),
        )
        tried.append(_try(own, period, draft, billed.get((period.start_date, period.end_date))))
    return WhatIf(contract, tuple(tried))


def _past_periods(
    contract: Contract, frequency: Frequency, count: int, until: date
) -> list[Period]:
    """Complete calendar periods with an active day, oldest first."""
    found: list[Period] = []
    period = calendar_period(frequency, until)
    if period.end_date > until:
        period = previous_period(frequency, period)
    while len(found) < count and period.end_date >= contract.effective_date:
        if period.overlap(contract.effective_date, contract.end_date):
            found.append(period)
        period = previous_period(frequency, period)
    return found[::-1]


@dataclass(frozen=True)
class _Billed:
    """An invoice as it stands with its corrections, and what it was billed from last."""

    invoice: Invoice
    side: Side
    inputs: Mapping[str, object]


def _billed(contract: Contract, span: Period) -> dict[tuple[date, date], _Billed]:
    """The live regular invoices of the span by their period."""
    live = list(
        contract.invoices.filter(
            kind=Invoice.Kind.REGULAR,
            period_start__gte=span.start_date,
            period_end__lte=span.end_date,
        )
        .exclude(document_status=Invoice.DocumentStatus.VOID)
        .defer("parties")
        .prefetch_related("lines")
    )
    corrections = issued_corrections(live)
    found = {}
    for invoice in live:
        later = corrections.get(invoice.pk, [])
        inputs = stored_inputs(inputs_in_force(invoice, later)["billing_data"])
        side = _standing(invoice, later)
        found[invoice.period_start, invoice.period_end] = _Billed(invoice, side, inputs)
    return found


def _standing(invoice: Invoice, corrections: Sequence[Invoice]) -> Side:
    """What the invoice bills with its corrections; a line without any is as it was rated."""
    lines = [line for document in (invoice, *corrections) for line in document.lines.all()]
    standing = billed_lines(lines)
    return Side(
        lines=tuple(
            stored_line(one.line)
            if one.amount == one.line.amount
            else stored_line(one.line)._replace(quantity=None, rate=None, amount=one.amount)
            for one in standing
        ),
        credited=sum((one.given for one in standing), Decimal(0)),
    )


def _draft(contract: Contract, terms: TermsInput) -> ContractTerms:
    """The draft as if it had always been in force; it is never saved."""
    return ContractTerms(
        change_id="",
        contract=contract,
        contract_type=terms.contract_type,
        billing_frequency=terms.billing_frequency,
        billing_configuration=terms.billing_configuration,
        valid_from=contract.effective_date,
    )


def _days(days: Mapping[date, Decimal], contract: Contract, period: Period) -> dict[date, Decimal]:
    active = period.overlap(contract.effective_date, contract.end_date)
    return {day: net for day, net in days.items() if active and day in active}


def _revenue(
    days: Mapping[date, Decimal], contract: Contract, period: Period
) -> RevenueTotal | None:
    own = _days(days, contract, period)
    return RevenueTotal(sum(own.values(), Decimal(0)), len(own)) if own else None


def _try(
    context: BillingContext, period: Period, draft: ContractTerms, billed: _Billed | None
) -> TriedPeriod:
    inputs = billed.inputs if billed else {}
    problems: list[str] = []
    before = billed.side if billed else _rate(context, period, inputs, problems)
    after = _rate(replace(context, versions=(draft,)), period, inputs, problems)
    if billed and after:
        after = replace(after, credited=billed.side.credited)
    invoice = billed.invoice if billed else None
    return TriedPeriod(period, invoice, before, after, problems[-1] if problems else "")


def _rate(
    context: BillingContext, period: Period, inputs: Mapping[str, object], problems: list[str]
) -> Side | None:
    try:
        return Side(calculate(context, period, billing_data=inputs).lines)
    except AppError as error:
        problems.append(str(reason_of(error)))
        return None
