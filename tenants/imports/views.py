"""Pages of imports: bring a file in, look at what it would do, apply and undo it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.errors import AppError, NotFound
from shared.kernel.exports import csv_response
from shared.kernel.forms import add_errors
from tenants.imports import presentation, selectors, services
from tenants.imports.forms import ImportForm
from tenants.imports.kinds import KINDS, kind_of
from tenants.imports.models import Import

READY = Import.Status.READY
REGION = "import-progress"
PROBLEMS_SHOWN = 50
DECISIONS = {
    "undo": services.undo_import,
    "discard": services.discard_import,
}


def import_list(request: ApiRequest) -> HttpResponse:
    """Bring a file in; the imports so far."""
    selectors.require_some_kind(request.actor, to_write=request.method == "POST")
    kinds = selectors.writable_kinds(request.actor)
    form = ImportForm(
        request.POST or None,
        request.FILES or None,
        kinds=kinds,
        initial={"kind": request.GET.get("kind", "")},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            job = services.start_import(
                actor=request.actor,
                kind=given["kind"],
                file=given["file"].file,
                file_name=given["file"].name,
                day_form=given["day_form"],
            )
        except AppError as error:
            add_errors(form, error, {name: name for name in form.fields})
        else:
            return redirect("import_detail", import_id=job.pk)
    page = paginate(
        selectors.imports(actor=request.actor),
        paging_of(request),
        orderings=("created_at",),
        default="-created_at",
    )
    context = {
        "form": form if kinds else None,
        "examples": [(Import.Kind(kind).label, kind) for kind in kinds],
        "page": page,
    }
    return render(request, "imports/list.html", context, status=422 if form.errors else 200)


@require_safe
def import_detail(request: ApiRequest, import_id: UUID) -> HttpResponse:
    """One import: how far it is, what it would do or did, and its bad rows."""
    selectors.require_some_kind(request.actor)
    job = selectors.import_by_id(actor=request.actor, import_id=import_id)
    problems = list(selectors.problems(job)[:PROBLEMS_SHOWN])
    context: dict[str, Any] = {
        "job": job,
        "headline": presentation.headline(job),
        "imported_before": selectors.imported_before(job) if job.status == READY else None,
        "counts": presentation.counts(job),
        "columns": presentation.column_facts(job),
        "preview": selectors.preview(job) if job.kind == Import.Kind.REVENUE else [],
        **_rows(request, job),
        "problems": presentation.problem_lines(problems, job),
        "may_write": request.actor.may(kind_of(job).write_permission),
        "region_url": request.get_full_path(),
        "crumbs": [(_("Imports"), reverse("import_list")), (job.file_name, None)],
    }
    asks_region = request.headers.get("HX-Target") == REGION
    template = "imports/progress.html" if asks_region else "imports/detail.html"
    return render(request, template, context)


def _rows(request: ApiRequest, job: Import) -> dict[str, Any]:
    """A page of what each row of a checked file of sites or contracts does."""
    if job.kind == Import.Kind.REVENUE or not job.checked_at:
        return {}
    effect = request.GET.get("effect", "")
    found = selectors.record_rows(job, effect)
    page = paginate(found, paging_of(request), orderings=("line",), default="line")
    url = reverse("import_detail", args=[job.pk])
    return {
        "rows": presentation.record_lines(page.items, job),
        "rows_next": page.next,
        "effects": presentation.effect_tabs(job, url),
        "effects_current": f"{url}?effect={effect}" if effect else url,
    }


@require_POST
def import_decide(request: ApiRequest, import_id: UUID, decision: str) -> HttpResponse:
    """Apply, undo or discard an import."""
    selectors.require_some_kind(request.actor, to_write=True)
    if decision not in ("apply", *DECISIONS):
        raise NotFound
    try:
        if decision == "apply":
            services.apply_import(
                actor=request.actor,
                import_id=import_id,
                allow_duplicates="allow_duplicates" in request.POST,
            )
        else:
            DECISIONS[decision](actor=request.actor, import_id=import_id)
    except AppError as error:
        if error.status in (403, 404):
            raise
        messages.error(request, str(error.detail))
    return redirect("import_detail", import_id=import_id)


@require_safe
def import_errors(request: ApiRequest, import_id: UUID) -> HttpResponseBase:
    """The bad rows as CSV, with the reasons beside them."""
    selectors.require_some_kind(request.actor)
    job = selectors.import_by_id(actor=request.actor, import_id=import_id)
    return csv_response(*presentation.bad_rows_file(job))


@require_safe
def import_example(request: ApiRequest, kind: str) -> HttpResponse:
    """An empty file of a kind, with its columns."""
    selectors.require_some_kind(request.actor, to_write=True)
    if kind not in KINDS or kind not in selectors.writable_kinds(request.actor):
        raise NotFound
    return HttpResponse(
        presentation.example_file(kind),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{kind}.csv"'},
    )
