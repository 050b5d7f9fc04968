"""The evidence pack of a period: control exceptions first, then who configured, approved, changed.

Every row comes from what the product keeps anyway: the audit record, which nobody can change,
the documents' own reasons and the proof of the journal against the documents.
"""

from collections.abc import Iterator
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared.audit.selectors import EntryFilter, list_entries
from shared.kernel.actor import Actor
from tenants.reporting.reports import exceptions
from tenants.reporting.reports.base import Column, Kind, Parameter, Parameters, Report, Row
from tenants.reporting.reports.evidence import SECTION_MAX, Finding, acts_named, findings_of

CONFIGURED = (
    "organisation.",
    "legal_entity.",
    "department.",
    "tax_rule.",
    "tax_exclusion.",
    "validation_settings.",
    "template.",
    "person.added",
    "person.role_changed",
    "person.deactivated",
    "person.reactivated",
    "person.email_changed",
    "person.password_reset",
    "person.second_factor_removed",
    "invitation.",
    "api_client.",
    "api_key.",
    "keys.rotated",
    "connection.",
    "webhook.",
    "mail_webhook.",
    "file_drop.",
    "schedule.",
    "report_schedule.",
    "retention.",
    "statement_settings.",
    "dunning.levels_changed",
    "online_account.",
    "legal_hold.",
    "quality_settings.",
)
APPROVED = (
    "adjustment.approved",
    "adjustment.rejected",
    "invoice.approved",
    "contract.activated",
    "contract.signed",
)
CHANGED = (
    "adjustment.proposed",
    "contract.changed",
    "contract.terms_changed",
    "contract.renewed",
    "contract.terminated",
    "customer.changed",
    "customer.exemption_added",
    "customer.exemption_ended",
    "customer.exemption_removed",
    "site.changed",
    "recipient.",
    "address.allowed",
    "dunning.held",
    "dunning.resumed",
    "conflict.resolved",
    "import.applied",
    "import.undone",
    "invoice.recalculated",
    "invoice.discarded",
    "invoice.remade",
    "invoice.written_off",
    "invoice.write_off_undone",
    "dispute.",
    "payment.reversed",
    "payment.refunded",
    "payment.refund_undone",
    "payment.unapplied",
    "credit_note.refunded",
    "credit_note.refund_undone",
    "credit_note.unapplied",
)


def _rows(actor: Actor, asked: Parameters) -> Iterator[Row]:
    """All sections; each is limited to SECTION_MAX rows and says so."""
    for name, rows in _sections(actor, asked):
        for row in islice(rows, SECTION_MAX):
            yield (name, *row)
        if next(rows, None) is not None:
            cut = _("Only the first %(n)d rows of this section.") % {"n": SECTION_MAX}
            yield (name, *Finding(None, "", "", "", cut))


def _sections(actor: Actor, asked: Parameters) -> tuple[tuple[str, Iterator[Finding]], ...]:
    period = asked.period
    days = EntryFilter(from_day=period.start_date, to_day=period.end_date)
    entries = list_entries(actor=actor, wanted=days).order_by("sequence")
    by_hand = entries.filter(action="exchange_rate.recorded")
    return (
        (
            _("Exception: same person proposed and approved"),
            exceptions.same_person(entries, exceptions.PROPOSED),
        ),
        (
            _("Exception: self-approved, nobody else may approve"),
            exceptions.self_approved(entries),
        ),
        (
            _("Exception: same person entered and took back"),
            exceptions.same_person(entries, exceptions.ENTERED),
        ),
        (
            _("Exception: journal and documents differ"),
            exceptions.differences(actor, period.end_date),
        ),
        (_("Exception: document number missing"), exceptions.number_gaps(period)),
        (_("Exception: not in the audit record"), exceptions.unrecorded(period)),
        (_("Exception: reason missing"), exceptions.without_reason(entries)),
        (_("Exception: terms changed on invoiced days"), exceptions.invoiced_days(entries)),
        (_("Exception: revenue changed after it was invoiced"), exceptions.revenue_late(period)),
        (_("Exception: exchange rate entered by hand"), findings_of(by_hand)),
        (_("Exception: issued in spite of a failed check"), exceptions.overridden(period)),
        (_("Exception: review item dismissed"), exceptions.dismissed(period)),
        (_("Exception: invoice void"), exceptions.voided(entries)),
        (_("Exception: holdback released early"), exceptions.released_early(entries)),
        (_("Exception: credit note"), exceptions.credited(period)),
        (_("Exception: posted long after the month"), exceptions.posted_late(period)),
        (_("Exception: books reopened"), exceptions.reopened(period)),
        (_("Exception: books closed with open points"), exceptions.closed_early(period)),
        (_("Books closed"), exceptions.closed(period)),
        (_("Approved"), findings_of(acts_named(entries, APPROVED))),
        (_("Configured"), findings_of(acts_named(entries, CONFIGURED))),
        (_("Changed"), findings_of(acts_named(entries, CHANGED))),
    )


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
        Column("approved_by", gettext_lazy("Approved by")),
        Column("approved_at", gettext_lazy("Approved on"), Kind.INSTANT),
    ),
    rows=_rows,
    is_long=True,
)
