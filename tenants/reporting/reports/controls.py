"""The evidence pack of a period: control exceptions first, then who configured, approved, changed.

Every row comes from what the product keeps anyway: the audit record, which nobody can change,
the documents' own reasons and the proof of the journal against the documents.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.periods import Period
from shared.audit.models import Entry
from shared.audit.selectors import EntryFilter, list_entries, payload_of
from shared.kernel.actor import Actor
from tenants.invoices.models import Invoice
from tenants.payments.control import prove
from tenants.reporting.reports.base import Column, Kind, Parameter, Parameters, Report, Row
from tenants.reporting.reports.trail import detail_of
from tenants.review.models import ReviewItem

SECTION_MAX = 2_000  # rows of one section; the report says where it was cut
CONFIGURED = (
    "organisation.",
    "legal_entity.",
    "tax_rule.",
    "tax_exclusion.",
    "validation_settings.",
    "template.",
    "person.",
    "invitation.",
    "api_client.",
    "api_key.",
    "connection.",
    "webhook.",
    "schedule.",
    "report_schedule.",
    "retention.",
    "statement_settings.",
    "dunning.levels_changed",
    "exchange_rate.",
    "online_account.",
    "legal_hold.",
    "quality_settings.",
)
APPROVED = ("adjustment.approved", "adjustment.rejected", "invoice.approved", "contract.signed")
CHANGED = (
    "contract.changed",
    "contract.terms_changed",
    "contract.terminated",
    "customer.changed",
    "site.changed",
    "recipient.",
    "invoice.recalculated",
    "payment.reversed",
    "credit_note.unapplied",
)
# Who proposed something must not be who approves it.
SEPARATED = {
    "adjustment.approved": ("adjustment.proposed",),
    "invoice.approved": (
        "invoice.generated",
        "invoice.credit_drafted",
        "invoice.release_drafted",
    ),
}


def _rows(actor: Actor, asked: Parameters) -> Iterator[Row]:
    """All sections; each is limited to SECTION_MAX rows and says so."""
    entries = list_entries(
        actor=actor,
        wanted=EntryFilter(from_day=asked.period.start_date, to_day=asked.period.end_date),
    ).order_by("sequence")
    sections = (
        (_("Exception: same person proposed and approved"), _same_person(entries)),
        (_("Exception: journal and documents differ"), _differences(actor, asked.period.end_date)),
        (_("Exception: terms changed on invoiced days"), _invoiced_days(entries)),
        (_("Exception: issued in spite of a failed check"), _overridden(asked.period)),
        (_("Exception: review item dismissed"), _dismissed(asked.period)),
        (_("Exception: invoice void"), _voided(asked.period)),
        (_("Exception: credit note"), _credited(asked.period)),
        (_("Approved"), _acts(entries, APPROVED)),
        (_("Configured"), _acts(entries, CONFIGURED)),
        (_("Changed"), _acts(entries, CHANGED)),
    )
    for name, rows in sections:
        for row in islice(rows, SECTION_MAX):
            yield (name, *row)
        if next(rows, None) is not None:
            cut = _("Only the first %(n)d rows of this section.") % {"n": SECTION_MAX}
            yield (name, None, "", "", "", cut)


def _row(entry: Entry) -> Row:
    return (entry.at, entry.actor_label, entry.action, entry.object_label, detail_of(entry))


def _acts(entries: "QuerySet[Entry]", names: tuple[str, ...]) -> Iterator[Row]:
    wanted = Q()
    for name in names:
        wanted |= Q(action__startswith=name) if name.endswith(".") else Q(action=name)
    return (_row(entry) for entry in entries.filter(wanted).iterator())


def _same_person(entries: "QuerySet[Entry]") -> Iterator[Row]:
    both = Q()
    for approved, proposed in SEPARATED.items():
        mine = Entry.objects.filter(
            action__in=proposed,
            object_type=OuterRef("object_type"),
            object_id=OuterRef("object_id"),
            actor_kind=OuterRef("actor_kind"),
            actor_id=OuterRef("actor_id"),
        )
        both |= Q(Exists(mine), action=approved)
    return (_row(entry) for entry in entries.filter(both).iterator())


def _differences(actor: Actor, on: date) -> Iterator[Row]:
    for one in prove(actor=actor, on=on).differences:
        detail = _("Journal %(ledger)s, documents %(documents)s") % {
            "ledger": one.ledger,
            "documents": one.documents,
        }
        what = " ".join(part for part in (one.key.account, one.key.detail) if part)
        yield (None, "", "ledger.difference", f"{what} {one.key.currency}", detail)


def _invoiced_days(entries: "QuerySet[Entry]") -> Iterator[Row]:
    changes = list(entries.filter(action="contract.terms_changed")[: SECTION_MAX + 1])
    issued: dict[str, list[tuple[date, datetime | None, str]]] = defaultdict(list)
    rows = Invoice.objects.filter(
        contract_id__in={entry.object_id for entry in changes},
        issued_at__isnull=False,
        voided_on__isnull=True,
    ).exclude(kind=Invoice.Kind.CREDIT_NOTE)
    for contract, until, at, number in rows.values_list(
        "contract_id", "period_end", "issued_at", "number"
    ):
        issued[str(contract)].append((until, at, number or ""))
    for entry in changes:
        effective = payload_of(entry).get("after", {}).get("effective_date")
        if not effective:
            continue
        from_day = date.fromisoformat(effective)
        hit = [
            number
            for until, at, number in issued[entry.object_id]
            if at and until >= from_day and at < entry.at
        ]
        if hit:
            *who, _detail = _row(entry)
            detail = _("From %(day)s; invoiced by %(numbers)s") % {
                "day": from_day,
                "numbers": ", ".join(sorted(hit)),
            }
            yield (*who, detail)


def _overridden(period: Period) -> Iterator[Row]:
    start, end = _instants(period)
    issued = Invoice.objects.filter(
        issued_at__gte=start, issued_at__lt=end, checks__contains=[{"passed": False}]
    ).order_by("issued_at", "pk")
    for invoice in issued.only("number", "issued_at", "issued_by", "checks", "invoice_id"):
        failed = [one for one in invoice.checks if one.get("passed") is False]
        why = "; ".join(f"{one['name']} ({one['severity']})" for one in failed)
        yield (invoice.issued_at, invoice.issued_by, "invoice.issued", str(invoice), why)


def _dismissed(period: Period) -> Iterator[Row]:
    start, end = _instants(period)
    items = ReviewItem.objects.filter(
        status=ReviewItem.Status.DISMISSED, closed_at__gte=start, closed_at__lt=end
    ).order_by("closed_at", "pk")
    for item in items.iterator():
        yield (
            item.closed_at,
            item.closed_by,
            f"review.{item.kind}",
            item.target_label,
            f"{item.closing_note} ({item.cause})",
        )


def _voided(period: Period) -> Iterator[Row]:
    rows = Invoice.objects.filter(
        number__isnull=False, voided_on__range=(period.start_date, period.end_date)
    ).order_by("voided_on", "pk")
    for invoice in rows.only("number", "invoice_id", "voided_on", "void_reason").iterator():
        yield (invoice.voided_on, "", "invoice.voided", str(invoice), invoice.void_reason)


def _credited(period: Period) -> Iterator[Row]:
    start, end = _instants(period)
    rows = Invoice.objects.filter(
        kind=Invoice.Kind.CREDIT_NOTE, issued_at__gte=start, issued_at__lt=end
    ).order_by("issued_at", "pk")
    for note in rows.select_related("corrects").iterator():
        detail = f"{note.total.normalize():f} {note.currency}: {note.reason}"
        yield (
            note.issued_at,
            note.issued_by,
            "invoice.credited",
            f"{note} → {note.corrects}",
            detail,
        )


def _instants(period: Period) -> tuple[datetime, datetime]:
    """The first instant of the period and the first after it, in the reader's zone."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(period.start_date, datetime.min.time(), tzinfo=zone)
    after = period.end_date + timedelta(days=1)
    return start, datetime.combine(after, datetime.min.time(), tzinfo=zone)


REPORT = Report(
    name="sox-evidence",
    title=gettext_lazy("SOX evidence pack"),
    text=gettext_lazy("Control exceptions of a period, and who configured, approved and changed."),
    icon="scale",
    permission="audit.read",
    parameter=Parameter.PERIOD,
    columns=(
        Column("section", gettext_lazy("Section")),
        Column("at", gettext_lazy("When"), Kind.INSTANT),
        Column("who", gettext_lazy("Who")),
        Column("action", gettext_lazy("What")),
        Column("object", gettext_lazy("On what")),
        Column("detail", gettext_lazy("Details")),
    ),
    rows=_rows,
)
