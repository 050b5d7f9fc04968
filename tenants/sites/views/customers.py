"""Pages of customers: who is billed, for which sites, and what they are exempt from."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors, form_page
from tenants.sites import selectors, services
from tenants.sites.forms import CustomerForm, ExemptionEndForm, ExemptionForm
from tenants.sites.models import Customer
from tenants.sites.presentation import customer_facts

SITES_SHOWN = 100
INVOICES_SHOWN = 12


@require_safe
def customer_list(request: ApiRequest) -> HttpResponse:
    """All customers by name."""
    found = selectors.customers(actor=request.actor, text=request.GET.get("q", "")[:100])
    page = paginate(found, paging_of(request), orderings=("name", "customer_id"), default="name")
    return render(request, "customers/list.html", {"page": page})


def customer_new(request: ApiRequest) -> HttpResponse:
    """Make a customer."""
    authorize(request.actor, "sites.write")
    form = CustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            customer = services.create_customer(actor=request.actor, **form.cleaned_data)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("%(customer)s was made.") % {"customer": customer.name})
            return redirect("customer_detail", customer_id=customer.customer_id)
    return form_page(
        request, "customers/form.html", form, above=[_above()], title=_("New customer")
    )


def customer_edit(request: ApiRequest, customer_id: str) -> HttpResponse:
    """Change a customer; issued invoices keep what they were issued with."""
    authorize(request.actor, "sites.write")
    customer = selectors.customer_by_code(actor=request.actor, customer_id=customer_id)
    form = CustomerForm(request.POST or None, initial=CustomerForm.initial_of(customer))
    if request.method == "POST" and form.is_valid():
        try:
            services.update_customer(
                actor=request.actor, customer_id=customer_id, changes=form.cleaned_data
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("customer_detail", customer_id=customer_id)
    above = [_above(), (customer.name, reverse("customer_detail", args=[customer_id]))]
    return form_page(request, "customers/form.html", form, above=above)


def _above() -> tuple[str, str]:
    return (_("Customers"), reverse("customer_list"))


@require_safe
def customer_detail(request: ApiRequest, customer_id: str) -> HttpResponse:
    """One customer with sites, contracts, open balance and certificates."""
    customer = selectors.customer_by_code(actor=request.actor, customer_id=customer_id)
    return render(request, "customers/detail.html", _detail(request, customer))


def _detail(request: ApiRequest, customer: Customer) -> dict[str, Any]:
    sees_invoices = request.actor.may("invoices.read")
    invoices = customer.invoices.select_related("site").order_by("-invoice_date", "-pk")
    return {
        "customer": customer,
        "facts": customer_facts(customer),
        "balances": selectors.open_balances(customer) if sees_invoices else [],
        "sites": customer.sites.prefetch_related("contracts__terms")[:SITES_SHOWN],
        "contracts_shown": request.actor.may("contracts.read"),
        "exemptions": customer.tax_exemptions.order_by("component"),
        "exemption_form": ExemptionForm(),
        "invoices_shown": sees_invoices,
        "invoices": invoices.defer("parties", "inputs", "checks")[:INVOICES_SHOWN],
        "invoices_link": f"{reverse('invoice_list')}?{urlencode({'q': customer.name})}",
        "today": today(),
        "crumbs": [_above(), (customer.name, None)],
    }


@require_POST
def exemption_add(request: ApiRequest, customer_id: str) -> HttpResponse:
    """Record a certificate."""
    authorize(request.actor, "sites.write")
    form = ExemptionForm(request.POST)
    if form.is_valid():
        try:
            services.add_exemption(
                actor=request.actor, customer_id=customer_id, **form.cleaned_data
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The certificate is recorded."))
    return _back(request, customer_id, form)


@require_POST
def exemption_end(request: ApiRequest, customer_id: str, exemption_id: UUID) -> HttpResponse:
    """Set the last day of a certificate."""
    authorize(request.actor, "sites.write")
    form = ExemptionEndForm(request.POST)
    if form.is_valid():
        services.end_exemption(
            actor=request.actor,
            customer_id=customer_id,
            exemption_id=exemption_id,
            expires_on=form.cleaned_data["expires_on"],
        )
        messages.success(request, _("Saved."))
    return _back(request, customer_id, form)


def _back(request: ApiRequest, customer_id: str, form: Form) -> HttpResponse:
    for name, problems in form.errors.items():
        label = "" if name == "__all__" else f"{form.fields[name].label}: "
        messages.error(request, f"{label}{' '.join(str(one) for one in problems)}")
    return redirect("customer_detail", customer_id=customer_id)
