"""Settings of the rules that invoices are checked against."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize_form
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.invoices import services
from tenants.invoices.selectors.validation import validation_settings
from tenants.invoices.validation_form import ValidationForm
from tenants.invoices.validators import VALIDATORS


def invoice_checks(request: ApiRequest) -> HttpResponse:
    """Tolerance, and how strict each rule is."""
    authorize_form(request, see="organisation.read", change="organisation.write")
    kept = validation_settings(actor=request.actor)
    form = ValidationForm(
        request.POST if request.method == "POST" else None,
        initial=ValidationForm.initial_of(kept),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_validation_settings(
                actor=request.actor,
                variance_limit=form.variance_limit,
                severities=form.severities,
                off=form.off,
                missing_days_are_zero=form.cleaned_data["missing_days_are_zero"],
            )
        except AppError as error:
            add_errors(form, error, {"variance_limit": "variance_percent"})
        else:
            messages.success(request, _("Saved. Invoices are checked this way from now on."))
            return redirect("invoice_checks")
    context = {
        "form": form,
        "rules": [
            (rule, None if rule.is_critical else form[ValidationForm.name_of(rule)])
            for rule in VALIDATORS
        ],
        "may_write": request.actor.may("organisation.write"),
    }
    status = 422 if form.errors else 200
    return render(request, "invoices/validation_settings.html", context, status=status)
