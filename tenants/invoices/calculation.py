"""From a contract and what happened to lines, taxes and totals. Reads nothing, writes nothing."""

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from billing.activity import Activity, Adjustment, Taxable, parse_activity
from billing.construction import PromptPayment, latest_due_date, prompt_payment
from billing.errors import BillingError
from billing.holdback import held_amount
from billing.lines import ChargeLine
from billing.periods import Period
from billing.tax import TAX_NAMES, TaxComponent
from billing.totals import Totals, total_invoice
from billing.validation import RuleResult, Severity
from shared.kernel.errors import FieldError, Invalid, invalid_fields
from shared.kernel.wording import worded as _
from tenants.activity.selectors import RevenueTotal
from tenants.contracts.construction import ConstructionBook
from tenants.contracts.models import Contract, ContractTerms
from tenants.contracts.selectors import terms_segments
from tenants.invoices.checking import FormerPeriod, make_subject
from tenants.invoices.corrections import (
    DIVIDE_MONTH_SUMS,
    MISSING_DAYS_ARE_ZERO,
    SPLIT_REVENUE_BY_TERMS,
    corrections_for,
)
from tenants.invoices.rating import RatedContract, rate_period
from tenants.invoices.validators import RuleChoices, Subject, validate
from tenants.structure.models import LegalEntity
from tenants.structure.taxes import TaxBook, TaxReasons

DIVIDING = ("worked_on", "incurred_on", "is_part")
BLOCKING = (Severity.CRITICAL, Severity.ERROR)


@dataclass(frozen=True)
class BillingContext:
    """Everything a calculation needs, loaded beforehand (see `selectors.contexts`).

    `revenue` is that of the contract's active days. `revenue_by_day` is there where single days
    matter: one lacks its report, or the terms change inside the period. `versions` are terms to
    try instead of the contract's own.
    """

    contract: Contract
    entity: LegalEntity
    exempt_components: frozenset[str] = frozenset()
    revenue: RevenueTotal | None = None
    revenue_by_day: Mapping[date, Decimal] | None = None
    adjustments: tuple[Adjustment, ...] = ()
    taxes: TaxBook = field(default_factory=TaxBook)
    construction: ConstructionBook = field(default_factory=ConstructionBook)
    former: tuple[FormerPeriod, ...] = ()
    choices: RuleChoices = field(default_factory=RuleChoices)
    versions: tuple[ContractTerms, ...] | None = None

    @property
    def registered(self) -> list[str]:
        """The taxes that the billing entity has a registration number for."""
        return [row.component for row in self.entity.tax_registrations.all()]


@dataclass(frozen=True)
class Calculation:
    """A calculated invoice that is not stored yet."""

    context: BillingContext
    period: Period
    invoice_date: date
    due_date: date
    lines: tuple[ChargeLine, ...]
    totals: Totals
    checks: tuple[RuleResult, ...]
    inputs: Mapping[str, Any]
    contract_type: str
    subject: Subject
    corrections: frozenset[str] = frozenset()

    @property
    def inputs_digest(self) -> str:
        """Equal for equal inputs, however their numbers are written."""
        canonical = msgspec.json.encode(_plain(self.inputs), order="sorted")
        return sha256(canonical).hexdigest()

    @property
    def holdback(self) -> Decimal:
        """What the customer keeps back of it, before tax."""
        return held_amount(self.lines)

    @property
    def blocking_checks(self) -> list[RuleResult]:
        """Failed checks that stand in the way of an issue."""
        return [c for c in self.checks if not c.passed and c.severity in BLOCKING]

    @property
    def warnings(self) -> list[RuleResult]:
        """Failed checks that only ask for a look."""
        return [c for c in self.checks if not c.passed and c.severity not in BLOCKING]


def calculate(
    context: BillingContext,
    period: Period,
    *,
    billing_data: Mapping[str, object] | None = None,
    invoice_date: date | None = None,
) -> Calculation:
    """Rate the contract for the period, tax it by place of supply on the invoice date.

    The invoice date is the period's last day unless given. Inputs that `billing_data` leaves
    out come from the stored records. Where it fails and a safe correction may mend it, that is
    tried once (see `corrections`). Raises Invalid naming each field at fault.
    Source: `domain.md` 2 to 5 and 7, seed 001 (error handling and recovery).
    """
    given, dated = billing_data or {}, invoice_date or period.end_date
    try:
        first = _calculate(context, period, given, dated, frozenset())
        failures = frozenset(check.name for check in first.blocking_checks)
    except Invalid as error:
        failures = frozenset(problem.code for problem in error.errors)
        trying = corrections_for(failures, context.choices.allowed_corrections)
        if not trying:
            raise
        return _calculate(context, period, given, dated, trying)
    trying = corrections_for(failures, context.choices.allowed_corrections)
    return _calculate(context, period, given, dated, trying) if trying else first


def _calculate(
    context: BillingContext,
    period: Period,
    billing_data: Mapping[str, object],
    invoice_date: date,
    corrections: frozenset[str],
) -> Calculation:
    contract = context.contract
    try:
        rated, totals, uses_records = _rate(
            context, period, billing_data, invoice_date, corrections
        )
        subject = make_subject(
            contract,
            rated.parts,
            totals,
            period=period,
            invoice_date=invoice_date,
            due_date=due_date_of(contract, invoice_date),
            registered=context.registered,
            reported=_reported(context, rated) if uses_records else None,
            former=context.former,
            variance_limit=context.choices.variance_limit,
            corrections=corrections,
            held=rated.held,
        )
        checks = validate(subject, off=context.choices.off, severities=context.choices.severities)
    except BillingError as error:
        raise invalid_fields(error.problems) from error
    applied = _applied(rated, subject, corrections)
    return Calculation(
        context=context,
        period=period,
        invoice_date=invoice_date,
        due_date=subject.due_date,
        lines=rated.lines,
        totals=totals,
        checks=checks,
        inputs=_inputs(rated, invoice_date, applied),
        contract_type=rated.segments[-1].terms.contract_type,
        subject=subject,
        corrections=applied,
    )


def _rate(
    context: BillingContext,
    period: Period,
    billing_data: Mapping[str, object],
    invoice_date: date,
    corrections: frozenset[str],
) -> tuple[RatedContract, Totals, bool]:
    """Lines and totals, and whether the revenue came from the records."""
    contract = context.contract
    components, taxability, reasons = _taxes(context, invoice_date)
    given = _given(context, billing_data, components)
    uses_records = given.revenue_amount is None and context.revenue is not None
    rated = rate_period(
        contract,
        terms_segments(contract, period, context.versions),
        _with_stored(given, context.revenue),
        revenue_by_day=context.revenue_by_day if uses_records else None,
        corrections=corrections,
        taxability=taxability,
        reasons=reasons,
        holdback=context.construction.holdback(contract, invoice_date),
    )
    totals = total_invoice(rated.lines, components, contract.currency, context.exempt_components)
    return rated, totals, uses_records


def _taxes(
    context: BillingContext, on: date
) -> tuple[tuple[TaxComponent, ...], dict[str, Taxable], TaxReasons]:
    """The components of the place on a day; which of them apply by line code, and why."""
    place, category = context.contract.site.place_of_supply, context.contract.service_category
    components = context.taxes.components(place, on)
    taxability = context.taxes.taxability(place, on, category=category, components=components)
    reasons = context.taxes.reasons(place, on, category=category, components=components)
    return components, taxability, reasons


def _given(
    context: BillingContext,
    billing_data: Mapping[str, object],
    components: tuple[TaxComponent, ...],
) -> Activity:
    """What was sent, and the adjustments agreed beside the terms."""
    given = replace(parse_activity(billing_data), adjustments=context.adjustments)
    _refuse_unknown_taxes(given, components)
    return given


def due_date_of(contract: Contract, dated: date) -> date:
    """Net-N from the invoice date; for construction not after what the statute says.

    An invoice is taken as received on its date. Raises Invalid where the calendar ends before.
    Source: `domain.md` 6 and 9.
    """
    net_days = contract.net_days
    if (date.max - dated).days < net_days:
        message = _("The due date would be after the last day that can be written.")
        raise Invalid(errors=[FieldError("invoice_date", "too_late", message)])
    agreed = dated + timedelta(days=net_days)
    statute = statute_of(contract, dated)
    return agreed if statute is None else latest_due_date(statute, dated, agreed)


def statute_of(contract: Contract, dated: date) -> PromptPayment | None:
    """The prompt payment statute for an invoice of that date; None where none is in force."""
    if not contract.is_construction:
        return None
    return prompt_payment(
        contract.jurisdiction,
        contract_from=contract.effective_date,
        invoice_date=dated,
    )


def _with_stored(given: Activity, revenue: RevenueTotal | None) -> Activity:
    if given.revenue_amount is None and revenue is not None:
        return replace(given, revenue_amount=revenue.net_amount)
    return given


def _reported(context: BillingContext, rated: RatedContract) -> Container[date]:
    """The days that the records know; single days are only loaded where one may lack."""
    return rated.active if context.revenue_by_day is None else context.revenue_by_day


def _applied(rated: RatedContract, subject: Subject, corrections: frozenset[str]) -> frozenset[str]:
    """The corrections that had something to mend, of those tried."""
    if not corrections:
        return corrections
    used = {
        SPLIT_REVENUE_BY_TERMS: rated.is_split,
        DIVIDE_MONTH_SUMS: rated.sums_divided,
        MISSING_DAYS_ARE_ZERO: subject.coverage is not None and not subject.coverage.is_complete,
    }
    return frozenset(name for name in corrections if used[name])


def _refuse_unknown_taxes(activity: Activity, components: tuple[TaxComponent, ...]) -> None:
    """A slip in the name of a tax would leave an amount untaxed. Raises Invalid."""
    known = TAX_NAMES | {component.name for component in components}
    message = _("Use names of taxes: %(names)s.") % {"names": ", ".join(sorted(known))}
    told = {f"costs[{n}]": cost.taxable for n, cost in enumerate(activity.costs)} | {
        f"additional_charges[{n}]": charge.taxable
        for n, charge in enumerate(activity.additional_charges)
    }
    errors = [
        FieldError(f"billing_data.{row}.taxable", "unknown_tax", message)
        for row, taxable in told.items()
        if isinstance(taxable, tuple) and not known.issuperset(taxable)
    ]
    if errors:
        raise Invalid(errors=errors)


def _inputs(
    rated: RatedContract, invoice_date: date, corrections: frozenset[str]
) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "billing_data": _plain(asdict(rated.activity, dict_factory=_told)),
        "terms": [
            {
                "change_id": segment.terms.change_id,
                "from": segment.period.start_date.isoformat(),
                "to": segment.period.end_date.isoformat(),
                "component_types": [
                    part["contract_type"]
                    for part in segment.terms.billing_configuration.get("components", ())
                ],
            }
            for segment in rated.segments
        ],
        "invoice_date": invoice_date.isoformat(),
    }
    return {**inputs, "corrections": sorted(corrections)} if corrections else inputs


def _told(items: list[tuple[str, Any]]) -> dict[str, Any]:
    """An input's values; those that only say how it was divided stay out when they say nothing."""
    return {key: value for key, value in items if key not in DIVIDING or value}


def _plain(value: Any) -> Any:
    """JSON values; Decimals as their shortest exact text, so that 5 and 5.00 are the same."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
