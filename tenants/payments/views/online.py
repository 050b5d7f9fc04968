"""The page on which the organisation's Stripe account is connected."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shared.kernel.api.auth import ApiRequest
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.payments.forms import OnlineForm
from tenants.payments.selectors.online import online_account, online_payments
from tenants.payments.services import online as services

SHOWN_MAX = 20


@require_http_methods(["GET", "HEAD", "POST"])
def online_settings(request: ApiRequest) -> HttpResponse:
    """Connect, change, disconnect; what was tried lately."""
    account = online_account(actor=request.actor)
    if "disconnect" in request.POST:
        services.disconnect_account(actor=request.actor)
        messages.success(request, _("Payments online are off."))
        return redirect("online_settings")
    initial = {
        "account_id": account.account_id if account else "",
        "card": account.card if account else True,
        "bank_debit": account.bank_debit if account else True,
    }
    form = OnlineForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.connect_account(actor=request.actor, **form.cleaned_data)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Customers can pay online."))
            return redirect("online_settings")
    context = {
        "form": form,
        "account": account,
        "payments": online_payments(actor=request.actor)[:SHOWN_MAX],
        "may_write": request.actor.may("organisation.write"),
    }
    failed = request.method == "POST"
    return render(request, "payments/online.html", context, status=422 if failed else 200)
