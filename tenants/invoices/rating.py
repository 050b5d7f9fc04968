"""Rating a contract's days: one part for each version of the terms in the period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billing.activity import Activity, Taxable
from billing.apportionment import REVENUE_RULES, PartRevenue, divide_revenue
from billing.construction import HoldbackRule
from billing.holdback import holdback_lines
from billing.lines import ChargeLine
from billing.periods import Period
from billing.rating import rate_contract
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.contracts.models import Contract
from tenants.contracts.selectors import TermsSegment
from tenants.invoices.corrections import SPLIT_REVENUE_BY_TERMS
from tenants.invoices.validators import RatedPart
from tenants.structure.taxes import TaxReasons


@dataclass(frozen=True)
class RatedContract:
    """The versions of the terms, each rated, and the inputs of the whole period."""

    segments: Sequence[TermsSegment]
    parts: Sequence[RatedPart]
    activity: Activity
    held: tuple[ChargeLine, ...] = ()
    """The lines of the holdback, which is kept of all versions together."""

    @property
    def lines(self) -> tuple[ChargeLine, ...]:
        """The lines of all versions in order of time, then the holdback."""
        return (*(line for part in self.parts for line in part.lines), *self.held)

    @property
    def active(self) -> Period:
        """The days billed."""
        first, last = self.segments[0].period, self.segments[-1].period
        return Period(first.start_date, last.end_date)

    sums_divided: bool = False
    """Whether the sum of a month was divided by days between two versions of the terms."""

    @property
    def is_split(self) -> bool:
        """Whether each version of the terms has the revenue of its own days."""
        return (
            len(self.parts) > 1
            and self.activity.revenue_amount is not None
            and not self.sums_divided
        )


def rate_period(
    contract: Contract,
    segments: Sequence[TermsSegment],
    activity: Activity,
    *,
    revenue_by_day: Mapping[date, Decimal] | None,
    corrections: frozenset[str],
    taxability: Mapping[str, Taxable],
    reasons: TaxReasons,
    holdback: HoldbackRule | None,
) -> RatedContract:
    """Rate each version of the terms (a segment) for its own days. Fees are prorated by them.

    So are hours and costs that tell their day, and recorded revenue (`revenue_by_day`) where that
    correction is tried (`divide_revenue`): each version bills what an invoice of its own days
    would. Charges and adjustments that are agreed once stand on the last version. `taxability` is
    the default by line code and `reasons` what own rules say, `holdback` what the law asks where
    the contract says nothing. Raises Invalid and BillingError.
    """
    may_split = SPLIT_REVENUE_BY_TERMS in corrections and revenue_by_day is not None
    _refuse_other_days(segments, activity)
    _refuse_unsplittable(segments, activity, may_split=may_split)
    revenue = None
    if revenue_by_day is not None and may_split and len(segments) > 1:
        periods = [segment.period for segment in segments]
        revenue = divide_revenue(revenue_by_day, periods, contract.currency)
    parts = []
    for index, segment in enumerate(segments):
        own = activity if segment is segments[-1] else _without_charges(activity)
        if len(segments) > 1:
            own = own.part(segment.period)
            if revenue is not None:
                own = replace(own, revenue_amount=revenue[index].amount)
        part = _rate(contract, segment, own, taxability)
        lines = [reasons.tell(line, taxability.get(line.code)) for line in part.lines]
        if revenue is not None:
            lines = [_tell_division(line, revenue[index]) for line in lines]
        parts.append(replace(part, lines=lines))
    divided = revenue is not None and any(one.steps for one in revenue)
    return RatedContract(segments, parts, activity, _held(contract, parts, holdback), divided)


def _tell_division(line: ChargeLine, revenue: PartRevenue) -> ChargeLine:
    """The line with the days that it has its revenue of, where that was divided."""
    if not revenue.steps or line.trace.rule not in REVENUE_RULES:
        return line
    return line._replace(trace=line.trace.after(revenue.steps))


def _held(
    contract: Contract, parts: Sequence[RatedPart], by_law: HoldbackRule | None
) -> tuple[ChargeLine, ...]:
    """What the customer keeps back: as agreed, else as the law says. Source: `domain.md` 9."""
    lines = [line for part in parts for line in part.lines]
    if contract.holdback_rate is not None:
        return holdback_lines(lines, Decimal(contract.holdback_rate), contract.currency)
    if by_law is None:
        return ()
    return holdback_lines(lines, by_law.rate, contract.currency, by_law.source)


def _without_charges(activity: Activity) -> Activity:
    """What every version of the terms is rated from; amounts a month are divided by days."""
    monthly = tuple(one for one in activity.adjustments if one.days is not None)
    return replace(activity, additional_charges=(), adjustments=monthly)


def _rate(
    contract: Contract,
    segment: TermsSegment,
    activity: Activity,
    taxability: Mapping[str, Taxable],
) -> RatedPart:
    lines = rate_contract(
        segment.parsed,
        currency=contract.currency,
        effective_date=contract.effective_date,
        end_date=contract.end_date,
        period=segment.period,
        activity=activity,
        taxability=taxability,
    )
    return RatedPart(
        terms=segment.parsed,
        period=segment.period,
        activity=activity,
        lines=lines,
        currency=contract.currency,
        effective_date=contract.effective_date,
        end_date=contract.end_date,
    )


def _refuse_other_days(segments: Sequence[TermsSegment], activity: Activity) -> None:
    """Hours and costs of days that are not billed would be lost, or billed twice."""
    billed = Period(segments[0].period.start_date, segments[-1].period.end_date)
    message = _("Is not a day that is billed: %(start)s to %(end)s.") % {
        "start": billed.start_date,
        "end": billed.end_date,
    }
    errors = [
        FieldError(path, "outside_period", message) for path in activity.dated_outside(billed)
    ]
    if errors:
        raise Invalid(errors=errors)


def _refuse_unsplittable(
    segments: Sequence[TermsSegment], activity: Activity, *, may_split: bool
) -> None:
    """Amounts of a whole period cannot be divided between two versions of the terms."""
    if len(segments) == 1:
        return
    changes = {"day": segments[1].period.start_date}
    errors = []
    if activity.revenue_amount is not None and not may_split:
        message = _(
            "The terms change on %(day)s. Generate one invoice up to the day before and one from "
            "that day on, each with its own amounts."
        )
        errors.append(FieldError("billing_period", "terms_change", message % changes))
    undated = _(
        "The terms change on %(day)s. Tell the day of each of these hours and costs, or generate "
        "one invoice up to the day before and one from that day on."
    )
    errors += [FieldError(path, "terms_change", undated % changes) for path in activity.undated()]
    if errors:
        raise Invalid(errors[0].message, errors=errors)
