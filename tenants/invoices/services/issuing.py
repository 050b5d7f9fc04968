"""Giving an invoice its number. From here on the database keeps it as it is."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from shared.audit.services import Act, record_many
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.bulk import copy_instances, update_rows
from shared.kernel.clock import now
from shared.kernel.errors import NotFound
from shared.kernel.wording import worded as _
from shared.outbox.services import publish_many
from tenants.documents.services import request_documents
from tenants.invoices.calculation import Calculation
from tenants.invoices.errors import NotIssuable
from tenants.invoices.held import clearing_entries, clearings, lock_held
from tenants.invoices.journal import calculated_charges, issue_entries, stored_charges
from tenants.invoices.models import Invoice
from tenants.invoices.numbering import take_numbers
from tenants.invoices.services.correcting import (
    lock_corrected,
    require_issuable,
    settle_correction,
)
from tenants.invoices.services.missing_rates import ask_for_rates
from tenants.invoices.services.storing import build_invoices, generated_acts, store_charges
from tenants.ledger.periods import refuse_closed
from tenants.ledger.services import post

ISSUE_FIELDS = (
    "number",
    "number_prefix",
    "number_year",
    "number_sequence",
    "document_status",
    "payment_status",
    "issued_at",
    "issued_by",
    "updated_at",
    "revision",
)
ISSUABLE = (Invoice.DocumentStatus.VALIDATED, Invoice.DocumentStatus.APPROVED)


def issue_invoice(
    *, actor: Actor, invoice_id: str, expected_revision: int | None = None
) -> Invoice:
    """Number the invoice and freeze it; issuing an issued invoice changes nothing.

    A correction settles what it corrects. A draft dated in time that is closed meanwhile stays
    one: delete it and make it again with a later date. Raises NotFound, NotIssuable, Forbidden,
    PeriodClosed, PreconditionFailed when stale.
    """
    authorize(actor, "invoices.issue")
    with transaction.atomic():
        original = lock_corrected(invoice_id)
        invoice = (
            Invoice.objects.select_for_update(of=("self",))
            .select_related("entity", "site")
            .filter(invoice_id=invoice_id)
            .first()
        )
        if invoice is None:
            raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
        if invoice.document_status == Invoice.DocumentStatus.ISSUED:
            return invoice
        invoice.require_revision(expected_revision)
        if invoice.document_status not in ISSUABLE:
            raise NotIssuable(
                _("%(id)s is %(status)s and cannot be issued.")
                % {"id": invoice_id, "status": invoice.get_document_status_display()}
            )
        refuse_closed([(invoice.entity_id, invoice.invoice_date)], field="invoice_date")
        if original is not None:
            require_issuable(actor=actor, correction=invoice, original=original)
        roots = lock_held(invoice)
        before = clearings(roots) if roots else {}
        acts = issue_locked(actor=actor, invoices=[invoice])
        if roots:
            after = clearings(roots)
            post(clearing_entries(invoice, act="issue", before=before, after=after))
        if original is not None:
            settle_correction(actor=actor, correction=invoice, original=original)
        record_many(actor=actor, acts=acts)
    return invoice


def issue_locked(*, actor: Actor, invoices: Sequence[Invoice], render: bool = True) -> list[Act]:
    """Number stored invoices that the caller's transaction has locked.

    The caller has authorised the actor, and records the acts returned as its last statement:
    numbers are locked late, the audit chain last.
    """
    _announce(invoices, render=render)
    charges = stored_charges(invoices)
    _number(invoices, actor)
    update_rows(Invoice, ISSUE_FIELDS, invoices)
    post(list(issue_entries(invoices, charges)))
    ask_for_rates(invoices)
    return _issued_acts(invoices)


def issue_calculated(
    *, actor: Actor, calculations: Sequence[Calculation], render: bool = True
) -> tuple[list[Invoice], list[Act]]:
    """Store the invoices of these calculations with their numbers, in the caller's transaction.

    The same as `store_invoices` and `issue_locked`, in half the time. Raises IntegrityError
    where a contract has a live invoice for these days.
    """
    invoices = build_invoices(actor, calculations)
    store_charges(invoices, calculations)
    _announce(invoices, render=render)
    charges = {
        invoice.pk: calculated_charges(calculation)
        for invoice, calculation in zip(invoices, calculations, strict=True)
    }
    _number(invoices, actor)
    copy_instances(invoices)
    post(list(issue_entries(invoices, charges)))
    ask_for_rates(invoices)
    return invoices, [*generated_acts(invoices), *_issued_acts(invoices)]


def _announce(invoices: Sequence[Invoice], *, render: bool) -> None:
    publish_many(
        topic="invoice.issued",
        events=[(invoice.site.site_id, {"invoice_id": invoice.invoice_id}) for invoice in invoices],
    )
    if render:
        request_documents([invoice.pk for invoice in invoices])


def _issued_acts(invoices: Sequence[Invoice]) -> list[Act]:
    return [
        Act(action="invoice.issued", target=invoice, after={"number": invoice.number})
        for invoice in invoices
    ]


def _number(invoices: Sequence[Invoice], actor: Actor) -> None:
    """Give each its number; the series stay locked until the transaction ends."""
    series: dict[tuple[str, int], list[Invoice]] = defaultdict(list)
    for invoice in invoices:
        prefix = invoice.entity.series_prefix(invoice.kind.removeprefix("holdback_"))
        series[prefix, invoice.invoice_date.year].append(invoice)
    moment = now()
    for (prefix, year), members in sorted(series.items()):  # one order: no deadlock
        block = take_numbers(prefix=prefix, year=year, count=len(members))
        for offset, invoice in enumerate(members):
            invoice.number = block.number(offset)
            invoice.number_prefix, invoice.number_year = prefix, year
            invoice.number_sequence = block.first + offset
            invoice.document_status = Invoice.DocumentStatus.ISSUED
            if not invoice.total:  # nobody can pay it, so it is not to stay open
                invoice.payment_status = invoice.derive_payment_status()
            invoice.issued_at, invoice.issued_by = moment, actor.label[:200]
            invoice.updated_at = moment
            invoice.revision += 1
