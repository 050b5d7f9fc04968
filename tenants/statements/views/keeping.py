"""Settings of statements: what is unusual, how long they are kept, what is held."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.statements import services
from tenants.statements.forms import HoldForm, SettingsForm
from tenants.statements.models import RetentionKind
from tenants.statements.selectors.settings import (
    open_holds,
    retention_years,
    statement_settings,
)


def keeping(request: ApiRequest) -> HttpResponse:
    """The rules, and the holds in force."""
    authorize_form(request, see="organisation.read", change="organisation.write")
    initial = SettingsForm.initial_of(statement_settings(), retention_years())
    form = SettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.save_settings(
                actor=request.actor,
                variance_limit=data["variance_limit"],
                variance_minimum=data["variance_minimum"],
            )
            services.save_retention(
                actor=request.actor, years={kind: data[kind] for kind in RetentionKind.values}
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("statement_keeping")
    return _page(request, form, HoldForm(), status=422 if form.errors else 200)


@require_POST
def hold_place(request: ApiRequest) -> HttpResponse:
    """Keep everything of a customer."""
    authorize(request.actor, "organisation.write")
    form = HoldForm(request.POST)
    if form.is_valid():
        try:
            services.place_hold(
                actor=request.actor,
                customer_id=form.cleaned_data["customer_id"].strip().upper(),
                reason=form.cleaned_data["reason"],
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Nothing of this customer is erased from now on."))
            return redirect("statement_keeping")
    initial = SettingsForm.initial_of(statement_settings(), retention_years())
    return _page(request, SettingsForm(initial=initial), form, status=422)


@require_POST
def hold_release(request: ApiRequest, hold_id: UUID) -> HttpResponse:
    """Lift a hold."""
    services.release_hold(actor=request.actor, hold_id=hold_id)
    messages.success(request, _("The hold was lifted; the rules apply again."))
    return redirect("statement_keeping")


def _page(
    request: ApiRequest, form: SettingsForm, hold_form: HoldForm, *, status: int
) -> HttpResponse:
    context = {
        "form": form,
        "hold_form": hold_form,
        "holds": open_holds(),
        "may_write": request.actor.may("organisation.write"),
    }
    return render(request, "statements/keeping.html", context, status=status)
