"""`/api/v1/billing/invoices/{invoice_id}/…`: approve, credit, recalculate, remake, void, write off.

Source: `api.md` (from invoice generation), `domain.md` 6.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.audit.models import Entry
from shared.audit.selectors import EntryFilter, list_entries, payload_of
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.invoices import selectors, services
from tenants.invoices.api.answering import answer
from tenants.invoices.correction_page import kept_sentence
from tenants.invoices.explanation import line_name
from tenants.invoices.schemas import (
    CreditIn,
    InvoiceActOut,
    InvoiceOut,
    RecalculateIn,
    RecalculationOut,
    ReleaseIn,
    RemakeIn,
    VoidIn,
    WriteOffIn,
)
from tenants.payments.services import undo_write_off, write_off_invoice

corrections_router = Router(tags=["Billing"])


@corrections_router.post("/invoices/{invoice_id}/approve", response=InvoiceOut)
def approve_invoice(request: ApiRequest, response: HttpResponse, invoice_id: str) -> Any:
    """Approve a checked draft, so that it can be issued."""
    services.approve_invoice(
        actor=request.actor, invoice_id=invoice_id, expected_revision=expected_revision(request)
    )
    return answer(request.actor, response, invoice_id)


@corrections_router.post("/invoices/{invoice_id}/credit", response={201: InvoiceOut})
def credit_invoice(
    request: ApiRequest, response: HttpResponse, invoice_id: str, body: CreditIn
) -> Any:
    """Draft a credit note; issued at once where asked, which applies it to the invoice."""
    note = services.credit_invoice(
        actor=request.actor,
        invoice_id=invoice_id,
        reason=body.reason,
        amount=body.amount,
        lines=[services.LineCredit(one.position, one.amount, one.quantity) for one in body.lines],
        invoice_date=body.invoice_date,
        expected_revision=expected_revision(request),
    )
    if body.issue:
        services.issue_invoice(actor=request.actor, invoice_id=note.invoice_id)
    return Status(201, answer(request.actor, response, note.invoice_id))


@corrections_router.post(
    "/invoices/{invoice_id}/recalculate", response={200: RecalculationOut, 201: RecalculationOut}
)
def recalculate_invoice(
    request: ApiRequest, response: HttpResponse, invoice_id: str, body: RecalculateIn
) -> Any:
    """Calculate the period again; 201 with the draft of the difference, 200 where there is none
    or it was drafted before."""
    made = services.recalculate_invoice(
        actor=request.actor,
        invoice_id=invoice_id,
        billing_data=body.billing_data,
        invoice_date=body.invoice_date,
        expected_revision=expected_revision(request),
    )
    draft = made.correction
    shown = {
        "result": draft.kind if draft else "unchanged",
        "difference": made.difference,
        "credit_kept": made.given,
        "note": kept_sentence(made.given, made.original.currency),
        "lines": [
            {
                "code": line.code,
                "component": line.component,
                "description": line_name(line.code, line.subject),
                "billed": line.billed,
                "calculated": line.calculated,
                "difference": line.difference,
            }
            for line in made.lines
        ],
        "correction": answer(request.actor, response, draft.invoice_id) if draft else None,
    }
    return Status(201 if made.created else 200, shown)


@corrections_router.post("/invoices/{invoice_id}/remake", response={201: InvoiceOut})
def remake_draft(
    request: ApiRequest, response: HttpResponse, invoice_id: str, body: RemakeIn
) -> Any:
    """Replace a draft by a new one of the same period, of another day or with newer figures."""
    made = services.remake_draft(
        actor=request.actor,
        invoice_id=invoice_id,
        invoice_date=body.invoice_date,
        expected_revision=expected_revision(request),
    )
    return Status(201, answer(request.actor, response, made.invoice_id))


@corrections_router.post("/invoices/{invoice_id}/void", response=InvoiceOut)
def void_invoice(request: ApiRequest, response: HttpResponse, invoice_id: str, body: VoidIn) -> Any:
    """Void an issued document that nothing has happened to; its period is free again."""
    services.void_invoice(
        actor=request.actor,
        invoice_id=invoice_id,
        reason=body.reason,
        expected_revision=expected_revision(request),
    )
    return answer(request.actor, response, invoice_id)


@corrections_router.post("/invoices/{invoice_id}/write-off", response=InvoiceOut)
def write_off(
    request: ApiRequest, response: HttpResponse, invoice_id: str, body: WriteOffIn
) -> Any:
    """Give up a part of what is open, or all of it."""
    write_off_invoice(
        actor=request.actor,
        invoice_id=invoice_id,
        reason=body.reason,
        amount=body.amount,
        on=body.on,
        expected_revision=expected_revision(request),
    )
    return answer(request.actor, response, invoice_id)


@corrections_router.post(
    "/invoices/{invoice_id}/write-offs/{write_off_id}/undo", response=InvoiceOut
)
def undo_written_off(
    request: ApiRequest, response: HttpResponse, invoice_id: str, write_off_id: UUID
) -> Any:
    """Take a write-off back: the amount is open again."""
    undo_write_off(actor=request.actor, invoice_id=invoice_id, write_off_id=write_off_id)
    return answer(request.actor, response, invoice_id)


@corrections_router.get("/invoices/{invoice_id}/audit", response=Page[InvoiceActOut])
def list_invoice_acts(request: ApiRequest, invoice_id: str, paging: Query[Paging]) -> Any:
    """Who did what to the invoice, newest first."""
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    found = list_entries(actor=request.actor, wanted=EntryFilter(object=str(invoice.pk)))
    page = paginate(found, paging, orderings=("sequence",), default="-sequence")
    return {"items": [_act(entry) for entry in page.items], "next": page.next}


@corrections_router.post("/holdback-releases", response={201: InvoiceOut})
def release_holdback(request: ApiRequest, response: HttpResponse, body: ReleaseIn) -> Any:
    """Draft the invoice of what is held back, taxed at its own day; issued where asked.

    Before the lien period has run only with `early` and a reason.
    """
    draft = services.release_holdback(
        actor=request.actor,
        contract_id=body.contract_id,
        invoice_ids=body.invoice_ids,
        on=body.on,
        early=body.early,
        reason=body.reason,
    )
    if body.issue:
        services.issue_invoice(actor=request.actor, invoice_id=draft.invoice_id)
    return Status(201, answer(request.actor, response, draft.invoice_id))


def _act(entry: Entry) -> dict[str, Any]:
    payload = payload_of(entry)
    return {
        "at": entry.at,
        "actor": entry.actor_label,
        "action": entry.action,
        "before": payload.get("before"),
        "after": payload.get("after"),
    }
