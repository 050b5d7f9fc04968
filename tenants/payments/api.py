"""`/api/v1/payments` and `/api/v1/receivables`: money received, what is owed, what is expected."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile

from billing.application import ALL_RULES
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import Page, Paging, paginate
from shared.kernel.clock import today
from tenants.invoices.models import Invoice
from tenants.payments import selectors, services
from tenants.payments.schemas.payments import (
    ApplyCreditIn,
    ApplyIn,
    AssignIn,
    CreditNoteOut,
    FileLineOut,
    FileOut,
    LineFilters,
    PaymentFilters,
    PaymentIn,
    PaymentOut,
    PaymentRowOut,
    RefundIn,
    RefundOut,
    ReverseIn,
    ShareOut,
    UnapplyIn,
    UndoRefundIn,
)
from tenants.payments.schemas.receivables import (
    AgeingFilters,
    AgeingOut,
    AgeingRowOut,
    ExpectedCashOut,
    ItemFilters,
    OpenItemOut,
)
from tenants.payments.selectors import files as file_selectors
from tenants.payments.services import files, online_events
from tenants.structure.selectors import default_entity

payments_router = Router(tags=["Payments"])
receivables_router = Router(tags=["Receivables"])
platform_router = Router(tags=["Payments"])  # of the bare domain


@payments_router.post("", response={200: PaymentOut, 201: PaymentOut})
def record_payment(request: ApiRequest, body: PaymentIn) -> Any:
    """Record money received from a customer.

    It is applied to `invoices` where they are named; else by the first rule that finds any: the
    reference names them, the amount is exactly what one or a few have open, the oldest due date.
    What is left over is unapplied credit. The same `transaction_id` again has no effect: 200.
    """
    receipt = services.record_customer_payment(
        actor=request.actor,
        customer_id=body.customer_id,
        given=services.PaymentInput(
            amount=body.amount,
            currency=body.currency or default_entity().currency,
            received_on=body.received_on,
            method=body.method,
            reference=body.reference,
            payer=body.payer,
            transaction_id=body.transaction_id or None,
        ),
        parts=[part.part() for part in body.invoices or ()],
        rules=ALL_RULES if body.apply == "automatic" else (),
    )
    return Status(201 if receipt.created else 200, _whole(request, receipt.payment.payment_id))


@payments_router.get("", response=Page[PaymentRowOut])
def list_payments(request: ApiRequest, filters: Query[PaymentFilters]) -> Any:
    """Payments, newest first."""
    found = selectors.search_payments(
        actor=request.actor,
        text=filters.q,
        method=filters.method,
        customer_id=filters.customer_id,
        unapplied_only=filters.unapplied,
    )
    page = paginate(found, filters, orderings=("received_on", "amount"), default="-received_on")
    items = [PaymentRowOut(**PaymentRowOut.values(row)) for row in page.items]
    return {"items": items, "next": page.next}


@payments_router.post("/import", response={200: FileOut, 201: FileOut})
def import_payments(request: ApiRequest, file: File[UploadedFile]) -> Any:
    """Read a bank's or a person's file and match its lines; nothing is recorded before `apply`.

    CSV whose first line names its columns (English or French: date, amount, reference, payer,
    transaction id, currency), OFX or QFX, CAMT.053, MT940; by content, at most 5 MiB and 5,000
    lines. The same file again is the same import: 200.
    """
    found, created = files.preview_file(
        actor=request.actor, name=file.name or "", content=file.read(files.BYTES_MAX + 1)
    )
    return Status(201 if created else 200, FileOut.of(found)[0])


@payments_router.get("/imports", response=Page[FileOut])
def list_payment_files(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Files brought in, newest first."""
    found = file_selectors.payment_files(actor=request.actor)
    page = paginate(found, paging, orderings=("created_at",), default="-created_at")
    return {"items": FileOut.of(*page.items), "next": page.next}


@payments_router.get("/imports/{uuid:file_id}", response=FileOut)
def get_payment_file(request: ApiRequest, file_id: UUID) -> Any:
    """How many lines of a file are matched, unmatched, recorded."""
    file = file_selectors.payment_file(actor=request.actor, file_id=file_id)
    return FileOut.of(file)[0]


@payments_router.get("/imports/{uuid:file_id}/lines", response=Page[FileLineOut])
def list_payment_file_lines(request: ApiRequest, file_id: UUID, filters: Query[LineFilters]) -> Any:
    """The lines of a file in its order."""
    file = file_selectors.payment_file(actor=request.actor, file_id=file_id)
    found = file_selectors.file_lines(actor=request.actor, file=file, status=filters.status or "")
    page = paginate(found, filters, orderings=("position",), default="position")
    return {"items": [FileLineOut.of(one) for one in page.items], "next": page.next}


@payments_router.post("/imports/{uuid:file_id}/apply", response={202: FileOut})
def apply_payment_file(request: ApiRequest, file_id: UUID) -> Any:
    """Record the matched lines in the background; what is not matched goes to manual review."""
    file = files.start_application(actor=request.actor, file_id=file_id)
    return Status(202, FileOut.of(file)[0])


@payments_router.post("/import-lines/{uuid:line_id}/assign", response=FileLineOut)
def assign_payment_file_line(request: ApiRequest, line_id: UUID, body: AssignIn) -> Any:
    """Record an unmatched line as a payment of a customer."""
    return FileLineOut.of(
        files.assign_line(actor=request.actor, line_id=line_id, customer_id=body.customer_id)
    )


@payments_router.post("/import-lines/{uuid:line_id}/dismiss", response=FileLineOut)
def dismiss_payment_file_line(request: ApiRequest, line_id: UUID) -> Any:
    """Leave an unmatched line out: it is no customer's payment."""
    return FileLineOut.of(files.dismiss_line(actor=request.actor, line_id=line_id))


@payments_router.post("/online/events", auth=None, response={202: None})
def receive_online_event(request: HttpRequest) -> Any:
    """Stripe tells here what happened, with its signature; it is dealt with afterwards."""
    online_events.receive_event(
        payload=request.body, signature=request.headers.get("Stripe-Signature", "")[:1_000]
    )
    return Status(202, None)


@platform_router.post("/stripe/connect-events", auth=None, response={202: None})
def receive_linked_event(request: HttpRequest) -> Any:
    """Stripe tells here, signed, what happened in any account it was given access to."""
    online_events.receive_linked_event(
        payload=request.body, signature=request.headers.get("Stripe-Signature", "")[:1_000]
    )
    return Status(202, None)


@payments_router.post("/credit-notes/{invoice_id}/apply", response=CreditNoteOut)
def apply_credit_note(request: ApiRequest, invoice_id: str, body: ApplyCreditIn) -> Any:
    """Let an open credit note settle invoices of the same customer."""
    parts = [part.part() for part in body.invoices]
    note = services.apply_credit_note(actor=request.actor, credit_note_id=invoice_id, parts=parts)
    return _credit_note(note)


@payments_router.post("/credit-notes/{invoice_id}/unapply", response=list[ShareOut])
def unapply_credit_note(request: ApiRequest, invoice_id: str) -> Any:
    """Take a credit note back from the invoices that it settles; negative amounts say what."""
    made = services.unapply_credit_note(actor=request.actor, credit_note_id=invoice_id)
    return [
        ShareOut(
            invoice_id=one.invoice.invoice_id, amount=one.amount, rule=one.rule, rule_detail=""
        )
        for one in made
    ]


@payments_router.post("/credit-notes/{invoice_id}/refund", response={201: RefundOut})
def refund_credit_note(request: ApiRequest, invoice_id: str, body: RefundIn) -> Any:
    """Pay out what a credit note still gives."""
    refund = services.refund_credit_note(
        actor=request.actor, credit_note_id=invoice_id, given=_refund(body)
    )
    return Status(201, RefundOut.of(refund))


@payments_router.get("/{payment_id}", response=PaymentOut)
def get_payment(request: ApiRequest, payment_id: str) -> Any:
    """One payment with what it settled and what went back."""
    return _whole(request, payment_id)


@payments_router.get("/{payment_id}/suggestions", response=list[ShareOut])
def suggest_invoices(request: ApiRequest, payment_id: str) -> Any:
    """What the rules would do with the unapplied part; nothing is changed."""
    payment = selectors.get_payment(actor=request.actor, payment_id=payment_id)
    return [
        ShareOut(invoice_id=one.key, amount=one.amount, rule=one.rule.value, rule_detail=one.detail)
        for one in services.propose_shares(payment)
    ]


@payments_router.post("/{payment_id}/apply", response=PaymentOut)
def apply_payment(request: ApiRequest, payment_id: str, body: ApplyIn) -> Any:
    """Apply the unapplied part to the invoices named, else by rule."""
    if body.invoices:
        parts = [part.part() for part in body.invoices]
        services.apply_to_invoices(actor=request.actor, payment_id=payment_id, parts=parts)
    else:
        services.apply_automatically(actor=request.actor, payment_id=payment_id)
    return _whole(request, payment_id)


@payments_router.post("/{payment_id}/unapply", response=PaymentOut)
def unapply_payment(request: ApiRequest, payment_id: str, body: UnapplyIn) -> Any:
    """Take the payment back from the invoices named, else from all; it is unapplied again."""
    services.unapply(actor=request.actor, payment_id=payment_id, invoice_ids=body.invoice_ids)
    return _whole(request, payment_id)


@payments_router.post("/{payment_id}/refund", response={201: RefundOut})
def refund_payment(request: ApiRequest, payment_id: str, body: RefundIn) -> Any:
    """Give back what of the payment no invoice has taken."""
    refund = services.refund_payment(
        actor=request.actor, payment_id=payment_id, given=_refund(body)
    )
    return Status(201, RefundOut.of(refund))


@payments_router.post("/refunds/{refund_id}/undo", response=RefundOut)
def undo_refund(request: ApiRequest, refund_id: str, body: UndoRefundIn) -> Any:
    """Take a refund back; the answer is the row that undoes it. Again it changes nothing."""
    undone = services.undo_refund(actor=request.actor, refund_id=refund_id, reason=body.reason)
    return RefundOut.of(undone)


@payments_router.post("/{payment_id}/reverse", response=PaymentOut)
def reverse_payment(request: ApiRequest, payment_id: str, body: ReverseIn) -> Any:
    """Undo a payment that bounced, was charged back or recorded by mistake."""
    services.reverse_payment(actor=request.actor, payment_id=payment_id, reason=body.reason)
    return _whole(request, payment_id)


@receivables_router.get("/ageing", response=AgeingOut)
def get_ageing(request: ApiRequest, filters: Query[AgeingFilters]) -> Any:
    """What customers owed at the end of a day, by how late it was; who owes most first."""
    on = filters.on or today()
    rows = selectors.ageing(
        actor=request.actor,
        by=filters.by,
        on=on,
        text=filters.q,
        first=filters.first,
        limit=filters.limit + 1,
    )
    more = len(rows) > filters.limit
    totals = selectors.ageing_totals(actor=request.actor, on=on)
    return AgeingOut(
        on=on,
        by=filters.by.value,
        totals=[AgeingRowOut.of(row) for row in totals],
        items=[AgeingRowOut.of(row) for row in rows[: filters.limit]],
        next=str(filters.first + filters.limit) if more else None,
    )


@receivables_router.get("/ageing/items", response=Page[OpenItemOut])
def list_open_items(request: ApiRequest, filters: Query[ItemFilters]) -> Any:
    """The documents behind a row of the ageing, or behind one of its buckets."""
    found = selectors.open_items(
        actor=request.actor,
        by=filters.by,
        code=filters.code,
        on=filters.on or today(),
        bucket=filters.bucket,
    )
    page = paginate(found, filters, orderings=("due_date", "invoice_date"), default="due_date")
    return {"items": [OpenItemOut.of(row) for row in page.items], "next": page.next}


@receivables_router.get("/expected-cash", response=ExpectedCashOut)
def get_expected_cash(request: ApiRequest) -> Any:
    """The cash to expect by week: due dates moved by each customer's own paying habit."""
    return ExpectedCashOut.of(selectors.expected_cash(actor=request.actor, on=today()))


def _whole(request: ApiRequest, payment_id: str) -> PaymentOut:
    payment = selectors.get_payment(actor=request.actor, payment_id=payment_id)
    gains = selectors.realised_differences(actor=request.actor, payment=payment)
    return PaymentOut.of(payment, gains)


def _refund(body: RefundIn) -> services.RefundInput:
    return services.RefundInput(
        amount=body.amount,
        method=body.method,
        reason=body.reason,
        refunded_on=body.refunded_on,
        transaction_id=body.transaction_id,
    )


def _credit_note(note: Invoice) -> CreditNoteOut:
    return CreditNoteOut(
        invoice_id=note.invoice_id,
        number=note.number,
        currency=note.currency,
        left=max(-note.balance_due, Decimal(0)),
    )
