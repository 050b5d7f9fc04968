"""What went wrong with a contract in a run: its kind, its words, and who looks at it.

Data errors are corrected where that is safe (`calculation.calculate` tries once), else a person
is asked. Calculation errors are calculated afresh once before. Template errors are the
documents' (they fall back to the default template and say so); distribution errors are tried
again with growing pauses before a person is asked. Source: seed 001, error handling.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.errors import AppError
from shared.kernel.wording import Wording, joined
from shared.kernel.wording import worded as _
from tenants.contracts.models import Contract
from tenants.invoices.fixing import fix_for
from tenants.invoices.models import BillingRunItem, ErrorKind
from tenants.review.services import NewItem, close_many, raise_items

CODE_LENGTH = 60
FIELD_LENGTH = 200
# Checks that only fail where the engine itself is wrong.
CALCULATION_CHECKS = frozenset(
    {"lines_add_up", "calculation_agrees", "guarantee_and_cap", "rates_equal_contract"}
)
_INPUT_NAMES = {
    "billing_data.revenue_amount": _("Revenue"),
    "billing_data.labor_hours": _("Hours"),
    "billing_data.labor": _("Hours"),
    "billing_data.costs": _("Costs"),
}


@dataclass(frozen=True)
class Problem:
    """Why a contract was not billed, for a person."""

    kind: str
    code: str
    reason: Wording
    field: str = ""


def problem_of(error: Exception) -> Problem:
    """The kind and words of whatever a calculation or its storing raised."""
    if not isinstance(error, AppError):
        name = type(error).__name__
        reason = _("Something unexpected happened (%(name)s); it was logged.") % {"name": name}
        return Problem(ErrorKind.CALCULATION, name[:CODE_LENGTH], reason)
    codes = [problem.code for problem in error.errors] or [error.code]
    is_ours = not CALCULATION_CHECKS.isdisjoint(codes)
    return Problem(
        kind=ErrorKind.CALCULATION if is_ours else ErrorKind.DATA_VALIDATION,
        code=codes[0][:CODE_LENGTH],
        reason=reason_of(error),
        field=error.errors[0].field[:FIELD_LENGTH] if error.errors else "",
    )


def reason_of(error: AppError) -> Wording:
    """What is wrong with each input, by its name, else what the error says as a whole."""
    messages = [
        _("%(label)s: %(value)s") % {"label": _INPUT_NAMES[problem.field], "value": problem.message}
        if problem.field in _INPUT_NAMES
        else problem.message
        for problem in error.errors
    ]
    return joined(messages or [error.detail])


def review_id(contract_pk: UUID, period: Period) -> UUID:
    """One review for a contract and period, whichever run fails at it."""
    return uuid5(contract_pk, f"{period.start_date}:{period.end_date}")


def ask_for_review(items: Iterable[tuple[BillingRunItem, Contract, Period]]) -> None:
    """Put failed items into manual review, with cause, field and the page that mends them."""
    raise_items(
        [
            NewItem(
                kind=item.error_kind,
                target_type=contract._meta.label_lower,
                target_id=review_id(contract.pk, period),
                target_label=f"{contract.contract_id} · {contract.site.name}",
                site_id=contract.site_id,
                cause=item.reason,
                field=item.field,
                link=fix_for(contract, field=item.field, code=item.code).url,
                details={
                    "contract_id": contract.contract_id,
                    "site_id": contract.site.site_id,
                    "period_start": str(period.start_date),
                    "period_end": str(period.end_date),
                    "run_id": str(item.run_id),
                    "code": item.code,
                },
            )
            for item, contract, period in items
        ]
    )


def close_reviews(*, actor: Actor, billed: Sequence[tuple[UUID, Period]]) -> None:
    """Close what waited for these contracts to be billed, because they now are."""
    close_many(
        actor=actor,
        kinds=(ErrorKind.DATA_VALIDATION, ErrorKind.CALCULATION),
        target_ids=[review_id(contract_pk, period) for contract_pk, period in billed],
        note=_("Billed."),
    )
