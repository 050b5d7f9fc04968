"""What a billing run would make, without writing anything."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.periods import Frequency, Period, is_aligned
from billing.validation import RuleResult
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from tenants.contracts.models import Contract
from tenants.invoices.calculation import Calculation
from tenants.invoices.dating import check_ahead, misfit, usual_date
from tenants.invoices.explanation import check_as_json, check_text
from tenants.invoices.fixing import Fix, fix_for
from tenants.invoices.models import ErrorKind
from tenants.invoices.run_filters import EVERYTHING, RunFilters
from tenants.invoices.selectors.runs import (
    DueContract,
    billable_contracts,
    due_contracts,
    load_open_contexts,
    periods_due,
    unbilled_contracts,
)
from tenants.invoices.services.generation import calculate_open
from tenants.invoices.services.recovery import Problem, problem_of

CONTRACTS_MAX = 300  # about half a second


@dataclass(frozen=True)
class PreviewedContract:
    """A contract that the run would not bill, and why."""

    contract: Contract
    problem: Problem

    @property
    def fix(self) -> Fix:
        """Where a person mends it."""
        return fix_for(self.contract, field=self.problem.field, code=self.problem.code)


@dataclass(frozen=True)
class WarnedContract:
    """A contract that the run would bill with warnings."""

    contract: Contract
    warnings: Sequence[RuleResult]

    @property
    def texts(self) -> list[str]:
        """The warnings in words."""
        return [check_text(check_as_json(one), self.contract.currency) for one in self.warnings]


@dataclass(frozen=True)
class RunPreview:
    """What a run of the period would make, from the first CONTRACTS_MAX contracts of it.

    `due` and `unbilled` count all contracts; `unbilled` are those the run takes up.
    """

    due: int
    unbilled: int
    examined: int
    ready: int
    totals: dict[str, Decimal]
    failing: list[PreviewedContract]
    warned: list[WarnedContract]

    @property
    def billed_before(self) -> int:
        """Contracts that the run would pass over."""
        return self.due - self.unbilled

    @property
    def is_partial(self) -> bool:
        """Whether there are more contracts than were calculated."""
        return self.examined < self.unbilled


def preview_run(*, actor: Actor, period: Period, filters: RunFilters = EVERYTHING) -> RunPreview:
    """Calculate what is due and not billed yet; nothing is written or locked.

    `totals` are with tax, by currency, of the contracts calculated, which are at most
    CONTRACTS_MAX. Raises Invalid naming a filter or a period that is too far ahead.
    """
    authorize(actor, "invoices.generate")
    filters.check()
    check_ahead(period, usual_date(period))
    unbilled = unbilled_contracts(actor=actor, period=period, filters=filters)
    first = list(unbilled.order_by("pk").values_list("pk", flat=True)[:CONTRACTS_MAX])
    chosen = due_contracts(period, first)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    failing: list[PreviewedContract] = []
    warned: list[WarnedContract] = []
    ready = 0
    for frequency, own in periods_due(period).items():
        members = [one for one in chosen if one.frequency == frequency]
        outcomes = (
            _calculate_all(members, own)
            if is_aligned(frequency, period)
            else _misaligned(members, frequency)
        )
        for outcome in outcomes:
            if isinstance(outcome, PreviewedContract):
                failing.append(outcome)
            else:
                ready += 1
                contract = outcome.context.contract
                totals[contract.currency] += outcome.totals.total
                if outcome.warnings:
                    warned.append(WarnedContract(contract, outcome.warnings))
    return RunPreview(
        due=billable_contracts(period, filters).count(),
        unbilled=unbilled.count(),
        examined=len(chosen),
        ready=ready,
        totals=dict(sorted(totals.items())),
        failing=failing,
        warned=warned,
    )


def _calculate_all(
    contracts: Sequence[DueContract], own: Period
) -> Iterator[Calculation | PreviewedContract]:
    for context, stretches in load_open_contexts(contracts, own):
        try:
            yield calculate_open(context, stretches)
        except AppError as error:
            yield PreviewedContract(context.contract, problem_of(error))


def _misaligned(
    contracts: Sequence[DueContract], frequency: Frequency
) -> Iterator[PreviewedContract]:
    kind, reason = ErrorKind.DATA_VALIDATION, misfit(frequency)
    problem = Problem(kind, "not_aligned", reason, "billing_period")
    rows = Contract.objects.filter(pk__in=[one.pk for one in contracts]).select_related("site")
    for contract in rows.order_by("pk"):
        yield PreviewedContract(contract, problem)
