"""Everything that happened to one invoice. Source: seed 001, audit trail reporting."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared.audit.models import Entry
from shared.audit.selectors import EntryFilter, changes_of, list_entries
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.delivery.models import Delivery, DeliveryEvent
from tenants.invoices.explanation import check_text
from tenants.invoices.models import Invoice
from tenants.reporting.reports.base import Column, Kind, Parameter, Parameters, Report, Row

INVOICE = "invoices.invoice"
CHANGES_NAMED = 12
DETAIL_MAX = 400


class EventKind(StrEnum):
    """The four kinds of events of the seed."""

    GENERATION = "generation"
    VALIDATION = "validation"
    DISTRIBUTION = "distribution"
    MODIFICATION = "modification"


class Event(NamedTuple):
    """Something that happened to the invoice."""

    at: datetime
    kind: EventKind
    action: str
    who: str
    detail: str


_KINDS = {
    "invoice.generated": EventKind.GENERATION,
    "invoice.credit_drafted": EventKind.GENERATION,
    "invoice.release_drafted": EventKind.GENERATION,
    "invoice.validated": EventKind.VALIDATION,
    "invoice.approved": EventKind.VALIDATION,
    "delivery.requested": EventKind.DISTRIBUTION,
    "delivery.resent": EventKind.DISTRIBUTION,
    "delivery.redirected": EventKind.DISTRIBUTION,
    "delivery.cancelled": EventKind.DISTRIBUTION,
}


def find_invoice(*, actor: Actor, reference: str) -> Invoice:
    """The invoice of a number or of a public id. Raises NotFound."""
    authorize(actor, "invoices.read")
    named = Q(invoice_id__iexact=reference) | Q(number__iexact=reference)
    invoice = Invoice.objects.filter(named).first()
    if invoice is None:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": reference})
    return invoice


def trail_of(
    *, actor: Actor, invoice: Invoice, wanted: EntryFilter | None = None
) -> Iterator[Event]:
    """What happened to the invoice, its deliveries and what corrects or settles it, oldest first.

    The results of its checks stand at the time they were last kept.
    """
    entries = list_entries(actor=actor, wanted=wanted or EntryFilter())
    about = Q(object_type=INVOICE, object_id=str(invoice.pk))
    for object_type, ids in _related(invoice).items():
        about |= Q(object_type=object_type, object_id__in=[str(pk) for pk in ids])
    found = entries.filter(about).order_by("sequence").iterator()
    acts = (_act(entry, invoice) for entry in found)
    events = DeliveryEvent.objects.filter(delivery__object_id=invoice.pk).order_by("created_at")
    if wanted and wanted.from_day:
        events = events.filter(created_at__date__gte=wanted.from_day)
    if wanted and wanted.to_day:
        events = events.filter(created_at__date__lte=wanted.to_day)
    yield from merge(
        acts,
        _checked(entries, invoice, wanted),
        (_sent(event) for event in events.iterator()),
        key=lambda event: event.at,
    )


def _related(invoice: Invoice) -> dict[str, set[UUID]]:
    """By kind the keys of deliveries, and of what corrects, settles or disputes the invoice."""
    settling = invoice.allocations.values_list("payment", "credit_note")
    payments = {payment for payment, _note in settling if payment}
    notes = {note for _payment, note in settling if note}
    correcting = Q(corrects=invoice) | Q(corrects__corrects=invoice)
    correcting |= Q(lines__corrects__invoice=invoice)
    documents = Invoice.objects.filter(correcting).values_list("pk", flat=True)
    deliveries = Delivery.objects.filter(object_id=invoice.pk).values_list("pk", flat=True)
    return {
        "delivery.delivery": set(deliveries),
        INVOICE: {*documents, *notes} - {invoice.pk},
        "payments.payment": payments,
        "disputes.dispute": set(invoice.disputes.values_list("pk", flat=True)),
    }


def _checked(
    entries: "QuerySet[Entry]", invoice: Invoice, wanted: EntryFilter | None
) -> list[Event]:
    """One event for each kept check: when it was made, or last checked again."""
    last = (
        entries.filter(action="invoice.validated", object_type=INVOICE, object_id=str(invoice.pk))
        .order_by("-sequence")
        .first()
    )
    at, who = (last.at, last.actor_label) if last else (invoice.created_at, invoice.created_by)
    day = timezone.localdate(at)
    if wanted and (
        (wanted.from_day and day < wanted.from_day) or (wanted.to_day and day > wanted.to_day)
    ):
        return []
    return [
        Event(
            at,
            EventKind.VALIDATION,
            "invoice.check_passed" if check["passed"] else "invoice.check_failed",
            who,
            f"{check['name']} ({check['severity']}): {check_text(check, invoice.currency)}",
        )
        for check in invoice.checks
    ]


def _act(entry: Entry, invoice: Invoice) -> Event:
    """An act; of another document than the invoice it names which."""
    detail = detail_of(entry)
    if entry.object_type in (INVOICE, "payments.payment", "disputes.dispute") and (
        entry.object_id != str(invoice.pk)
    ):
        detail = f"{entry.object_label}: {detail}"[:DETAIL_MAX]
        return Event(entry.at, EventKind.MODIFICATION, entry.action, entry.actor_label, detail)
    kind = _KINDS.get(entry.action, EventKind.MODIFICATION)
    return Event(entry.at, kind, entry.action, entry.actor_label, detail)


def _sent(event: DeliveryEvent) -> Event:
    action = f"delivery.{event.kind}"
    return Event(event.created_at, EventKind.DISTRIBUTION, action, "", event.detail)


def detail_of(entry: Entry) -> str:
    """What changed, in one line: the first few values before and after."""
    found = islice(changes_of(entry), CHANGES_NAMED)
    parts = [
        f"{one.field}: {one.before} → {one.after}" if one.before else f"{one.field}: {one.after}"
        for one in found
    ]
    return "; ".join(parts)[:DETAIL_MAX]


def kind_label(kind: EventKind) -> str:
    """The kind in the reader's language."""
    return {
        EventKind.GENERATION: _("Generation"),
        EventKind.VALIDATION: _("Validation"),
        EventKind.DISTRIBUTION: _("Distribution"),
        EventKind.MODIFICATION: _("Modification"),
    }[kind]


def _rows(actor: Actor, asked: Parameters) -> Iterator[Row]:
    invoice = find_invoice(actor=actor, reference=asked.invoice)
    for event in trail_of(actor=actor, invoice=invoice):
        yield (event.at, kind_label(event.kind), event.action, event.who, event.detail)


REPORT = Report(
    name="audit-trail",
    title=gettext_lazy("Audit trail of an invoice"),
    text=gettext_lazy("How one invoice was made, checked, sent and changed, by whom and when."),
    icon="footprints",
    permission="audit.read",
    parameter=Parameter.INVOICE,
    columns=(
        Column("at", gettext_lazy("When"), Kind.INSTANT),
        Column("kind", gettext_lazy("Kind")),
        Column("action", gettext_lazy("What")),
        Column("who", gettext_lazy("Who")),
        Column("detail", gettext_lazy("Details")),
    ),
    rows=_rows,
)
