"""Settings of departments."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors, form_page
from tenants.structure import selectors, services
from tenants.structure.forms import DepartmentForm
from tenants.structure.models import Department

CHOICES_MAX = 500


@require_safe
def department_list(request: ApiRequest) -> HttpResponse:
    """All departments by code."""
    found = selectors.departments(actor=request.actor)
    page = paginate(found, paging_of(request), orderings=("code", "name"), default="code")
    managers = _names({row.manager_id for row in page.items if row.manager_id})
    context = {
        "page": page,
        "rows": [(row, managers.get(row.manager_id, "")) for row in page.items],
        "may_write": request.actor.may("organisation.write"),
    }
    return render(request, "structure/departments.html", context)


def department_new(request: ApiRequest) -> HttpResponse:
    """Make a department."""
    authorize(request.actor, "organisation.write")
    form = _form(request, None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_department(
                actor=request.actor, code=form.cleaned_data["code"], **form.given
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("department_list")
    return _page(request, form, _("New department"))


def department_edit(request: ApiRequest, code: str) -> HttpResponse:
    """Change a department, close it or open it again."""
    authorize(request.actor, "organisation.write")
    department = selectors.department_by_code(actor=request.actor, code=code)
    form = _form(request, department)
    if request.method == "POST" and form.is_valid():
        changes = {**form.given, "is_active": form.cleaned_data["is_active"]}
        try:
            services.update_department(actor=request.actor, code=code, changes=changes)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("department_list")
    return _page(request, form, str(department))


def _form(request: ApiRequest, department: Department | None) -> DepartmentForm:
    entities = selectors.legal_entities(actor=request.actor)[:CHOICES_MAX]
    people = get_user_model().objects.filter(is_active=True).order_by("name", "email")
    form = DepartmentForm(
        request.POST or None,
        entities=[(str(one.pk), one.name) for one in entities],
        people=[(str(one.pk), str(one)) for one in people[:CHOICES_MAX]],
        initial=DepartmentForm.initial_of(department) if department else None,
    )
    if department is None:
        del form.fields["is_active"]
    else:
        form.fields["code"].disabled = True
    return form


def _names(ids: set[Any]) -> dict[Any, str]:
    found = get_user_model().objects.filter(pk__in=ids)
    return {one.pk: str(one) for one in found}


def _page(request: ApiRequest, form: DepartmentForm, title: str) -> HttpResponse:
    above = [(_("Departments"), reverse("department_list"))]
    return form_page(request, "structure/department.html", form, above=above, title=title)
