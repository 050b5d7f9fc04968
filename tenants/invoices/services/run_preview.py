"""What a billing run would make, without writing anything."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from tenants.contracts.models import Contract
from tenants.invoices.calculation import Calculation, calculate
from tenants.invoices.fixing import Fix, fix_for
from tenants.invoices.run_filters import EVERYTHING, RunFilters
from tenants.invoices.selectors import load_contexts
from tenants.invoices.selectors.runs import (
    billable_contracts,
    periods_due,
    unbilled_contracts,
)
from tenants.invoices.services.generation import refuse_blocked
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
    CONTRACTS_MAX.
    """
    authorize(actor, "invoices.generate")
    filters.check()
    unbilled = unbilled_contracts(actor=actor, period=period, filters=filters)
    chosen = list(unbilled.order_by("pk").values_list("pk", "frequency")[:CONTRACTS_MAX])
    totals: dict[str, Decimal] = defaultdict(Decimal)
    failing: list[PreviewedContract] = []
    ready = 0
    for frequency, own in periods_due(period).items():
        members = [pk for pk, its in chosen if its == frequency]
        for outcome in _calculate_all(members, own):
            if isinstance(outcome, PreviewedContract):
                failing.append(outcome)
            else:
                ready += 1
                totals[outcome.context.contract.currency] += outcome.totals.total
    return RunPreview(
        due=billable_contracts(period, filters).count(),
        unbilled=unbilled.count(),
        examined=len(chosen),
        ready=ready,
        totals=dict(sorted(totals.items())),
        failing=failing,
    )


def _calculate_all(
    contract_pks: Sequence[UUID], period: Period
) -> list[Calculation | PreviewedContract]:
    outcomes: list[Calculation | PreviewedContract] = []
    for context in load_contexts(contract_pks, period, on=period.end_date, lock=False):
        try:
            calculation = calculate(context, period)
            refuse_blocked(calculation)
        except AppError as error:
            outcomes.append(PreviewedContract(context.contract, problem_of(error)))
        else:
            outcomes.append(calculation)
    return outcomes
