"""Pages of files of payments: bring one in, look at it, apply it, deal with the rest."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.payments.forms import FileForm
from tenants.payments.models import PaymentFile, PaymentFileLine
from tenants.payments.selectors import files as selectors
from tenants.payments.services import files as services


@require_http_methods(["GET", "HEAD", "POST"])
def file_list(request: ApiRequest) -> HttpResponse:
    """Files brought in, and the form to bring another one."""
    authorize_form(request, see="payments.read", change="payments.write")
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            file, created = services.preview_file(
                actor=request.actor,
                name=upload.name or "",
                content=upload.read(services.BYTES_MAX + 1),
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            if not created:
                messages.warning(request, _("This file was brought in before."))
            return redirect("payment_file", file_id=file.pk)
    found = selectors.payment_files(actor=request.actor)
    page = paginate(found, paging_of(request), orderings=("created_at",), default="-created_at")
    counts = selectors.counts_of(page.items)
    context = {
        "form": form,
        "page": page,
        "files": [(file, counts[file.pk]) for file in page.items],
        "crumbs": [(_("Payments"), reverse("payment_list")), (_("Files"), None)],
        "may_write": request.actor.may("payments.write"),
    }
    failed = request.method == "POST"
    return render(request, "payments/files.html", context, status=422 if failed else 200)


@require_safe
def file_detail(request: ApiRequest, file_id: UUID) -> HttpResponse:
    """One file, line by line: whose it is and by what that was found."""
    file = selectors.payment_file(actor=request.actor, file_id=file_id)
    status = request.GET.get("status", "")
    found = selectors.file_lines(actor=request.actor, file=file, status=status)
    page = paginate(found, paging_of(request), orderings=("position",), default="position")
    counts = selectors.counts_of([file])[file.pk]
    labels = PaymentFileLine.Status
    context = {
        "file": file,
        "page": page,
        "counts": [(name, labels(name).label, number) for name, number in counts.items()],
        "matched": counts["matched"],
        "running": file.status == PaymentFile.Status.APPLYING,
        "preview": file.status == PaymentFile.Status.PREVIEW,
        "status": status,
        "crumbs": [
            (_("Payments"), reverse("payment_list")),
            (_("Files"), reverse("payment_files")),
            (file.name, None),
        ],
        "may_write": request.actor.may("payments.write"),
    }
    return render(request, "payments/file.html", context)


@require_POST
def file_apply(request: ApiRequest, file_id: UUID) -> HttpResponse:
    """Record what is matched."""
    services.start_application(actor=request.actor, file_id=file_id)
    messages.success(request, _("The matched lines are being recorded."))
    return redirect("payment_file", file_id=file_id)


@require_POST
def line_decide(request: ApiRequest, line_id: UUID) -> HttpResponse:
    """Say whose an unmatched line is, or leave it out."""
    authorize(request.actor, "payments.write")
    try:
        if "dismiss" in request.POST:
            line = services.dismiss_line(actor=request.actor, line_id=line_id)
            messages.success(request, _("The line was left out."))
        else:
            line = services.assign_line(
                actor=request.actor,
                line_id=line_id,
                customer_id=request.POST.get("customer_id", "")[:20],
            )
            messages.success(request, _("The payment was recorded."))
    except AppError as error:
        if error.status not in (409, 422):
            raise
        told = error.errors[0].message if error.errors else error.detail
        messages.error(request, str(told))
        file_id = PaymentFileLine.objects.values_list("file_id", flat=True).get(pk=line_id)
        return redirect("payment_file", file_id=file_id)
    return redirect("payment_file", file_id=line.file_id)
