"""From a contract and what happened to lines, taxes and totals. Reads nothing, writes nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from billing.activity import Activity, parse_activity
from billing.errors import BillingError
from billing.lines import ChargeLine
from billing.periods import Period
from billing.rating import rate_contract
from billing.recomputation import Recomputation
from billing.tax import TAX_NAMES, TaxComponent, components_for
from billing.totals import Totals, sum_amounts, total_invoice
from billing.validation import (
    RuleResult,
    Severity,
    check_lines_add_up,
    check_recomputation,
    check_tax_registrations,
    validate_calculation,
)
from shared.kernel.errors import FieldError, Invalid, invalid_fields
from tenants.activity.selectors import RevenueTotal
from tenants.contracts.models import Contract
from tenants.contracts.selectors import TermsSegment, terms_segments
from tenants.structure.models import LegalEntity

BLOCKING = (Severity.CRITICAL, Severity.ERROR)


@dataclass(frozen=True)
class BillingContext:
    """Everything a calculation needs, loaded beforehand (see `selectors.contexts`)."""

    contract: Contract
    entity: LegalEntity
    exempt_components: frozenset[str] = frozenset()
    revenue: RevenueTotal | None = None


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

    @property
    def inputs_digest(self) -> str:
        """Equal for equal inputs, however their numbers are written."""
        canonical = msgspec.json.encode(_plain(self.inputs), order="sorted")
        return sha256(canonical).hexdigest()

    @property
    def blocking_checks(self) -> list[RuleResult]:
        """Failed checks that stand in the way of an issue."""
        return [c for c in self.checks if not c.passed and c.severity in BLOCKING]


def calculate(
    context: BillingContext,
    period: Period,
    *,
    billing_data: Mapping[str, object] | None = None,
    invoice_date: date | None = None,
) -> Calculation:
    """Rate the contract for the period, tax it by place of supply on the invoice date.

    The invoice date is the period's last day unless given. Inputs that `billing_data` leaves
    out come from the stored records. Raises Invalid naming each field at fault.
    Source: `domain.md` 2 to 5.
    """
    contract = context.contract
    dated = invoice_date or period.end_date
    try:
        given = parse_activity(billing_data or {})
        components = _components(context, dated)
        _refuse_unknown_taxes(given, components)
        segments = terms_segments(contract, period)
        activity = _with_stored(given, context.revenue)
        _refuse_unsplittable(segments, activity)
        rated = _rate(contract, segments, activity)
        lines = tuple(line for part in rated for line in part.lines)
        totals = total_invoice(lines, components, contract.currency, context.exempt_components)
        checks = _check(context, rated, totals)
    except BillingError as error:
        raise invalid_fields(error.problems) from error
    return Calculation(
        context=context,
        period=period,
        invoice_date=dated,
        due_date=_due_date(dated, contract.payment_terms_days),
        lines=lines,
        totals=totals,
        checks=checks,
        inputs=_inputs(activity, segments, dated),
        contract_type=segments[-1].terms.contract_type,
    )


def _due_date(dated: date, net_days: int) -> date:
    """Net-N from the invoice date. Raises Invalid where the calendar ends before."""
    if (date.max - dated).days < net_days:
        message = _("The due date would be after the last day that can be written.")
        raise Invalid(errors=[FieldError("invoice_date", "too_late", message)])
    return dated + timedelta(days=net_days)


def _with_stored(given: Activity, revenue: RevenueTotal | None) -> Activity:
    if given.revenue_amount is None and revenue is not None:
        return replace(given, revenue_amount=revenue.net_amount)
    return given


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


def _refuse_unsplittable(segments: list[TermsSegment], activity: Activity) -> None:
    """Amounts of a whole period cannot be divided between two versions of the terms."""
    if len(segments) == 1:
        return
    if activity.revenue_amount is None and not activity.total_hours and not activity.costs:
        return
    message = _(
        "The terms change on %(day)s. Generate one invoice up to the day before and one from "
        "that day on, each with its own amounts."
    ) % {"day": segments[1].period.start_date}
    raise Invalid(message, errors=[FieldError("billing_period", "terms_change", message)])


@dataclass(frozen=True)
class RatedSegment:
    """The lines of one version of the terms, and what they were rated from."""

    segment: TermsSegment
    activity: Activity
    lines: tuple[ChargeLine, ...]


def _rate(
    contract: Contract, segments: list[TermsSegment], activity: Activity
) -> list[RatedSegment]:
    """Charges stand once, on the last segment; fees are prorated by each segment's days."""
    rated = []
    for segment in segments:
        part = activity if segment is segments[-1] else replace(activity, additional_charges=())
        lines = rate_contract(
            segment.parsed,
            currency=contract.currency,
            effective_date=contract.effective_date,
            end_date=contract.end_date,
            period=segment.period,
            activity=part,
        )
        rated.append(RatedSegment(segment, part, tuple(lines)))
    return rated


def _components(context: BillingContext, on: date) -> tuple[TaxComponent, ...]:
    place = context.contract.site.place_of_supply
    return components_for(place["state"], on, country=place["country"])


def _check(
    context: BillingContext, rated: list[RatedSegment], totals: Totals
) -> tuple[RuleResult, ...]:
    """Every rule that needs no history. A second, independent calculation must agree."""
    currency = context.contract.currency
    results: list[RuleResult] = []
    for part in rated:
        second = _recompute(context.contract, part)
        if len(rated) == 1:
            results.extend(
                validate_calculation(part.segment.parsed, part.lines, totals, second, currency)
            )
        else:
            subtotal = sum_amounts((line.amount for line in part.lines), currency)
            results.append(check_recomputation(subtotal, second.subtotal()))
    if len(rated) > 1:
        lines = [line for part in rated for line in part.lines]
        results.append(check_lines_add_up(lines, totals, currency))
    registered = [row.component for row in context.entity.tax_registrations.all()]
    # A warning only: a new organisation must be able to bill while its number is on its way.
    missing = check_tax_registrations(totals.taxes, registered)
    return (*results, missing._replace(severity=Severity.WARNING))


def _recompute(contract: Contract, part: RatedSegment) -> Recomputation:
    return Recomputation(
        part.segment.parsed,
        currency=contract.currency,
        effective_date=contract.effective_date,
        end_date=contract.end_date,
        period=part.segment.period,
        activity=part.activity,
    )


def _inputs(activity: Activity, segments: list[TermsSegment], invoice_date: date) -> dict[str, Any]:
    return {
        "billing_data": _plain(asdict(activity)),
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
            for segment in segments
        ],
        "invoice_date": invoice_date.isoformat(),
    }


def _plain(value: Any) -> Any:
    """JSON values; Decimals as their shortest exact text, so that 5 and 5.00 are the same."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
