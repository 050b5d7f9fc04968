"""What a validator is, and what it looks at."""

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

from billing.activity import Activity
from billing.lines import ChargeLine
from billing.periods import Period
from billing.recomputation import Recomputation
from billing.terms import Terms
from billing.totals import Totals
from billing.validation import (
    DEFAULT_VARIANCE_LIMIT,
    RuleResult,
    Severity,
    check_days_covered,
)
from shared.kernel.errors import Text


@dataclass(frozen=True)
class RatedPart:
    """The days of one version of the terms: what was rated, from what, to which lines."""

    terms: Terms
    period: Period
    activity: Activity
    lines: Sequence[ChargeLine]
    currency: str
    effective_date: date
    end_date: date | None

    @cached_property
    def recomputation(self) -> Recomputation:
        """The independent second calculation of these days."""
        return Recomputation(
            self.terms,
            currency=self.currency,
            effective_date=self.effective_date,
            end_date=self.end_date,
            period=self.period,
            activity=self.activity,
        )


@dataclass(frozen=True)
class Coverage:
    """The days that revenue was recorded for, where the amount came from the records."""

    needed: Period
    reported: Container[date]

    @property
    def is_complete(self) -> bool:
        """Whether no day lacks its report: each has its own, or each month has its sum."""
        return check_days_covered(self.needed, self.reported).passed


@dataclass(frozen=True)
class Subject:
    """One calculated or stored invoice, with all that its rules look at."""

    parts: Sequence[RatedPart]
    lines: Sequence[ChargeLine]
    totals: Totals
    currency: str
    period: Period
    invoice_date: date
    due_date: date
    payment_terms_days: int
    effective_date: date
    end_date: date | None
    registered: frozenset[str] = frozenset()
    coverage: Coverage | None = None
    measured: Decimal | None = None
    """What is compared with former periods; None for a contract of fixed amounts."""
    trailing: Sequence[Decimal] = ()
    """The same of up to six former periods, newest first."""
    variance_limit: Decimal = DEFAULT_VARIANCE_LIMIT
    corrections: frozenset[str] = field(default_factory=frozenset)


class Validator(ABC):
    """One rule. Its results name the rule, so several results may belong to it."""

    name: ClassVar[str]
    label: ClassVar[Text]
    about: ClassVar[Text]
    severity: ClassVar[Severity]
    fields: ClassVar[tuple[str, ...]]
    correction: ClassVar[str] = ""
    """The automatic correction that may mend a failure (`corrections`); empty for none."""

    ends: ClassVar[bool] = False
    """Whether the rules after it make no sense where it fails."""

    @abstractmethod
    def check(self, subject: Subject) -> Iterable[RuleResult]:
        """What the rule finds; nothing where it does not apply."""

    @property
    def is_critical(self) -> bool:
        """Whether the rule can neither be switched off nor be softened."""
        return self.severity is Severity.CRITICAL
