"""Rating a contract's days: one part for each version of the terms in the period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.activity import Activity
from billing.periods import Period
from billing.rating import rate_contract
from shared.kernel.errors import FieldError, Invalid
from tenants.contracts.models import Contract
from tenants.contracts.selectors import TermsSegment, terms_segments
from tenants.invoices.corrections import SPLIT_REVENUE_BY_TERMS
from tenants.invoices.validators import RatedPart


@dataclass(frozen=True)
class RatedContract:
    """The versions of the terms, each rated, and the inputs of the whole period."""

    segments: Sequence[TermsSegment]
    parts: Sequence[RatedPart]
    activity: Activity

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
    period: Period,
    activity: Activity,
    *,
    revenue_by_day: Mapping[date, Decimal] | None,
    corrections: frozenset[str],
) -> RatedContract:
    """Rate each version of the terms for its own days. Fees are prorated by them.

    Amounts of a whole period cannot be divided between two versions, save recorded revenue
    (`revenue_by_day`) where that correction is tried. Charges stand once, on the last version.
    Raises Invalid and BillingError.
    """
    segments = terms_segments(contract, period)
    may_split = SPLIT_REVENUE_BY_TERMS in corrections and revenue_by_day is not None
    _refuse_unsplittable(segments, activity, may_split=may_split)
    parts = []
    for segment in segments:
        own = activity if segment is segments[-1] else replace(activity, additional_charges=())
        if len(segments) > 1 and revenue_by_day is not None and may_split:
            days = (revenue_by_day.get(day, Decimal(0)) for day in segment.period)
            own = replace(own, revenue_amount=sum(days, Decimal(0)))
        parts.append(_rate(contract, segment, own))
    return RatedContract(segments, parts, activity)


def _rate(contract: Contract, segment: TermsSegment, activity: Activity) -> RatedPart:
    lines = rate_contract(
        segment.parsed,
        currency=contract.currency,
        effective_date=contract.effective_date,
        end_date=contract.end_date,
        period=segment.period,
        activity=activity,
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
