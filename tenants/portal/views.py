"""Pages of the customer portal: signing in by a link, what is owed, invoices, statements."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.accounts.roles import Role
from shared.accounts.selectors import verified_address
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.clock import today
from shared.kernel.errors import AppError, Conflict, Gone, NotFound, TooManyRequests, Unavailable
from shared.kernel.forms import add_errors
from tenants.delivery.services import note_portal_view
from tenants.documents.services import signed_link
from tenants.documents.views.answers import stream_pdf
from tenants.invoices.models import Invoice
from tenants.invoices.presentation import lines_of
from tenants.payments.models import OnlinePayment
from tenants.payments.selectors.online import latest_attempt, takes_online_payments
from tenants.portal import selectors, services
from tenants.portal.access import Access
from tenants.portal.forms import LinkForm, ObjectionForm
from tenants.portal.models import PortalLink
from tenants.portal.presentation import is_payable, row_of, totals_for

SESSION_KEY = "portal_customer"
LATEST = 6
P = ParamSpec("P")
View = Callable[Concatenate[ApiRequest, P], HttpResponseBase]
CustomerView = Callable[Concatenate[ApiRequest, Access, P], HttpResponseBase]


def access_of(request: ApiRequest) -> Access | None:
    """The portal session of this browser. Somebody who is signed in as staff has none."""
    link = request.session.get(SESSION_KEY)
    is_staff = request.user.is_authenticated and request.actor.role != Role.CUSTOMER
    if link is None or is_staff:
        return None
    return selectors.session_access(
        UUID(link), ip=request.actor.ip, request_id=request.actor.request_id
    )


def for_customers(view: CustomerView[P]) -> View[P]:
    """A page that only a portal session reaches; anybody else is led to the sign-in."""

    @wraps(view)
    def answer(request: ApiRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        access = access_of(request)
        if access is None:
            return redirect("portal")
        try:
            return view(request, access, *args, **kwargs)
        except NotFound as error:
            context = {"access": access, "problem": error}
            return render(request, "portal/missing.html", context, status=error.status)

    return never_cache(answer)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def portal(request: ApiRequest) -> HttpResponse:
    """What is owed; for who is not signed in, the form that asks for a link."""
    access = access_of(request)
    if access is not None:
        return _home(request, access)
    if request.actor.role == Role.CUSTOMER:
        return _by_account(request)
    form = LinkForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        email = form.cleaned_data["email"].strip().lower()
        try:
            services.request_link(email=email, ip=request.actor.ip)
        except TooManyRequests as error:
            add_errors(form, error, {})
            status = error.status
        else:
            return render(request, "portal/link_sent.html", {"email": email})
    return render(request, "portal/sign_in.html", {"form": form}, status=status)


def _by_account(request: ApiRequest) -> HttpResponse:
    """Whom somebody with an account may look at; the button of one opens its pages."""
    email = verified_address(request.user)
    if request.method == "POST":
        link = services.enter_by_account(
            actor=request.actor, email=email, customer_id=request.POST.get("customer", "")[:20]
        )
        request.session[SESSION_KEY] = str(link.pk)
        return redirect("portal")
    people = selectors.people_with(email) if email else []
    return render(request, "portal/choose.html", {"people": people})


def _home(request: ApiRequest, access: Access) -> HttpResponse:
    page = paginate(
        selectors.open_invoices(access),
        paging_of(request),
        orderings=("due_date", "invoice_date"),
        default="due_date",
    )
    context = {
        "access": access,
        "owed": selectors.owed_by(access),
        "page": page,
        "rows": [row_of(one, on=today()) for one in page.items],
        "statements": selectors.statements_of(access)[:LATEST],
    }
    return render(request, "portal/home.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def portal_enter(request: ApiRequest, token: str) -> HttpResponse:
    """Change a link into a session. Only the button uses it up: mail scanners open every link."""
    try:
        if request.method != "POST":
            link = services.link_by_token(token)
            with override(_language(request, link)):
                return render(request, "portal/enter.html", {"link": link})
        link = services.enter_portal(
            token=token, ip=request.actor.ip, request_id=request.actor.request_id
        )
    except (Gone, NotFound) as error:
        context = {"problem": error, "form": LinkForm()}
        return render(request, "portal/expired.html", context, status=error.status)
    request.session.flush()  # whoever was signed in here before, staff too
    request.session[SESSION_KEY] = str(link.pk)
    request.session.set_expiry(int(services.SESSION_LASTS.total_seconds()))
    response = redirect("portal")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        _language(request, link),
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


def _language(request: ApiRequest, link: PortalLink) -> str:
    """What was chosen in this browser, else the person's own."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else link.language


@require_POST
@for_customers
def portal_leave(request: ApiRequest, access: Access) -> HttpResponse:
    """Sign out."""
    services.leave_portal(actor=access.actor)
    request.session.flush()
    messages.success(request, _("You are signed out."))
    return redirect("portal")


@require_safe
@for_customers
def portal_invoices(request: ApiRequest, access: Access) -> HttpResponse:
    """Every invoice and credit note, newest first."""
    page = paginate(
        selectors.invoices_of(access),
        paging_of(request),
        orderings=("invoice_date", "due_date"),
        default="-invoice_date",
    )
    rows = [row_of(one, on=today()) for one in page.items]
    context = {"access": access, "page": page, "rows": rows}
    return render(request, "portal/invoices.html", context)


@require_safe
@for_customers
def portal_statements(request: ApiRequest, access: Access) -> HttpResponse:
    """Every statement, newest first."""
    page = paginate(
        selectors.statements_of(access),
        paging_of(request),
        orderings=("statement_date",),
        default="-statement_date",
    )
    return render(request, "portal/statements.html", {"access": access, "page": page})


@require_safe
@for_customers
def portal_statement_pdf(
    request: ApiRequest, access: Access, statement_id: UUID
) -> HttpResponseBase:
    """A statement as it was made."""
    document = selectors.statement_document(access, statement_id=statement_id)
    note_portal_view(object_id=statement_id)
    return stream_pdf(document)


@require_safe
@for_customers
def portal_invoice(request: ApiRequest, access: Access, invoice_id: str) -> HttpResponse:
    """One invoice: why each amount, the document, paying and objecting."""
    invoice = selectors.invoice_of(access, invoice_id=invoice_id)
    note_portal_view(object_id=invoice.pk)
    return _show(request, access, invoice, ObjectionForm(invoice))


def _show(
    request: ApiRequest,
    access: Access,
    invoice: Invoice,
    form: ObjectionForm,
    *,
    problem: AppError | None = None,
    status: int = 200,
) -> HttpResponse:
    payable = is_payable(invoice)
    attempt = latest_attempt(invoice=invoice) if payable else None
    under_way = attempt is not None and attempt.status == OnlinePayment.Status.PROCESSING
    online = payable and takes_online_payments()
    context = {
        "access": access,
        "invoice": invoice,
        "lines": lines_of(invoice),
        "standing": row_of(invoice, on=today()),
        "totals": totals_for(invoice),
        "disputes": invoice.disputes.all(),
        "pdf_url": signed_link(invoice_pk=invoice.pk),
        "pays_online": online and invoice.undisputed_due > 0 and not under_way,
        "instructions": ""
        if online or not payable
        else invoice.parties["supplier"].get("payment_instructions", ""),
        "disputed": invoice.amount_disputed if payable else None,
        "may_object": payable and invoice.undisputed_due > 0,
        "attempt": attempt,
        "problem": problem,
        "form": form,
        "was_paid": "paid" in request.GET and payable and not under_way,
    }
    return render(
        request, "portal/invoice.html", context, status=problem.status if problem else status
    )


@require_POST
@for_customers
def portal_dispute(request: ApiRequest, access: Access, invoice_id: str) -> HttpResponse:
    """Object to the invoice or a line of it; a refused objection keeps what was typed."""
    invoice = selectors.invoice_of(access, invoice_id=invoice_id)
    form = ObjectionForm(invoice, request.POST)
    if form.is_valid():
        try:
            services.dispute_invoice(access=access, invoice_id=invoice_id, **form.cleaned_data)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("We have your objection and will answer it."))
            return redirect("portal_invoice", invoice_id=invoice_id)
    return _show(request, access, invoice, form, status=422)


@require_POST
@for_customers
def portal_pay(request: ApiRequest, access: Access, invoice_id: str) -> HttpResponse:
    """Lead to the page at Stripe. By a link: our pages may send forms to no other host."""
    invoice = selectors.invoice_of(access, invoice_id=invoice_id)
    try:
        online = services.start_payment(access=access, invoice_id=invoice_id)
    except (Conflict, Unavailable) as error:
        return _show(request, access, invoice, ObjectionForm(invoice), problem=error)
    context = {"access": access, "invoice": invoice, "online": online}
    return render(request, "portal/pay.html", context)
