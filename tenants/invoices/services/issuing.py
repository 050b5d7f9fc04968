"""Giving an invoice its number. From here on the database keeps it as it is."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from shared.audit.services import Act, record_many
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import NotFound
from shared.outbox.services import publish_many
from tenants.documents.services import request_documents
from tenants.invoices.errors import NotIssuable
from tenants.invoices.journal import issue_entries, stored_charges
from tenants.invoices.models import Invoice
from tenants.invoices.numbering import take_numbers
from tenants.invoices.services.correcting import (
    lock_corrected,
    require_issuable,
    settle_correction,
)
from tenants.ledger.services import post

ISSUABLE = (Invoice.DocumentStatus.VALIDATED, Invoice.DocumentStatus.APPROVED)


def issue_invoice(
    *, actor: Actor, invoice_id: str, expected_revision: int | None = None
) -> Invoice:
    """Number the invoice and freeze it; issuing an issued invoice changes nothing.

    A correction settles what it corrects. Raises NotFound, NotIssuable, Forbidden,
    PreconditionFailed when stale.
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
        if original is not None:
            require_issuable(actor=actor, correction=invoice, original=original)
        acts = issue_locked(actor=actor, invoices=[invoice])
        if original is not None:
            settle_correction(actor=actor, correction=invoice, original=original)
        record_many(actor=actor, acts=acts)
    return invoice


def issue_locked(*, actor: Actor, invoices: Sequence[Invoice], render: bool = True) -> list[Act]:
    """Number invoices that the caller's transaction has locked or just made.

    The caller has authorised the actor, and records the acts returned as its last statement:
    numbers are locked late, the audit chain last.
    """
    publish_many(
        topic="invoice.issued",
        events=[(invoice.site.site_id, {"invoice_id": invoice.invoice_id}) for invoice in invoices],
    )
    if render:
        request_documents([invoice.pk for invoice in invoices])
    charges = stored_charges(invoices)
    _number(invoices)
    _save_numbers(invoices, actor)
    post(list(issue_entries(invoices, charges)))
    return [
        Act(action="invoice.issued", target=invoice, after={"number": invoice.number})
        for invoice in invoices
    ]


def _number(invoices: Sequence[Invoice]) -> None:
    series: dict[tuple[str, int], list[Invoice]] = defaultdict(list)
    for invoice in invoices:
        prefix = invoice.entity.series_prefix(invoice.kind.removeprefix("holdback_"))
        series[prefix, invoice.invoice_date.year].append(invoice)
    for (prefix, year), members in sorted(series.items()):  # one order: no deadlock
        block = take_numbers(prefix=prefix, year=year, count=len(members))
        for offset, invoice in enumerate(members):
            invoice.number = block.number(offset)
            invoice.number_prefix, invoice.number_year = prefix, year
            invoice.number_sequence = block.first + offset


def _save_numbers(invoices: Sequence[Invoice], actor: Actor) -> None:
    """One statement however many there are."""
    issued_at = now()
    for invoice in invoices:
        invoice.document_status = Invoice.DocumentStatus.ISSUED
        invoice.issued_at, invoice.issued_by = issued_at, actor.label
        invoice.revision += 1
    columns: list[list[Any]] = [
        [invoice.pk for invoice in invoices],
        [invoice.number for invoice in invoices],
        [invoice.number_prefix for invoice in invoices],
        [invoice.number_year for invoice in invoices],
        [invoice.number_sequence for invoice in invoices],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE invoices_invoice SET number = new.number, number_prefix = new.prefix, "
            "number_year = new.year, number_sequence = new.sequence, "
            "document_status = 'issued', issued_at = %s, issued_by = %s, "
            "revision = revision + 1, updated_at = %s "
            "FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[], %s::int[]) "
            "AS new (id, number, prefix, year, sequence) WHERE invoices_invoice.id = new.id",
            [issued_at, actor.label[:200], issued_at, *columns],
        )
