"""Closing the books of a company through a day, opening them again, and the record of both."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.ledger import selectors
from tenants.ledger.errors import OpenPoints
from tenants.ledger.forms import CloseForm, ReopenForm
from tenants.ledger.open_points import open_points
from tenants.ledger.presentation import day_given, month_to_close
from tenants.ledger.services.closing import close_books, reopen_books


@require_safe
def closing(request: ApiRequest) -> HttpResponse:
    """How far each company's books are closed, and every closing and reopening."""
    authorize(request.actor, "ledger.read")
    found = selectors.book_closings(actor=request.actor)
    context = {
        "companies": [
            (books, month_to_close(books.closed_through))
            for books in selectors.company_books(actor=request.actor)
        ],
        "page": paginate(
            found, paging_of(request), orderings=("created_at",), default="-created_at"
        ),
        "crumbs": [(_("Journal"), reverse("ledger")), (_("Closing"), None)],
    }
    return render(request, "ledger/closing.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def company_closing(request: ApiRequest, entity_id: UUID) -> HttpResponse:
    """Close one company's books, or open them again; what is still open is shown before."""
    reopens = request.POST.get("action") == "reopen"
    right = "ledger.reopen" if reopens else "ledger.close"
    authorize_form(request, see="ledger.read", change=right)
    books = selectors.books_of(actor=request.actor, entity_id=entity_id)
    through = day_given(request.GET.get("through", "")) or month_to_close(books.closed_through)
    data = request.POST if request.method == "POST" else None
    close = CloseForm(None if reopens else data, initial={"through": through})
    reopen = ReopenForm(data if reopens else None, initial={"to": _month_before(books)})
    form = reopen if reopens else close
    if data is not None and form.is_valid():
        through = form.cleaned_data.get("through", through)
        try:
            text = _done(request, entity_id, form)
        except OpenPoints:
            close.add_error(
                "confirmed",
                _("Some of the month is still open. Settle it, or tick that you close anyway."),
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, text % {"company": books.entity})
            return redirect("ledger_closing")
    context = {**_shown(request, books, through), "close": close, "reopen": reopen}
    return render(request, "ledger/close.html", context, status=200 if data is None else 422)


def _done(request: ApiRequest, entity_id: UUID, form: CloseForm | ReopenForm) -> str:
    if isinstance(form, ReopenForm):
        reopen_books(actor=request.actor, entity_id=entity_id, **form.cleaned_data)
        return _("The books of %(company)s were reopened.")
    close_books(actor=request.actor, entity_id=entity_id, **form.cleaned_data)
    return _("The books of %(company)s were closed.")


def _month_before(books: selectors.CompanyBooks) -> date | None:
    """The last day of the month before the one that was closed last."""
    closed = books.closed_through
    return closed.replace(day=1) - timedelta(days=1) if closed else None


def _shown(
    request: ApiRequest, books: selectors.CompanyBooks, through: date | None
) -> dict[str, Any]:
    actor = request.actor
    return {
        "books": books,
        "through": through,
        "points": open_points(actor=actor, entity=books.entity, through=through)
        if through and actor.may("ledger.close")
        else [],
        "may_close": actor.may("ledger.close"),
        "may_reopen": actor.may("ledger.reopen") and books.closed_through is not None,
        "crumbs": [
            (_("Journal"), reverse("ledger")),
            (_("Closing"), reverse("ledger_closing")),
            (books.entity.name, None),
        ],
    }
