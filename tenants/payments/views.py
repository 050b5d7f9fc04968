"""Pages of payments: the list with what is unapplied, and its export."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import Paging, paginate
from shared.kernel.exports import csv_response
from shared.kernel.formats import currency_places
from tenants.payments import selectors
from tenants.payments.models import Payment

ROWS_A_PAGE = 50


@require_safe
def payment_list(request: ApiRequest) -> HttpResponse:
    """All payments, newest first."""
    page = paginate(
        _search(request),
        Paging(
            limit=ROWS_A_PAGE,
            cursor=request.GET.get("cursor") or None,
            ordering=request.GET.get("sort") or None,
        ),
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
        return redirect(f"{reverse('payment_list')}?q={code}")
    return redirect("invoice_detail", invoice_id=code)


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
                _in_cents(payment.amount, payment.currency),
                _in_cents(payment.unapplied, payment.currency),
                payment.currency,
            )
            for payment in batch
        ]


def _in_cents(amount: Decimal, currency: str) -> Decimal:
    """With the decimals of its currency; an amount of money has no more."""
    return amount.quantize(Decimal(1).scaleb(-currency_places(currency)))
