"""What every rating module is given, and how it makes a line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from billing.activity import Activity, Taxable
from billing.lines import DESCRIPTIONS, ChargeLine, LineCode, Trace, Value
from billing.periods import MonthSlice, Period


class RatingContext(NamedTuple):
    """One contract's active days in one period, and what happened in them.

    ``taxability`` is the tenant's default per line code, used where an input does not say.
    ``component`` is the index of the hybrid's component being rated.
    """

    currency: str
    active: Period
    months: tuple[MonthSlice, ...]
    activity: Activity
    taxability: Mapping[str, Taxable]
    component: int | None = None

    def line(
        self,
        code: LineCode,
        amount: Decimal,
        trace: Trace,
        *,
        quantity: Decimal | None = None,
        rate: Decimal | None = None,
        subject: str = "",
        description: str = "",
        taxable: Taxable | None = None,
    ) -> ChargeLine:
        """Return a line; description and taxability default to those of its code."""
        if taxable is None:
            taxable = self.taxability.get(code, True)
        return ChargeLine(
            code,
            description or DESCRIPTIONS[code],
            quantity,
            rate,
            amount,
            taxable,
            self.component,
            trace,
            subject,
        )

    def active_days(self) -> dict[str, Value]:
        """Return the active days as trace values."""
        return {
            "from_date": self.active.start_date.isoformat(),
            "to_date": self.active.end_date.isoformat(),
        }
