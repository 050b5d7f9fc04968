"""Rating a contract's days: one part for each version of the terms in the period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.activity import Activity, Taxable
from billing.construction import statutory_holdback
from billing.holdback import holdback_lines
from billing.lines import ChargeLine
from billing.periods import Period
from billing.rating import rate_contract
from shared.kernel.errors import FieldError, Invalid
from tenants.contracts.models import Contract
from tenants.contracts.selectors import TermsSegment
from tenants.invoices.corrections import SPLIT_REVENUE_BY_TERMS
from tenants.invoices.validators import RatedPart


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

    @property
    def is_split(self) -> bool:
        """Whether revenue was divided between two versions of the terms."""
        return len(self.parts) > 1 and self.activity.revenue_amount is not None


def rate_period(
    contract: Contract,
    segments: Sequence[TermsSegment],
    activity: Activity,
    *,
    revenue_by_day: Mapping[date, Decimal] | None,
    corrections: frozenset[str],
    taxability: Mapping[str, Taxable],
) -> RatedContract:
    """Rate each version of the terms (a segment) for its own days. Fees are prorated by them.

    Amounts of a whole period cannot be divided between two versions, save recorded revenue
    (`revenue_by_day`) where that correction is tried. Charges and adjustments that are agreed
    once stand on the last version. `taxability` is the default by line code.
    Raises Invalid and BillingError.
    """
    may_split = SPLIT_REVENUE_BY_TERMS in corrections and revenue_by_day is not None
    _refuse_unsplittable(segments, activity, may_split=may_split)
    parts = []
    for segment in segments:
        own = activity if segment is segments[-1] else _without_charges(activity)
        if len(segments) > 1 and revenue_by_day is not None and may_split:
            days = (revenue_by_day.get(day, Decimal(0)) for day in segment.period)
            own = replace(own, revenue_amount=sum(days, Decimal(0)))
        parts.append(_rate(contract, segment, own, taxability))
    return RatedContract(segments, parts, activity, _held(contract, parts))


def _held(contract: Contract, parts: Sequence[RatedPart]) -> tuple[ChargeLine, ...]:
    rate = holdback_rate(contract)
    if not rate:
        return ()
    return holdback_lines((line for part in parts for line in part.lines), rate, contract.currency)


def holdback_rate(contract: Contract) -> Decimal:
    """What the customer keeps back, as a fraction: as agreed, else as the province's law says.

    The law is that of construction contracts only. Source: `domain.md` 9.
    """
    if contract.holdback_rate is not None:
        return Decimal(contract.holdback_rate)
    if not contract.is_construction:
        return Decimal(0)
    return statutory_holdback(contract.site.place_of_supply["state"])


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


def _refuse_unsplittable(
    segments: Sequence[TermsSegment], activity: Activity, *, may_split: bool
) -> None:
    """Amounts of a whole period cannot be divided between two versions of the terms."""
    if len(segments) == 1:
        return
    no_revenue = activity.revenue_amount is None or may_split
    if no_revenue and not activity.total_hours and not activity.costs:
        return
    message = _(
        "The terms change on %(day)s. Generate one invoice up to the day before and one from "
        "that day on, each with its own amounts."
    ) % {"day": segments[1].period.start_date}
    raise Invalid(message, errors=[FieldError("billing_period", "terms_change", message)])
