"""Pages: conflicts, side by side."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.connections.forms import ResolveForm
from tenants.connections.models import SyncConflict
from tenants.connections.presentation import conflict_steps, value_rows
from tenants.connections.selectors import sync as selectors
from tenants.connections.services.conflicts import (
    RESOLVED_MAX,
    Choice,
    resolve_conflict,
    resolve_conflicts,
)


@require_safe
def conflict_list(request: ApiRequest) -> HttpResponse:
    """What a person has to decide, or what was decided."""
    status = request.GET.get("status", SyncConflict.Status.OPEN)
    kind = request.GET.get("type", "")
    found = selectors.conflicts(
        actor=request.actor,
        status=status if status in SyncConflict.Status.values else "",
        kind=kind if kind in SyncConflict.Kind.values else "",
    )
    page = paginate(found, paging_of(request), orderings=("created_at",), default="-created_at")
    context = {
        "page": page,
        "status": status,
        "rows": [(one, value_rows(one)) for one in page.items],
        "statuses": SyncConflict.Status.choices,
        "kinds": SyncConflict.Kind.choices,
        "crumbs": [(_("Synchronisation"), reverse("sync_status")), (_("Conflicts"), None)],
    }
    return render(request, "connections/conflicts.html", context)


@require_http_methods(["GET", "POST"])
def sync_conflict(request: ApiRequest, conflict_id: UUID) -> HttpResponse:
    """One conflict: both values with their times, and the decision."""
    authorize_form(request, see="connections.read", change="connections.resolve")
    conflict = selectors.conflict_by_id(actor=request.actor, conflict_id=conflict_id)
    form = ResolveForm(request.POST or None, conflict=conflict)
    if request.method == "POST" and form.is_valid():
        choice = form.cleaned_data["choice"]
        given = Choice(
            choice,
            form.value if choice == "edited" else None,
            form.cleaned_data.get("effective_date"),
        )
        try:
            resolve_conflict(actor=request.actor, conflict_id=conflict_id, choice=given)
        except AppError as error:
            add_errors(form, error, _inputs(form))
        else:
            messages.success(request, _("Decided. The billing system is told."))
            return redirect("conflict_list")
    context = {
        "conflict": conflict,
        "form": form,
        "values": value_rows(conflict),
        "steps": conflict_steps(conflict),
        "may_decide": conflict.status == SyncConflict.Status.OPEN
        and request.actor.may("connections.resolve"),
        "crumbs": [
            (_("Synchronisation"), reverse("sync_status")),
            (_("Conflicts"), reverse("conflict_list")),
            (conflict.code, None),
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "connections/conflict.html", context, status=status)


def _inputs(form: ResolveForm) -> dict[str, str]:
    """Where what the site or the contract says of a value belongs."""
    if form.is_address:
        parts = [field.name for field in form.value_fields]
        return {name.replace("value_", "billing_address."): name for name in parts}
    return {"site_name": "value", "territory_id": "value"} if form.may_edit else {}


@require_POST
def conflicts_resolve(request: ApiRequest) -> HttpResponse:
    """Decide several the same way."""
    authorize(request.actor, "connections.resolve")
    ids = [UUID(one) for one in request.POST.getlist("conflict")[:RESOLVED_MAX] if _is_id(one)]
    choice = request.POST.get("choice", "")
    try:
        outcomes = resolve_conflicts(actor=request.actor, conflict_ids=ids, choice=Choice(choice))
    except AppError as error:
        messages.error(request, str(error.detail))
        return redirect("conflict_list")
    decided = sum(one.conflict is not None for one in outcomes)
    text = ngettext("%(n)d conflict was decided.", "%(n)d conflicts were decided.", decided)
    messages.success(request, text % {"n": decided})
    for one in outcomes:
        if one.error is not None:
            messages.error(request, str(one.error.detail))
    return redirect("conflict_list")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
