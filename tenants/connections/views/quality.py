"""Pages: how good the data is, the records behind each figure, the thresholds."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors, form_page
from tenants.connections.forms import QualityForm
from tenants.connections.presentation import METRIC_LABELS, percent, quality_stats, score_chart
from tenants.connections.selectors import quality as selectors
from tenants.connections.services import quality as services


@require_safe
def data_quality(request: ApiRequest) -> HttpResponse:
    """The figures, their thresholds and their trend."""
    found = selectors.quality(actor=request.actor)
    history = selectors.quality_history(actor=request.actor)
    context = {
        "quality": found,
        "stats": quality_stats(found, history),
        "chart": score_chart(history),
        "score": percent(found.figures.score),
    }
    return render(request, "connections/quality.html", context)


@require_safe
def quality_records(request: ApiRequest, metric: str) -> HttpResponse:
    """The records behind a figure, each with the page where it is put right."""
    authorize(request.actor, "connections.read")
    if metric not in METRIC_LABELS:
        raise NotFound
    label = str(METRIC_LABELS[metric])
    context = {
        "records": selectors.faulty_records(actor=request.actor, metric=metric),
        "label": label,
        "crumbs": [(_("Data quality"), reverse("data_quality")), (label, None)],
    }
    return render(request, "connections/quality_records.html", context)


@require_http_methods(["GET", "POST"])
def quality_settings(request: ApiRequest) -> HttpResponse:
    """The thresholds."""
    authorize(request.actor, "connections.write")
    form = QualityForm(
        request.POST or None, instance=selectors.quality_settings(actor=request.actor)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.update_quality_settings(actor=request.actor, **form.cleaned_data)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("data_quality")
    above = [(_("Data quality"), reverse("data_quality"))]
    return form_page(
        request, "connections/quality_form.html", form, above=above, title=_("Thresholds")
    )


@require_POST
def quality_measure(request: ApiRequest) -> HttpResponse:
    """Measure now."""
    services.measure_quality_now(actor=request.actor)
    messages.success(request, _("Measured."))
    return redirect("data_quality")
