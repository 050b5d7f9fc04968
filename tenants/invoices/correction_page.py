"""What an invoice's page shows besides its lines: corrections, holdback, journal, actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.clock import today
from shared.kernel.formats import format_day, format_money
from tenants.contracts.construction import construction_book
from tenants.disputes.selectors import disputes
from tenants.invoices.calculation import statute_of
from tenants.invoices.comparing import remaining_charge
from tenants.invoices.explanation import line_name
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.approvers import (
    APPROVABLE,
    PERMISSION,
    is_made_by,
    other_approvers,
)
from tenants.invoices.selectors.corrected import UNISSUED, related_documents
from tenants.invoices.selectors.creditable import CreditableLine, held_lines
from tenants.invoices.services.crediting import CREDITABLE
from tenants.invoices.services.releasing import wait_of
from tenants.ledger.presentation import posted_entry
from tenants.ledger.selectors import journal_entries

ENTRIES_MAX = 60
APPROVERS_NAMED_MAX = 3
ZERO = Decimal(0)


@dataclass(frozen=True)
class Held:
    """What of an invoice is still kept back, and from which day it may be asked for.

    `early` says that it may not be asked for yet.
    """

    kept: Decimal
    left: Decimal
    release_on: date | None
    early: bool


@dataclass(frozen=True)
class Compared:
    """One charge as it was billed and as it was calculated again."""

    name: str
    billed: Decimal
    calculated: Decimal
    given: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """More than zero where too little was billed; what was given by hand stays given."""
        return remaining_charge(self.calculated, self.given) - self.billed - self.given


def correction_context(actor: Actor, invoice: Invoice) -> dict[str, Any]:
    """For the template of an invoice's page."""
    related = list(related_documents(actor=actor, invoice=invoice))
    if invoice.corrects:
        related.insert(0, invoice.corrects)
    held = held_of(invoice)
    standing = list(disputes(actor=actor, invoice_id=invoice.invoice_id))
    compared = compared_of(invoice)
    entries = []
    if actor.may("ledger.read") and invoice.number:
        found = journal_entries(actor=actor, document_id=invoice.pk)[:ENTRIES_MAX]
        entries = [posted_entry(entry) for entry in found]
    return {
        "related": related,
        "compared": compared,
        "credit_kept": kept_sentence(-sum((row.given for row in compared), ZERO), invoice.currency),
        "held": held,
        "disputes": standing,
        "entries": entries,
        "may": may_do(actor, invoice, held),
        **approval_of(actor, invoice),
    }


def approval_of(actor: Actor, invoice: Invoice) -> dict[str, Any]:
    """Whether the actor may approve the draft; its maker reads instead who else does."""
    waits = invoice.document_status in APPROVABLE and actor.may(PERMISSION)
    others = []
    if waits and is_made_by(actor, invoice):
        others = list(other_approvers(actor)[: APPROVERS_NAMED_MAX + 1])
    names = ", ".join(str(person) for person in others[:APPROVERS_NAMED_MAX])
    more = ", …" if len(others) > APPROVERS_NAMED_MAX else ""
    return {
        "may_approve": waits and not others,
        "approve_variant": "" if actor.may("invoices.issue") else "primary",
        "approvers": names + more,
    }


def kept_sentence(given: Decimal, currency: str) -> str:
    """That a credit which a person gave stays, for whoever recalculates; empty without one."""
    if not given:
        return ""
    amount = format_money(given, currency, language=get_language())
    return _("A credit of %(amount)s before tax, given by hand, stays.") % {"amount": amount}


def held_of(invoice: Invoice) -> Held | None:
    """The holdback of an issued invoice; None where nothing was kept back."""
    if invoice.holdback <= 0 or not invoice.number:
        return None
    lines = held_lines([invoice])
    left = sum((one.held for one in lines), ZERO)
    invoice.contract.site = invoice.site
    release_on = construction_book().earliest_release(invoice.contract, invoice.period_end)
    return Held(Decimal(invoice.holdback), left, release_on, _waits(invoice, lines))


def _waits(invoice: Invoice, held: Sequence[CreditableLine]) -> bool:
    return bool(wait_of(invoice.contract, held, today()))


def compared_of(invoice: Invoice) -> list[Compared]:
    """Old and new side by side, of a document that a recalculation made."""
    return [
        Compared(
            line_name(row["code"], row["subject"]),
            Decimal(row["billed"]),
            Decimal(row["calculated"]),
            Decimal(row.get("given", 0)),
        )
        for row in invoice.inputs.get("compared", ())
    ]


def may_do(actor: Actor, invoice: Invoice, held: Held | None) -> dict[str, bool]:
    """Which of the page's actions make sense and are allowed."""
    issued = invoice.document_status == Invoice.DocumentStatus.ISSUED
    settled = invoice.amount_paid or invoice.amount_credited or invoice.amount_written_off
    is_regular = invoice.kind == Invoice.Kind.REGULAR
    owed = invoice.balance_due > 0
    refunded = invoice.kind == Invoice.Kind.CREDIT_NOTE and invoice.refunds.exists()
    undisputed = invoice.balance_due - invoice.amount_disputed
    actions = {
        "credit": ("invoices.void", invoice.kind in CREDITABLE),
        "recalculate": ("invoices.generate", is_regular),
        "void": ("invoices.void", not (settled or refunded or invoice.amount_disputed)),
        "write_off": ("payments.write_off", owed),
        "dispute": ("invoices.dispute", undisputed > 0),
        "release": ("invoices.generate", held is not None and held.left > 0),
        "close_disputes": ("invoices.dispute", True),
        "undo_write_off": ("payments.write_off", True),
    }
    allowed = {name: issued and sense and actor.may(p) for name, (p, sense) in actions.items()}
    allowed["discard"] = invoice.document_status in UNISSUED and actor.may("invoices.generate")
    allowed["remake"] = allowed["discard"] and is_regular
    menu = ("credit", "recalculate", "remake", "discard", "void", "write_off", "dispute")
    return {**allowed, "any": any(allowed[name] for name in menu)}


def statute_facts(invoice: Invoice) -> list[tuple[str, Any]]:
    """The clock of a prompt payment statute: until when to pay, and to say that one will not."""
    contract = invoice.contract
    contract.site = invoice.site
    statute = statute_of(contract, invoice.invoice_date)
    if statute is None or invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return []
    language = get_language()
    pay, notice = (
        format_day(invoice.invoice_date + timedelta(days=days), language=language)
        for days in (statute.pay_days, statute.notice_days)
    )
    text = _("Pay by %(pay)s; notice of non-payment by %(notice)s (%(source)s)")
    return [(_("Prompt payment"), text % {"pay": pay, "notice": notice, "source": statute.source})]
