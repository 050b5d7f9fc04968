"""Control exceptions of a period: what an auditor asks about first.

Each function yields the rows of one section in a fixed number of queries.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import (
    CharField,
    Count,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import Cast, TruncMonth
from django.utils.translation import gettext as _

from billing.periods import Period
from shared.audit.models import Entry
from shared.audit.selectors import payload_of
from shared.kernel.actor import Actor
from shared.kernel.formats import money_text
from shared.kernel.wording import day
from tenants.invoices.models import Invoice, NumberSeries
from tenants.invoices.services.correcting import RECALCULATION
from tenants.ledger.models import BookClosing, JournalEntry
from tenants.payments.control import prove
from tenants.reporting.reports.base import instants
from tenants.reporting.reports.evidence import (
    SECTION_MAX,
    Finding,
    approvals_of,
    approved,
    findings_of,
)
from tenants.reporting.reports.trail import INVOICE
from tenants.review.models import ReviewItem

# What was posted so long after its month is shown, whether the books were closed or not.
CLOSED_AFTER = timedelta(days=15)
SAME_MOMENT = timedelta(minutes=5)  # a posting and the act that made it
# Who proposed something must not be who approves it.
PROPOSED = {
    "adjustment.approved": ("adjustment.proposed",),
    "invoice.approved": (
        "invoice.generated",
        "invoice.recalculated",
        "invoice.credit_drafted",
        "invoice.release_drafted",
    ),
}
# Who entered money or a document should not be who takes it back.
ENTERED = {
    "invoice.voided": ("invoice.issued",),
    "invoice.written_off": ("invoice.issued",),
    "payment.reversed": ("payment.recorded",),
    "payment.refunded": ("payment.recorded",),
    "payment.refund_undone": ("payment.refunded",),
    "credit_note.refund_undone": ("credit_note.refunded",),
}
NEED_REASON = (
    "adjustment.proposed",
    "invoice.credit_drafted",
    "invoice.voided",
    "invoice.written_off",
    "payment.reversed",
    "payment.refunded",
    "credit_note.refunded",
    "payment.refund_undone",
    "credit_note.refund_undone",
    "books.reopened",
)
HAS_REASON = r'"reason": ?"[^"]*[^" ]'


def same_person(
    entries: "QuerySet[Entry]", earlier: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """Acts of one person that need two: `earlier` names what the other one does before."""
    both = Q()
    for act, before in earlier.items():
        mine = Entry.objects.filter(
            action__in=before,
            object_type=OuterRef("object_type"),
            object_id=OuterRef("object_id"),
            actor_kind=OuterRef("actor_kind"),
            actor_id=OuterRef("actor_id"),
        )
        both |= Q(Exists(mine), action=act)
    yield from findings_of(entries.filter(both).exclude(actor_kind="system"))


def self_approved(entries: "QuerySet[Entry]") -> Iterator[Finding]:
    """Documents approved by who made them, since nobody else might."""
    acts = entries.filter(action="invoice.approved", payload__contains='"self_approved"')
    yield from findings_of(acts)


def differences(actor: Actor, on: date) -> Iterator[Finding]:
    """Where the journal and the documents do not agree at the end of a day."""
    for one in prove(actor=actor, on=on).differences:
        detail = _("Journal %(ledger)s, documents %(documents)s") % {
            "ledger": money_text(one.ledger, one.key.currency),
            "documents": money_text(one.documents, one.key.currency),
        }
        what = " ".join(part for part in (one.key.account, one.key.detail) if part)
        yield Finding(None, "", "ledger.difference", f"{what} {one.key.currency}", detail)


def number_gaps(period: Period) -> Iterator[Finding]:
    """Series of the period's years in which a number is missing."""
    years = (period.start_date.year, period.end_date.year)
    counted = (
        Invoice.objects.filter(number__isnull=False, number_year__range=years)
        .order_by()
        .values_list("number_prefix", "number_year")
        .annotate(number=Count("pk"))
    )
    used = {(prefix, year): number for prefix, year, number in counted}
    for series in NumberSeries.objects.filter(year__range=years).order_by("prefix", "year"):
        missing = series.last_sequence - used.get((series.prefix, series.year), 0)
        if missing:
            detail = _("%(missing)d of %(last)d numbers are missing.") % {
                "missing": missing,
                "last": series.last_sequence,
            }
            yield Finding(None, "", "invoice.numbers", f"{series.prefix}-{series.year}", detail)


def unrecorded(period: Period) -> Iterator[Finding]:
    """Documents issued or void of which the audit record knows nothing."""
    start, end = instants(period)
    document = Cast(OuterRef("pk"), CharField())
    acts = Entry.objects.filter(object_type=INVOICE, object_id=document)
    issued = Invoice.objects.filter(
        ~Exists(acts.filter(action="invoice.issued")), issued_at__gte=start, issued_at__lt=end
    )
    void = Invoice.objects.filter(
        ~Exists(acts.filter(action="invoice.voided")),
        document_status=Invoice.DocumentStatus.VOID,
        number__isnull=False,
        voided_on__range=(period.start_date, period.end_date),
    )
    what = _("The audit record does not hold how it got there.")
    shown: set[UUID] = set()
    for found in (issued, void):  # each by its own index
        rows = found.order_by("issued_at", "pk")
        for one in rows.only("number", "invoice_id", "issued_at", "issued_by")[: SECTION_MAX + 1]:
            if one.pk not in shown:
                shown.add(one.pk)
                yield Finding(one.issued_at, one.issued_by, "", str(one), what)


def invoiced_days(entries: "QuerySet[Entry]") -> Iterator[Finding]:
    """Terms that were changed on days that had been invoiced."""
    changes = list(entries.filter(action="contract.terms_changed")[: SECTION_MAX + 1])
    issued = _issued_on({entry.object_id for entry in changes})
    hits: dict[int, str] = {}
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
            hits[entry.sequence] = _("From %(day)s; invoiced by %(numbers)s") % {
                "day": day(from_day),
                "numbers": ", ".join(sorted(hit)),
            }
    yield from findings_of(
        entries.filter(sequence__in=list(hits)), detail=lambda entry: hits[entry.sequence]
    )


def _issued_on(contracts: set[str]) -> dict[str, list[tuple[date, datetime | None, str]]]:
    issued: dict[str, list[tuple[date, datetime | None, str]]] = defaultdict(list)
    rows = Invoice.objects.filter(
        contract_id__in=contracts, issued_at__isnull=False, voided_on__isnull=True
    ).exclude(kind=Invoice.Kind.CREDIT_NOTE)
    for contract, until, at, number in rows.values_list(
        "contract_id", "period_end", "issued_at", "number"
    ):
        issued[str(contract)].append((until, at, number or ""))
    return issued


def posted_late(period: Period) -> Iterator[Finding]:
    """Postings into a month that ended more than CLOSED_AFTER before they were made."""
    start, end = instants(period)
    then = ExpressionWrapper(F("created_at") - CLOSED_AFTER, output_field=DateTimeField())
    late = JournalEntry.objects.filter(
        created_at__gte=start,
        created_at__lt=end,
        posted_on__lt=TruncMonth(then, output_field=DateField()),
    ).order_by("created_at", "pk")
    found = list(late[: SECTION_MAX + 1])
    ids = {str(posting.document_id) for posting in found}
    acts, approvals = _acts_on(ids, start, end), approvals_of(ids)
    for posting in found:
        document = str(posting.document_id)
        act = min(
            (one for one in acts[document] if abs(one.at - posting.created_at) < SAME_MOMENT),
            key=lambda one: abs(one.at - posting.created_at),
            default=None,
        )
        detail = _("Dated %(day)s: %(kind)s") % {
            "day": day(posting.posted_on),
            "kind": posting.get_kind_display(),
        }
        yield Finding(
            posting.created_at,
            act.actor_label if act else "",
            act.action if act else "",
            posting.document_code,
            detail,
            *approved(approvals[document][-1] if document in approvals else None),
        )


def closed(period: Period) -> Iterator[Finding]:
    """Books closed in the period; nothing can be posted up to their day from then on."""
    yield from _closings(period, Q(act=BookClosing.Act.CLOSED))


def closed_early(period: Period) -> Iterator[Finding]:
    """Books that were closed although the month had open points, which somebody confirmed."""
    yield from _closings(period, Q(act=BookClosing.Act.CLOSED) & ~Q(open_points=[]))


def reopened(period: Period) -> Iterator[Finding]:
    """Books that were opened again, with the reason."""
    yield from _closings(period, Q(act=BookClosing.Act.REOPENED))


def _closings(period: Period, which: Q) -> Iterator[Finding]:
    start, end = instants(period)
    found = BookClosing.objects.filter(which, created_at__gte=start, created_at__lt=end)
    rows = found.order_by("created_at", "pk").values_list(
        "created_at", "recorded_by", "act", "entity__name", "through", "reason", "open_points"
    )
    for at, who, act, company, through, reason, points in rows[: SECTION_MAX + 1]:
        detail = _("Closed through %(day)s.") % {"day": day(through)}
        text = " ".join(part for part in (detail, reason, "; ".join(map(str, points))) if part)
        yield Finding(at, who, f"books.{act}", company, text)


def _acts_on(object_ids: set[str], start: datetime, end: datetime) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    acts = Entry.objects.filter(
        object_id__in=object_ids, at__gte=start - SAME_MOMENT, at__lt=end + SAME_MOMENT
    )
    for entry in acts.iterator() if object_ids else ():
        found[entry.object_id].append(entry)
    return found


def revenue_late(period: Period) -> Iterator[Finding]:
    """Revenue that was changed after it was invoiced, with what became of it."""
    start, end = instants(period)
    items = ReviewItem.objects.filter(
        kind=RECALCULATION, created_at__gte=start, created_at__lt=end
    ).order_by("created_at", "pk")
    for item in items[: SECTION_MAX + 1]:
        outcome = f"{item.get_status_display()} {item.closing_note}".strip()
        yield Finding(
            item.created_at,
            item.closed_by,
            "revenue.recorded",
            item.target_label,
            f"{item.cause} ({outcome})",
        )


def overridden(period: Period) -> Iterator[Finding]:
    """Documents that were issued though a check had failed."""
    start, end = instants(period)
    issued = Invoice.objects.filter(
        issued_at__gte=start, issued_at__lt=end, checks__contains=[{"passed": False}]
    ).order_by("issued_at", "pk")
    fields = issued.only("number", "issued_at", "issued_by", "checks", "invoice_id")
    found = list(fields[: SECTION_MAX + 1])
    approvals = approvals_of(invoice.pk for invoice in found)
    for invoice in found:
        failed = [one for one in invoice.checks if one.get("passed") is False]
        why = "; ".join(f"{one['name']} ({one['severity']})" for one in failed)
        known = approvals.get(str(invoice.pk), ())
        yield Finding(
            invoice.issued_at,
            invoice.issued_by,
            "invoice.issued",
            str(invoice),
            why,
            *approved(known[-1] if known else None),
        )


def dismissed(period: Period) -> Iterator[Finding]:
    """Review items that a person said need nothing."""
    start, end = instants(period)
    items = ReviewItem.objects.filter(
        status=ReviewItem.Status.DISMISSED, closed_at__gte=start, closed_at__lt=end
    ).order_by("closed_at", "pk")
    for item in items.iterator():
        yield Finding(
            item.closed_at,
            item.closed_by,
            f"review.{item.kind}",
            item.target_label,
            f"{item.closing_note} ({item.cause})",
        )


def without_reason(entries: "QuerySet[Entry]") -> Iterator[Finding]:
    """Acts that need a reason and have none; those whose content was lawfully erased are left."""
    acts = entries.filter(action__in=NEED_REASON).exclude(payload="")
    yield from findings_of(acts.exclude(payload__regex=HAS_REASON))


def voided(entries: "QuerySet[Entry]") -> Iterator[Finding]:
    """Documents made void, with the reason."""
    yield from findings_of(entries.filter(action="invoice.voided"), detail=_reason_of)


def released_early(entries: "QuerySet[Entry]") -> Iterator[Finding]:
    """Holdback that was released before its lien period had run, with the reason."""
    acts = entries.filter(action="invoice.release_drafted", payload__regex=r'"early": ?true')
    yield from findings_of(acts, detail=_reason_of)


def credited(period: Period) -> Iterator[Finding]:
    """Credit notes issued, with amount and reason."""
    start, end = instants(period)
    rows = Invoice.objects.filter(
        kind=Invoice.Kind.CREDIT_NOTE, issued_at__gte=start, issued_at__lt=end
    ).order_by("issued_at", "pk")
    found = list(rows.select_related("corrects")[: SECTION_MAX + 1])
    approvals = approvals_of(note.pk for note in found)
    for note in found:
        known = approvals.get(str(note.pk), ())
        yield Finding(
            note.issued_at,
            note.issued_by,
            "invoice.credited",
            f"{note} → {note.corrects}",
            f"{money_text(note.total, note.currency)}: {note.reason}",
            *approved(known[-1] if known else None),
        )


def _reason_of(entry: Entry) -> str:
    return str(payload_of(entry).get("after", {}).get("reason", ""))
