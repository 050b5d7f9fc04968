"""Settings of the billing company, and its logo."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.structure import selectors
from tenants.structure.forms import LegalEntityForm
from tenants.structure.services import update_legal_entity


def legal_entity(request: ApiRequest) -> HttpResponse:
    """Letterhead, numbering, terms, tax registrations and brand; issued invoices keep theirs."""
    if request.method == "POST":
        authorize(request.actor, "organisation.write")
    entity = selectors.billing_company(actor=request.actor)
    form = LegalEntityForm(
        request.POST or None,
        request.FILES or None,
        initial=LegalEntityForm.initial_of(entity),
    )
    if request.method == "POST" and form.is_valid():
        try:
            update_legal_entity(
                actor=request.actor,
                entity_id=entity.pk,
                changes=form.changes,
                tax_registrations=form.tax_registrations,
                logo=form.new_logo,
                remove_logo=form.cleaned_data["remove_logo"],
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Saved. Issued invoices keep what they were issued with."))
            return redirect("legal_entity")
    context = {
        "form": form,
        "entity": entity,
        "may_write": request.actor.may("organisation.write"),
    }
    return render(request, "structure/entity.html", context, status=422 if form.errors else 200)


@require_safe
@cache_control(public=True, max_age=86400)
def organisation_logo(request: HttpRequest) -> HttpResponse:
    """The logo; its address carries the revision. Public: the sign-in page shows it."""
    logo = selectors.organisation_logo()
    return HttpResponse(logo.content, content_type=logo.media_type)
