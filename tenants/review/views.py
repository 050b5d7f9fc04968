"""Pages of manual review."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.errors import AppError, Text
from shared.kernel.forms import add_errors
from shared.kernel.templatetags.ui import day
from tenants.review import selectors, services
from tenants.review.forms import CloseForm
from tenants.review.kinds import kind_of
from tenants.review.models import ReviewItem

ROWS_A_PAGE = 50
# Words for the last part of a field's name; any other is shown by its name alone.
FIELD_LABELS: Mapping[str, Text] = {
    "labor": gettext_lazy("Hours"),
    "labor_hours": gettext_lazy("Hours"),
    "revenue_amount": gettext_lazy("Revenue"),
    "costs": gettext_lazy("Costs passed on"),
    "additional_charges": gettext_lazy("Additional charges and credits"),
    "total_amount": gettext_lazy("Total"),
    "tax_registrations": gettext_lazy("Tax registrations"),
}


@require_safe
def review_list(request: ApiRequest) -> HttpResponse:
    """What waits for a person, by status and kind."""
    selectors.require_some_kind(request.actor)
    status = request.GET.get("status", "")
    kind = request.GET.get("kind", "")
    found = selectors.review_items(actor=request.actor, status=status or "open", kind=kind)
    paging = paging_of(request, limit=ROWS_A_PAGE)
    page = paginate(found, paging, orderings=("created_at",), default="-created_at")
    counts = selectors.open_counts(actor=request.actor)
    context = {
        "page": page,
        "rows": [(item, kind_of(item.kind)) for item in page.items],
        "tabs": _tabs(sum(counts.values())),
        "current_tab": f"?status={status}" if status else "?",
        "kind_chips": _chips(request, status, kind, counts),
    }
    return render(request, "review/list.html", context)


def review_detail(request: ApiRequest, review_id: UUID) -> HttpResponse:
    """One item: what happened, where to mend it, and closing it by hand."""
    selectors.require_some_kind(request.actor)
    item = selectors.review_item(actor=request.actor, item_id=review_id)
    form = CloseForm(
        request.POST if request.method == "POST" else None,
        initial={"status": ReviewItem.Status.RESOLVED.value},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.close_item(
                actor=request.actor,
                item_id=item.pk,
                status=form.cleaned_data["status"],
                note=form.cleaned_data["note"],
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The item was closed."))
            return redirect("review_list")
    context = {
        "item": item,
        "kind": kind_of(item.kind),
        "form": form,
        "facts": _facts(item),
        "closing": [
            (_("How"), item.get_status_display()),
            (_("By"), item.closed_by),
            (_("Note"), item.closing_note or "—"),
        ],
        "list_url": reverse("review_list"),
        "crumbs": [(_("Manual review"), reverse("review_list")), (item.target_label, None)],
    }
    return render(request, "review/detail.html", context, status=422 if form.errors else 200)


def _tabs(waiting: int) -> list[dict[str, Any]]:
    return [
        {"label": _("Open"), "url": "?", "count": waiting},
        {"label": _("Resolved"), "url": "?status=resolved"},
        {"label": _("Dismissed"), "url": "?status=dismissed"},
    ]


def _chips(
    request: ApiRequest, status: str, chosen: str, counts: dict[str, int]
) -> list[dict[str, Any]]:
    """Every kind that has open items, or that is chosen; the chosen one leads back to all."""

    def address(kind: str) -> str:
        wanted = {"status": status, "kind": kind}
        return "?" + urlencode({name: value for name, value in wanted.items() if value})

    return [
        {
            "label": kind.label,
            "url": address("" if kind.name == chosen else kind.name),
            "current": kind.name == chosen,
            "count": counts.get(kind.name, 0),
        }
        for kind in selectors.visible_kinds(request.actor)
        if kind.name == chosen or kind.name in counts
    ]


def _facts(item: ReviewItem) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = []
    period = item.details.get("period_start"), item.details.get("period_end")
    if all(period):
        facts.append((_("Period"), " – ".join(map(day, period))))
    if item.field:
        words = FIELD_LABELS.get(item.field.rpartition(".")[2], "")
        code = format_html('<span class="sub mono">{}</span>', item.field)
        facts.append((_("Field"), format_html("{} {}", words, code)))
    return facts
