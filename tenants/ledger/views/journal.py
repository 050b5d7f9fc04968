"""Pages of the ledger: the journal, the balance at the end of any day, both as CSV."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize_form
from shared.kernel.clock import today
from shared.kernel.errors import AppError
from shared.kernel.exports import csv_response
from shared.kernel.forms import add_errors
from tenants.ledger import selectors
from tenants.ledger.forms import RateForm
from tenants.ledger.models import Account, JournalEntry
from tenants.ledger.presentation import (
    account_name,
    balances_by_currency,
    day_given,
    posted_entry,
)
from tenants.ledger.services.rates import record_rate

TEXT_MAX = 60


@require_safe
def journal(request: ApiRequest) -> HttpResponse:
    """Every entry by day, newest first; of a document, a kind, an account, some days."""
    page = paginate(
        _search(request), paging_of(request), orderings=("posted_on",), default="-posted_on"
    )
    context = {
        "page": page,
        "closed": [
            books
            for books in selectors.company_books(actor=request.actor)
            if books.closed_through is not None
        ],
        "entries": [posted_entry(entry) for entry in page.items],
        "kinds": JournalEntry.Kind.choices,
        "accounts": Account.choices,
        "is_filtered": bool(request.GET),
        "query": request.GET.urlencode(),
    }
    return render(request, "ledger/journal.html", context)


@require_safe
def balance(request: ApiRequest) -> HttpResponse:
    """The trial balance at the end of a day, and whether the documents agree with it."""
    on = day_given(request.GET.get("on", "")) or today()
    detailed = bool(request.GET.get("detailed"))
    rows = selectors.trial_balance(actor=request.actor, on=on, detailed=detailed)
    context = {
        "on": on,
        "detailed": detailed,
        "books": balances_by_currency(rows),
        "proof": selectors.proof_of(actor=request.actor, on=on),
        "query": request.GET.urlencode(),
        "crumbs": [(_("Journal"), reverse("ledger")), (_("Trial balance"), None)],
    }
    return render(request, "ledger/balance.html", context)


@require_safe
def journal_export(request: ApiRequest) -> StreamingHttpResponse:
    """The entries that the page shows, all of them, a row a line."""
    header = (
        _("Day"),
        _("Entry"),
        _("Document"),
        _("Account"),
        _("Detail"),
        _("Amount"),
        _("Currency"),
        _("Amount in the books"),
        _("Currency of the books"),
    )
    return csv_response("journal.csv", header, _rows(_search(request)))


@require_safe
def balance_export(request: ApiRequest) -> StreamingHttpResponse:
    """The trial balance as a file, a row an account and currency."""
    on = day_given(request.GET.get("on", "")) or today()
    rows = selectors.trial_balance(actor=request.actor, on=on, detailed=True)
    header = (
        _("Account"),
        _("Detail"),
        _("Balance"),
        _("Currency"),
        _("Balance in the books"),
        _("Currency of the books"),
    )
    lines = [
        (
            *map(str, account_name(row.account, row.detail)),
            row.amount,
            row.currency,
            row.base_amount,
            row.base_currency,
        )
        for row in rows
    ]
    return csv_response(f"trial-balance-{on.isoformat()}.csv", header, [lines])


def _search(request: ApiRequest) -> QuerySet[JournalEntry]:
    given = request.GET
    return selectors.journal_entries(
        actor=request.actor,
        document=given.get("q", "")[:TEXT_MAX].strip(),
        kind=given.get("kind", ""),
        account=given.get("account", ""),
        first=day_given(given.get("first", "")),
        last=day_given(given.get("last", "")),
    )


def _rows(found: QuerySet[JournalEntry]) -> Iterator[list[tuple[Any, ...]]]:
    for batch in selectors.entry_batches(found):
        yield [
            (
                entry.posted_on,
                str(entry.get_kind_display()),
                entry.document_code,
                *map(str, account_name(line.account, line.detail)),
                line.amount,
                entry.currency,
                line.base_amount,
                entry.base_currency,
            )
            for entry in batch
            for line in entry.lines.all()
        ]


@require_http_methods(["GET", "HEAD", "POST"])
def exchange_rates(request: ApiRequest) -> HttpResponse:
    """The rates that are known, and the form to enter one by hand."""
    authorize_form(request, see="ledger.read", change="ledger.write")
    form = RateForm(request.POST if request.method == "POST" else None, initial={"on": today()})
    if request.method == "POST" and form.is_valid():
        try:
            record_rate(actor=request.actor, **form.cleaned_data)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The rate was recorded."))
            return redirect("exchange_rates")
    found = selectors.exchange_rates(actor=request.actor)
    context = {
        "form": form,
        "page": paginate(found, paging_of(request), orderings=("on",), default="-on"),
        "may_write": request.actor.may("ledger.write"),
        "crumbs": [(_("Journal"), reverse("ledger")), (_("Exchange rates"), None)],
    }
    failed = request.method == "POST"
    return render(request, "ledger/rates.html", context, status=422 if failed else 200)
