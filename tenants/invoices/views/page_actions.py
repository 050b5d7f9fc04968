"""What the buttons of an invoice's page have in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from shared.kernel.api.auth import ApiRequest
from shared.kernel.errors import Conflict, Invalid


def on_invoice_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A refusal is told on the invoice's page, where the button was."""

    @wraps(view)
    def told(request: ApiRequest, invoice_id: str, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, invoice_id=invoice_id, **kwargs)
        except (Conflict, Invalid) as refused:
            texts = [str(one.message) for one in refused.errors] or [str(refused.detail)]
            messages.error(request, " ".join(texts))
            return redirect("invoice_detail", invoice_id=invoice_id)

    return told
