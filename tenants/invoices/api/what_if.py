"""`POST /api/v1/contracts/{contract_id}/preview`: draft terms tried on past periods."""

from datetime import date
from typing import Annotated, Any

from ninja import Router
from pydantic import Field

from billing.lines import ChargeLine
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.schemas import Money, Number, Schema, Worded
from shared.kernel.clock import today
from tenants.contracts.models import BillingFrequency, ContractType
from tenants.contracts.schemas import Configuration
from tenants.contracts.selectors import contract_by_code, current_terms
from tenants.contracts.services import TermsInput
from tenants.invoices.explanation import line_name
from tenants.invoices.services.what_if import PERIODS_MAX, Side, TriedPeriod, WhatIf, try_terms

preview_router = Router(tags=["Contracts"])


class PreviewIn(Schema):
    """Draft terms and how many past periods to try them on. Nothing is stored."""

    contract_type: ContractType
    billing_configuration: Configuration
    billing_frequency: BillingFrequency | None = None
    periods: Annotated[int, Field(ge=1, le=PERIODS_MAX)] = 12
    until: date | None = None


class PreviewLine(Schema):
    """One charge before tax."""

    code: str
    component: int | None
    description: str
    quantity: Number | None
    rate: Number | None
    amount: Money


class PreviewSide(Schema):
    """The lines of a period and their sum, before tax, less what was given back by hand."""

    lines: list[PreviewLine]
    credited: Money
    subtotal: Money


class PreviewPeriod(Schema):
    """A period as billed (or under the present terms), and under the draft ones."""

    start_date: date
    end_date: date
    invoice_id: str | None
    before: PreviewSide | None
    after: PreviewSide | None
    difference: Money | None
    problem: Worded


class PreviewOut(Schema):
    """Every period, oldest first; the totals are of the periods known both ways."""

    contract_id: str
    currency: str
    periods: list[PreviewPeriod]
    total_before: Money
    total_after: Money
    difference: Money


@preview_router.post("/{contract_id}/preview", response=PreviewOut)
def preview_terms(request: ApiRequest, contract_id: str, body: PreviewIn) -> Any:
    """Try draft terms on up to 24 past periods, beside what was billed. Writes nothing."""
    frequency = body.billing_frequency
    if frequency is None:
        contract = contract_by_code(actor=request.actor, contract_id=contract_id)
        frequency = BillingFrequency(current_terms(contract, today()).billing_frequency)
    tried = try_terms(
        actor=request.actor,
        contract_id=contract_id,
        terms=TermsInput(body.contract_type, body.billing_configuration, frequency),
        periods=body.periods,
        until=body.until,
    )
    return _answer(tried)


def _answer(tried: WhatIf) -> PreviewOut:
    return PreviewOut(
        contract_id=tried.contract.contract_id,
        currency=tried.contract.currency,
        periods=[_period(one) for one in tried.periods],
        total_before=tried.total_before,
        total_after=tried.total_after,
        difference=tried.difference,
    )


def _period(one: TriedPeriod) -> PreviewPeriod:
    return PreviewPeriod(
        start_date=one.period.start_date,
        end_date=one.period.end_date,
        invoice_id=one.invoice.invoice_id if one.invoice else None,
        before=_side(one.before),
        after=_side(one.after),
        difference=one.difference,
        problem=one.problem,
    )


def _side(side: Side | None) -> PreviewSide | None:
    if side is None:
        return None
    return PreviewSide(
        lines=[_line(line) for line in side.lines],
        credited=side.credited,
        subtotal=side.subtotal,
    )


def _line(line: ChargeLine) -> PreviewLine:
    return PreviewLine(
        code=line.code,
        component=line.component,
        description=line_name(line.code, line.subject),
        quantity=line.quantity,
        rate=line.rate,
        amount=line.amount,
    )
