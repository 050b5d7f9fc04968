"""The record as a page and as a file."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shared.audit import selectors
from shared.audit.forms import EntryFilterForm
from shared.audit.models import Entry
from shared.kernel.api import ApiRequest, Paging, Slice, paginate
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Invalid
from shared.kernel.exports import csv_response

ROWS_A_PAGE = 50
CHANGES_LISTED = 10  # a payment may settle two thousand invoices in one act
CHANGES_SHOWN = 2_500  # on the entry's own page; the file has all
EXPORT_BATCHES_MAX = 1_000
EXPORT_BATCH = 2_000
COLUMNS = (
    "sequence",
    "at",
    "action",
    "actor_kind",
    "actor_id",
    "actor_label",
    "object_type",
    "object_id",
    "object_label",
    "ip",
    "request_id",
    "payload",
)


@require_safe
def list_entries(request: ApiRequest) -> HttpResponse:
    """Who did what, newest first, with what changed. Needs audit.read."""
    form = EntryFilterForm(request.GET)
    entries = selectors.list_entries(actor=request.actor, wanted=form.wanted())
    page = _page(request, entries)
    context = {
        "form": form,
        "actions": selectors.list_actions(actor=request.actor),
        "rows": [_row(entry) for entry in page.items],
        "next": page.next,
        "may_export": request.actor.may("audit.export"),
        "export_query": request.GET.urlencode(),
    }
    return render(request, "audit/list.html", context)


def _row(entry: Entry) -> tuple[Entry, list[selectors.Change], int]:
    """The entry, the first of what changed, and how much changed."""
    changes = selectors.changes_of(entry)
    return entry, changes[:CHANGES_LISTED], len(changes)


def _page(request: HttpRequest, entries: QuerySet[Entry]) -> Slice[Entry]:
    """A cursor that is none of ours starts at the newest entry again."""
    cursor = request.GET.get("cursor", "")[:1000] or None
    asked = Paging(limit=ROWS_A_PAGE, cursor=cursor, ordering=None)
    try:
        return paginate(entries, asked, orderings=("sequence",), default="-sequence")
    except Invalid:
        first = asked.model_copy(update={"cursor": None})
        return paginate(entries, first, orderings=("sequence",), default="-sequence")


@require_safe
def show_entry(request: ApiRequest, sequence: int) -> HttpResponse:
    """One act with what it changed. Needs audit.read; 404 where there is none."""
    entry = selectors.get_entry(actor=request.actor, sequence=sequence)
    changes = selectors.changes_of(entry)
    context = {
        "entry": entry,
        "changes": changes[:CHANGES_SHOWN],
        "total": len(changes),
        "crumbs": [(_("Audit log"), reverse("audit")), (str(entry.sequence), None)],
    }
    return render(request, "audit/entry.html", context)


@require_safe
def export_entries(request: ApiRequest) -> StreamingHttpResponse:
    """The filtered record as CSV, oldest first. Needs audit.export."""
    authorize(request.actor, "audit.export")
    wanted = EntryFilterForm(request.GET).wanted()
    entries = selectors.list_entries(actor=request.actor, wanted=wanted).order_by("sequence")
    return csv_response("audit.csv", COLUMNS, _batches(entries))


def _batches(entries: QuerySet[Entry]) -> Iterator[list[list[object]]]:
    """By their sequence, so that a long record is never held, nor counted, at once."""
    last = 0
    for _batch in range(EXPORT_BATCHES_MAX):
        batch = list(entries.filter(sequence__gt=last)[:EXPORT_BATCH])
        yield [[_cell(getattr(entry, name)) for name in COLUMNS] for entry in batch]
        if len(batch) < EXPORT_BATCH:
            return
        last = batch[-1].sequence


def _cell(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
