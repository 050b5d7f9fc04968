"""Pages of the tenant's own templates: list, editor with preview, versions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.errors import AppError, Malformed
from shared.kernel.forms import add_errors, form_page
from tenants.documents.rendering import Output
from tenants.documents.views.answers import answer_document, seal
from tenants.templates import selectors, services
from tenants.templates.contents import source_for
from tenants.templates.forms import NewTemplateForm, TextsForm, texts_of
from tenants.templates.models import DocumentTemplate, TemplateVersion
from tenants.templates.presentation import values_of, version_events

VERSIONS_SHOWN = 30
OUTPUTS: dict[str, Output] = {"html": "html", "pdf": "pdf", "text": "text"}


@require_safe
def template_list(request: ApiRequest) -> HttpResponse:
    """The tenant's own templates; everything else is made with the defaults."""
    page = paginate(
        selectors.list_templates(actor=request.actor),
        paging_of(request),
        orderings=("kind", "language", "updated_at"),
        default="kind",
    )
    return render(request, "templates/list.html", {"page": page})


def template_new(request: ApiRequest) -> HttpResponse:
    """Start from a copy of a default."""
    authorize(request.actor, "templates.write")
    form = NewTemplateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            template = services.create_template(actor=request.actor, **form.cleaned_data)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Your template starts as a copy of the default."))
            return redirect("template_detail", template_id=template.pk)
    return form_page(
        request,
        "templates/new.html",
        form,
        above=[(_("Templates"), reverse("template_list"))],
        title=_("New template"),
        sub=_("It starts as a copy of the default and is in use at once."),
    )


def template_detail(request: ApiRequest, template_id: UUID) -> HttpResponse:
    """The editor: texts of a version, preview on real data, older versions."""
    authorize_form(request, see="templates.read", change="templates.write")
    template = selectors.template_by_id(actor=request.actor, template_id=template_id)
    shown = _shown_version(request, template)
    form = TextsForm(
        request.POST or None,
        initial=TextsForm.initial_of(shown, template.revision),
        has_subject=bool(source_for(template.kind).subject_template),
    )
    if request.method == "POST" and form.is_valid():
        try:
            version = services.save_version(
                actor=request.actor,
                template_id=template.pk,
                texts=form.texts,
                note=form.cleaned_data["note"],
                activate="activate" in request.POST,
                expected_revision=form.cleaned_data["revision"],
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Version %(number)s is kept.") % {"number": version.number})
            address = reverse("template_detail", args=[template.pk])
            return redirect(f"{address}?version={version.number}")
    context = _editor(request, template, shown, form)
    return render(request, "templates/editor.html", context, status=422 if form.errors else 200)


def _shown_version(request: ApiRequest, template: DocumentTemplate) -> TemplateVersion:
    number = request.GET.get("version", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 9):
        return template.active_version
    return selectors.version_by_number(actor=request.actor, template=template, number=int(number))


def _editor(
    request: ApiRequest, template: DocumentTemplate, shown: TemplateVersion, form: TextsForm
) -> dict[str, Any]:
    versions = list(
        selectors.versions_of(actor=request.actor, template=template).defer("html", "text", "css")[
            :VERSIONS_SHOWN
        ]
    )
    return {
        "template": template,
        "shown": shown,
        "form": form,
        "versions": version_events(template, versions),
        "examples": selectors.examples_of(actor=request.actor, template=template),
        "values": values_of(template.kind, template.language),
        "may_write": request.actor.may("templates.write"),
        "crumbs": [(_("Templates"), reverse("template_list")), (str(template), None)],
    }


@require_POST
@xframe_options_sameorigin
def template_preview(request: ApiRequest, template_id: UUID) -> HttpResponse:
    """What the typed texts make of a real document, for the sandboxed frame beside them."""
    template = selectors.template_by_id(actor=request.actor, template_id=template_id)
    output = OUTPUTS.get(request.POST.get("output", "html"))
    if output is None:
        raise Malformed(_("There is no such kind of preview."))
    rendered = services.preview_template(
        actor=request.actor,
        template=template,
        texts=texts_of(request.POST),
        output=output,
        example=request.POST.get("example", "")[:40],
    )
    if rendered.broken:
        context = {"reason": rendered.broken}
        return seal(render(request, "templates/broken.html", context, status=422))
    return answer_document(rendered, output=output, name=template.kind)


@require_POST
def template_activate(request: ApiRequest, template_id: UUID) -> HttpResponse:
    """Use a version from now on; an older one is a rollback."""
    authorize(request.actor, "templates.write")
    number = request.POST.get("number", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 9):
        raise Malformed(_("That is no version number."))
    return _change(
        request,
        template_id,
        lambda: services.activate_version(
            actor=request.actor, template_id=template_id, number=int(number)
        ),
        _("Version %(number)s is in use.") % {"number": number},
    )


@require_POST
def template_use_default(request: ApiRequest, template_id: UUID) -> HttpResponse:
    """Go back to the default; the versions are kept."""
    return _change(
        request,
        template_id,
        lambda: services.use_default(actor=request.actor, template_id=template_id),
        _("The default is in use."),
    )


def _change(request: ApiRequest, template_id: UUID, change: Any, done: str) -> HttpResponse:
    try:
        change()
    except AppError as error:
        if not error.errors:
            raise
        messages.error(request, " ".join(str(one.message) for one in error.errors))
    else:
        messages.success(request, done)
    return redirect("template_detail", template_id=template_id)
