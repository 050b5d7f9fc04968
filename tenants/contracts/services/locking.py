"""What the services of contracts share: the lock, invoiced days, references for events."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.urls import reverse

from shared.kernel.errors import Conflict, FieldError, NotFound, Text
from shared.kernel.wording import worded as _
from tenants.contracts.models import Contract

if TYPE_CHECKING:  # invoices stand above contracts
    from tenants.invoices.models import Invoice

INVOICES_NAMED_MAX = 24


def lock_contract(contract_id: str) -> Contract:
    """The contract, locked until the transaction ends. Raises NotFound."""
    contract = (
        Contract.objects.select_for_update(of=("self",))
        .select_related("site")
        .filter(contract_id=contract_id)
        .first()
    )
    if contract is None:
        raise NotFound(_("There is no contract %(id)s.") % {"id": contract_id})
    return contract


def live_invoices_from(contract: Contract, day: date) -> "QuerySet[Invoice]":
    """The live regular invoices that cover the day or a later one, oldest first."""
    live = contract.invoices.filter(kind="regular", period_end__gte=day)
    return live.exclude(document_status="void").order_by("period_start")


def already_invoiced(invoices: "Sequence[Invoice]", field: str) -> Conflict:
    """The refusal of a change that reaches into invoiced days; it names the invoices."""
    message = _(
        "Days up to %(day)s are already invoiced under the old terms and keep them. "
        "Choose a later day, or record it all the same and recalculate those invoices."
    ) % {"day": invoices[-1].period_end}
    named = [
        {
            "invoice_id": invoice.invoice_id,
            "number": invoice.number,
            "start_date": invoice.period_start.isoformat(),
            "end_date": invoice.period_end.isoformat(),
        }
        for invoice in invoices[:INVOICES_NAMED_MAX]
    ]
    return Conflict(
        message, errors=[FieldError(field, "invoiced", message)], extra={"invoices": named}
    )


def ask_for_recalculation(contract: Contract, invoices: "Sequence[Invoice]", cause: Text) -> None:
    """Put each invoice before a person, who has it recalculated; asking again changes nothing."""
    from tenants.review.services import raise_item  # stands above contracts

    for invoice in invoices:
        raise_item(
            kind="recalculation",
            target=invoice,
            cause=cause,
            field="effective_date",
            link=reverse("invoice_detail", args=[invoice.invoice_id]),
            site_id=contract.site_id,
            details={"contract_id": contract.contract_id, "invoice_id": invoice.invoice_id},
        )


def reference(contract: Contract) -> dict[str, object]:
    """Contract and site, as events name them."""
    return {"contract_id": contract.contract_id, "site_id": contract.site.site_id}
