"""Pages of payments: list and export, one payment with all that can be done to it, receiving."""

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.application import ALL_RULES
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.exports import csv_response, in_cents
from shared.kernel.forms import add_errors, carried_out, form_page
from tenants.payments import presentation, services
from tenants.payments.forms import ReasonForm, ReceiveForm, RefundForm
from tenants.payments.models import Payment
from tenants.payments.refund_page import payment_refunds
from tenants.payments.selectors import listing as selectors
from tenants.sites.models import Customer

CUSTOMERS_OFFERED = 500


@require_safe
def payment_list(request: ApiRequest) -> HttpResponse:
    """All payments, newest first."""
    page = paginate(
        selectors.naming_few_invoices(_search(request)),
        paging_of(request),
        orderings=("received_on", "amount"),
        default="-received_on",
    )
    context = {
        "page": page,
        "methods": Payment.Method.choices,
        "is_filtered": any(request.GET.get(name) for name in ("q", "method", "unapplied")),
        "query": request.GET.urlencode(),
    }
    return render(request, "payments/list.html", context)


@require_safe
def payment_export(request: ApiRequest) -> StreamingHttpResponse:
    """The payments that the list shows, all of them, as CSV."""
    header = (
        _("Payment"),
        _("Received on"),
        _("Customer"),
        _("Method"),
        _("Transaction number"),
        _("Invoices"),
        _("Amount"),
        _("Unapplied"),
        _("Currency"),
    )
    return csv_response("payments.csv", header, _rows(_search(request)))


@require_safe
def ledger_document(request: ApiRequest, key: UUID) -> HttpResponse:
    """From an entry of the journal to the document that it belongs to."""
    code, is_payment = selectors.ledger_document(actor=request.actor, key=key)
    if is_payment:
        return redirect("payment_detail", payment_id=code)
    return redirect("invoice_detail", invoice_id=code)


@require_http_methods(["GET", "HEAD", "POST"])
def payment_new(request: ApiRequest) -> HttpResponse:
    """Receive a payment; a refused one keeps what was typed."""
    authorize(request.actor, "payments.write")  # before the form, which names customers
    if request.method != "POST":
        initial = ReceiveForm.initial_of(request.GET.get("customer", "")[:20])
        return _receive(request, ReceiveForm(initial=initial))
    form = ReceiveForm(request.POST)
    if not form.is_valid():
        return _receive(request, form)
    data = form.cleaned_data
    try:
        receipt = services.record_customer_payment(
            actor=request.actor,
            customer_id=data["customer_id"].strip().upper(),
            given=services.PaymentInput(
                amount=data["amount"],
                currency=data["currency"],
                received_on=data["received_on"],
                method=data["method"],
                reference=data["reference"],
                transaction_id=data["transaction_id"] or None,
            ),
            rules=ALL_RULES if data["automatic"] else (),
        )
    except AppError as error:
        if error.status == 404:
            form.add_error("customer_id", str(error.detail))
        else:
            add_errors(form, error, {})
        return _receive(request, form)
    told = _("The payment was recorded.") if receipt.created else _("It was recorded before.")
    messages.success(request, told)
    return redirect("payment_detail", payment_id=receipt.payment.payment_id)


@require_safe
def payment_detail(request: ApiRequest, payment_id: str) -> HttpResponse:
    """One payment: what it settled and why, what is left, what went back."""
    return _detail(request, payment_id)


@require_POST
def payment_apply(request: ApiRequest, payment_id: str) -> HttpResponse:
    """Apply by rule, or what was typed beside each invoice."""
    authorize(request.actor, "payments.write")

    def work() -> str:
        if "automatic" in request.POST:
            made = services.apply_automatically(actor=request.actor, payment_id=payment_id)
            return _("The payment was applied.") if made else _("No rule found an invoice.")
        services.apply_to_invoices(
            actor=request.actor, payment_id=payment_id, parts=_parts(request)
        )
        return _("The payment was applied.")

    return _try(request, payment_id, work)


@require_POST
def payment_unapply(request: ApiRequest, payment_id: str) -> HttpResponse:
    """Take the payment back from one invoice."""
    authorize(request.actor, "payments.write")

    def work() -> str:
        services.unapply(
            actor=request.actor,
            payment_id=payment_id,
            invoice_ids=request.POST.getlist("invoice_id")[:1],
        )
        return _("The payment was taken back; it is unapplied again.")

    return _try(request, payment_id, work)


@require_POST
def payment_refund(request: ApiRequest, payment_id: str) -> HttpResponse:
    """Give back what is unapplied; a refused refund keeps what was typed."""
    authorize(request.actor, "payments.refund")
    form = RefundForm(request.POST, auto_id="refund_%s")
    refund = partial(services.refund_payment, actor=request.actor, payment_id=payment_id)
    if carried_out(form, lambda: refund(given=form.given)):
        messages.success(request, _("The refund was recorded."))
        return redirect("payment_detail", payment_id=payment_id)
    return _detail(request, payment_id, refund_form=form)


@require_POST
def payment_refund_undo(request: ApiRequest, payment_id: str, refund_id: str) -> HttpResponse:
    """Take a refund back: what it gave stands unapplied again."""
    authorize(request.actor, "payments.refund")

    def work() -> str:
        reason = request.POST.get(f"{refund_id}-reason", "")
        services.undo_refund(actor=request.actor, refund_id=refund_id, reason=reason)
        return _("The refund was taken back; the money is unapplied again.")

    return _try(request, payment_id, work)


@require_POST
def payment_reverse(request: ApiRequest, payment_id: str) -> HttpResponse:
    """Undo the payment and everything it settled."""
    authorize(request.actor, "payments.refund")
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            services.reverse_payment(
                actor=request.actor, payment_id=payment_id, reason=form.cleaned_data["reason"]
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The payment was reversed; its invoices are open again."))
            return redirect("payment_detail", payment_id=payment_id)
    return _detail(request, payment_id, reverse_form=form)


def _detail(
    request: ApiRequest,
    payment_id: str,
    refund_form: RefundForm | None = None,
    reverse_form: ReasonForm | None = None,
    problem: AppError | None = None,
) -> HttpResponse:
    payment = selectors.get_payment(actor=request.actor, payment_id=payment_id)
    gains = selectors.realised_differences(actor=request.actor, payment=payment)
    page = paginate(
        selectors.allocations_of(payment),
        paging_of(request),
        orderings=("created_at",),
        default="created_at",
    )
    context = {
        **presentation.payment_context(payment, page.items, gains, request.POST),
        "page": page,
        "crumbs": [(_("Payments"), reverse("payment_list")), (payment.payment_id, None)],
        "may_apply": request.actor.may("payments.write"),
        **payment_refunds(request.actor, payment, unapplied=payment.unapplied, form=refund_form),
        "reverse_form": reverse_form or ReasonForm(),
        "history": presentation.payment_history(request.actor, payment),
        "problem": problem,
    }
    failed = bool(refund_form or reverse_form or problem)
    return render(request, "payments/detail.html", context, status=422 if failed else 200)


def _try(request: ApiRequest, payment_id: str, work: Callable[[], str]) -> HttpResponse:
    """Do it and say so; what is refused stands on the payment's page with its reason."""
    try:
        told = work()
    except AppError as error:
        if error.status not in (409, 422):
            raise
        return _detail(request, payment_id, problem=error)
    messages.success(request, told)
    return redirect("payment_detail", payment_id=payment_id)


def _parts(request: ApiRequest) -> list[services.Part]:
    """The amounts typed beside invoices; what is no number is refused as zero is."""
    parts = []
    for name, value in request.POST.items():
        typed = str(value).strip().replace(",", ".")
        if not name.startswith("amount-") or not typed:
            continue
        try:
            amount = Decimal(typed)
        except InvalidOperation:
            amount = Decimal(0)
        parts.append(services.Part(name.removeprefix("amount-"), amount))
    return parts


def _receive(request: ApiRequest, form: ReceiveForm) -> HttpResponse:
    customers = Customer.objects.order_by("name", "pk")[:CUSTOMERS_OFFERED]
    return form_page(
        request,
        "payments/new.html",
        form,
        above=[(_("Payments"), reverse("payment_list"))],
        title=_("Receive a payment"),
        sub=_("What no invoice takes stays as the customer's credit."),
        customers=customers,
    )


def _search(request: ApiRequest) -> "QuerySet[selectors.PaymentRow]":
    return selectors.search_payments(
        actor=request.actor,
        text=request.GET.get("q", "")[:100],
        method=request.GET.get("method", ""),
        unapplied_only=bool(request.GET.get("unapplied")),
    )


def _rows(found: "QuerySet[selectors.PaymentRow]") -> Iterator[list[tuple[Any, ...]]]:
    for batch in selectors.payment_batches(found):
        yield [
            (
                payment.payment_id,
                payment.received_on,
                payment.customer.name,
                payment.method,
                payment.transaction_id,
                " ".join(str(part.invoice) for part in payment.allocations.all()),
                in_cents(payment.amount, payment.currency),
                in_cents(payment.unapplied, payment.currency),
                payment.currency,
            )
            for payment in batch
        ]
