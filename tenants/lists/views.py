"""What the toolbar of a list does: keep a view, open the list with it, remove it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from tenants.lists import services
from tenants.lists.page import EVERYTHING
from tenants.lists.specs import VIEW, list_spec, read_query, write_query


@require_POST
def list_view_save(request: ApiRequest, list_name: str) -> HttpResponse:
    """Keep what the list shows; back to it."""
    spec = list_spec(list_name)
    authorize(request.actor, spec.permission)
    query = spec.clean(read_query(request.POST.get("query", "")))
    view_id = EVERYTHING
    try:
        view = services.save_view(
            actor=request.actor,
            list_name=list_name,
            name=request.POST.get("name", ""),
            query=query,
            is_shared=bool(request.POST.get("is_shared")),
            is_default=bool(request.POST.get("is_default")),
        )
    except AppError as error:
        if error.status in (401, 403, 404):
            raise
        told = " ".join(str(one.message) for one in error.errors)
        messages.error(request, told or str(error.detail))
    else:
        view_id = str(view.pk)
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
    return redirect(f"{reverse(spec.url_name)}?{write_query({**query, VIEW: [view_id]})}")


@require_POST
def list_view_default(request: ApiRequest, view_id: UUID) -> HttpResponse:
    """Open the list with this view from now on, or not any more."""
    view = services.choose_default(
        actor=request.actor, view_id=view_id, is_default=bool(request.POST.get("is_default"))
    )
    messages.success(request, _("Saved."))
    return redirect(f"{reverse(list_spec(view.list_name).url_name)}?{VIEW}={view.pk}")


@require_POST
def list_view_delete(request: ApiRequest, view_id: UUID) -> HttpResponse:
    """Remove a view; the list with everything is shown."""
    view = services.delete_view(actor=request.actor, view_id=view_id)
    messages.success(request, _("The view “%(name)s” was deleted.") % {"name": view.name})
    return redirect(f"{reverse(list_spec(view.list_name).url_name)}?{VIEW}={EVERYTHING}")
