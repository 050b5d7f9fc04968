"""The page on which the organisation's Stripe account is connected."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from connectors.errors import RetryLater
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize_form
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.payments.forms import MethodsForm, OnlineForm
from tenants.payments.models import OnlineAccount
from tenants.payments.selectors.online import online_account, online_payments
from tenants.payments.services import linking
from tenants.payments.services import online as services

SHOWN_MAX = 20


@require_http_methods(["GET", "HEAD", "POST"])
def online_settings(request: ApiRequest) -> HttpResponse:
    """Connect, change, disconnect; what was tried lately."""
    authorize_form(request, see="organisation.read", change="organisation.write")
    account = online_account(actor=request.actor)
    if request.method != "POST":
        return show_settings(request, account, _form_of(account))
    if "disconnect" in request.POST:
        return _disconnect(request, account)
    if "refresh" in request.POST:
        return _refresh(request)
    form = _form_of(account, request)
    if form.is_valid():
        try:
            _save(request, account, form)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Customers can pay online."))
            return redirect("online_settings")
    return show_settings(request, account, form, status=422)


def show_settings(
    request: ApiRequest,
    account: OnlineAccount | None,
    form: forms.Form | None = None,
    *,
    problem: AppError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what went wrong on the way back from Stripe above it."""
    context = {
        "form": form or _form_of(account),
        "account": account,
        "problem": problem,
        "can_link": linking.can_link() and not (account and account.is_linked_now),
        "payments": online_payments(actor=request.actor)[:SHOWN_MAX],
        "may_write": request.actor.may("organisation.write"),
    }
    return render(request, "payments/online.html", context, status=status)


def _form_of(account: OnlineAccount | None, request: ApiRequest | None = None) -> forms.Form:
    initial = {
        "account_id": account.account_id if account else "",
        "card": account.card if account else True,
        "bank_debit": account.bank_debit if account else True,
    }
    kind = MethodsForm if account and account.is_linked else OnlineForm
    return kind(request.POST if request else None, initial=initial)


def _save(request: ApiRequest, account: OnlineAccount | None, form: forms.Form) -> None:
    if account and account.is_linked:
        linking.choose_methods(actor=request.actor, **form.cleaned_data)
    else:
        services.connect_account(actor=request.actor, **form.cleaned_data)


def _disconnect(request: ApiRequest, account: OnlineAccount | None) -> HttpResponse:
    try:
        linking.disconnect_account(actor=request.actor)
    except AppError as error:
        return _refused(request, account, error)
    messages.success(request, _("Payments online are off."))
    return redirect("online_settings")


def _refresh(request: ApiRequest) -> HttpResponse:
    try:
        linking.refresh_account(actor=request.actor)
    except RetryLater:
        messages.warning(request, _("Stripe does not answer. Try again later."))
    return redirect("online_settings")


def _refused(request: ApiRequest, account: OnlineAccount | None, error: AppError) -> HttpResponse:
    if error.status == 403:
        raise error
    return show_settings(request, account, problem=error, status=error.status)
