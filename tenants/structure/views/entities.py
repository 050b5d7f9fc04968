"""Settings of the companies that bill, and the logo."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.structure import selectors, services
from tenants.structure.forms import LegalEntityForm

ENTITIES_SHOWN = 200


@require_safe
def legal_entities(request: ApiRequest) -> HttpResponse:
    """The companies that bill, the default one first."""
    context = {
        "entities": selectors.legal_entities(actor=request.actor)[:ENTITIES_SHOWN],
        "may_write": request.actor.may("organisation.write"),
    }
    return render(request, "structure/entities.html", context)


def legal_entity(request: ApiRequest, entity_id: UUID | None = None) -> HttpResponse:
    """One company, the default one unless told otherwise; issued invoices keep theirs."""
    authorize_form(request, see="organisation.read", change="organisation.write")
    if entity_id is None:
        entity = selectors.billing_company(actor=request.actor)
    else:
        entity = selectors.legal_entity(actor=request.actor, entity_id=entity_id)
    form = LegalEntityForm(
        request.POST or None,
        request.FILES or None,
        initial=LegalEntityForm.initial_of(entity),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.update_legal_entity(
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
            return redirect(request.path)
    context = {
        "form": form,
        "entity": entity,
        "title": _("Billing company") if entity.is_default else entity.name,
        "may_write": request.actor.may("organisation.write"),
        "crumbs": None
        if entity_id is None
        else [(_("Companies"), reverse("legal_entities")), (entity.name, None)],
    }
    return render(request, "structure/entity.html", context, status=422 if form.errors else 200)


def legal_entity_new(request: ApiRequest) -> HttpResponse:
    """Make a further company."""
    authorize(request.actor, "organisation.write")
    form = LegalEntityForm(request.POST or None, initial={"payment_terms_days": 30})
    if request.method == "POST" and form.is_valid():
        try:
            entity = services.create_legal_entity(
                actor=request.actor,
                given=form.changes,
                tax_registrations=form.tax_registrations,
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("%(company)s was made.") % {"company": entity.name})
            return redirect("legal_entity_edit", entity_id=entity.pk)
    context = {
        "form": form,
        "entity": None,
        "title": _("New company"),
        "may_write": True,
        "crumbs": [(_("Companies"), reverse("legal_entities")), (_("New company"), None)],
    }
    return render(request, "structure/entity.html", context, status=422 if form.errors else 200)


@require_POST
def legal_entity_default(request: ApiRequest, entity_id: UUID) -> HttpResponse:
    """Let this company bill the contracts that name none."""
    entity = services.make_default_entity(actor=request.actor, entity_id=entity_id)
    messages.success(request, _("%(company)s bills by default.") % {"company": entity.name})
    return redirect("legal_entities")


@require_safe
@cache_control(public=True, max_age=86400)
def organisation_logo(request: HttpRequest) -> HttpResponse:
    """The logo; its address carries the revision. Public: the sign-in page shows it."""
    logo = selectors.organisation_logo()
    return HttpResponse(logo.content, content_type=logo.media_type)
