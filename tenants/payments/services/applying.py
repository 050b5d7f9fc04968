"""Applying what is unapplied, by hand or by rule, and taking it back."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction

from billing.application import ALL_RULES, OpenInvoice, Rule, Share, propose
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.invoices.models import OPEN_PAYMENT, Invoice
from tenants.payments.models import Allocation, Payment
from tenants.payments.services.checking import Part, lock_invoices, lock_payment, shares_of
from tenants.payments.services.settling import (
    Application,
    apply_credit,
    apply_payment,
    unapplied_of,
    undo_allocations,
)

# What one application looks at; the oldest come first.
OPEN_INVOICES_MAX = 2_000


def apply_to_invoices(*, actor: Actor, payment_id: str, parts: Sequence[Part]) -> Payment:
    """Apply a payment's unapplied credit to invoices of its customer, by hand.

    Raises Invalid naming each part that exceeds what is open or unapplied, NotFound.
    """
    authorize(actor, "payments.write")
    with transaction.atomic():
        payment = lock_payment(payment_id)
        shares = shares_of(
            parts,
            lock_invoices([part.invoice_id for part in parts]),
            customer_id=payment.customer_id,
            currency=payment.currency,
            available=unapplied_of(payment),
        )
        apply_payment(
            payment=payment,
            parts=[Application(*share) for share in shares],
            on=_day_of(payment),
            by=actor.label,
        )
        _tell(actor, payment, "payment.applied", {str(one): str(part) for one, part in shares})
    return payment


def apply_automatically(
    *, actor: Actor, payment_id: str, rules: Sequence[Rule] = ALL_RULES
) -> list[Allocation]:
    """Apply a payment's unapplied credit by the first rule that finds invoices.

    Each allocation keeps the rule and by what it was found. Nothing found changes nothing.
    """
    authorize(actor, "payments.write")
    with transaction.atomic():
        payment = lock_payment(payment_id)
        made = apply_by_rules(payment=payment, rules=rules, on=_day_of(payment), by=actor.label)
        if made:
            _tell(actor, payment, "payment.applied", _told(made))
    return made


def apply_by_rules(
    *, payment: Payment, rules: Sequence[Rule], on: date, by: str
) -> list[Allocation]:
    """The same within another service's transaction, which has locked the payment."""
    shares = propose_shares(payment, rules)
    invoices = lock_invoices([share.key for share in shares])
    parts = []
    for share in shares:
        invoice = invoices[share.key]
        # Between the look and the lock somebody else may have settled a part.
        amount = min(share.amount, invoice.balance_due)
        if amount > 0 and invoice.document_status == Invoice.DocumentStatus.ISSUED:
            parts.append(Application(invoice, amount, share.rule.value, share.detail))
    return apply_payment(payment=payment, parts=parts, on=on, by=by)


def propose_shares(payment: Payment, rules: Sequence[Rule] = ALL_RULES) -> list[Share]:
    """What the rules would do with a payment's unapplied credit; keys are invoice ids."""
    unapplied = unapplied_of(payment)
    if unapplied <= 0:
        return []
    found = Invoice.objects.filter(
        customer_id=payment.customer_id,
        currency=payment.currency,
        document_status=Invoice.DocumentStatus.ISSUED,
        payment_status__in=OPEN_PAYMENT,
        total__gt=0,
    ).order_by("due_date", "invoice_id")[:OPEN_INVOICES_MAX]
    return propose(unapplied, payment.reference, [_open(one) for one in found], rules)


def unapply(
    *, actor: Actor, payment_id: str, invoice_ids: Sequence[str] | None = None
) -> list[Allocation]:
    """Take a payment back from the invoices named, from all of them where none is named.

    What is taken back is unapplied credit again. Raises NotFound, Invalid for an invoice that
    the payment does not pay.
    """
    authorize(actor, "payments.write")
    with transaction.atomic():
        payment = lock_payment(payment_id)
        live = list(live_allocations(payment))
        if invoice_ids is not None:
            paying = {one.invoice.invoice_id for one in live}
            errors = [
                FieldError(f"invoice_ids[{n}]", "not_applied", _("The payment does not pay it."))
                for n, code in enumerate(invoice_ids)
                if code not in paying
            ]
            if errors:
                raise Invalid(errors=errors)
            live = [one for one in live if one.invoice.invoice_id in set(invoice_ids)]
        made = undo_all(allocations=live, on=today(), by=actor.label)
        if made:
            _tell(actor, payment, "payment.unapplied", _told(made))
    return made


def undo_all(*, allocations: Sequence[Allocation], on: date, by: str) -> list[Allocation]:
    """Undo allocations within a transaction that has locked their payment or credit note."""
    invoices = lock_invoices([one.invoice.invoice_id for one in allocations])
    for one in allocations:
        one.invoice = invoices[one.invoice.invoice_id]
    return undo_allocations(allocations=allocations, on=on, by=by)


def live_allocations(payment: Payment) -> Sequence[Allocation]:
    """What a payment settles now: rows that undo nothing and that nothing undid."""
    found = payment.allocations.filter(reverses__isnull=True, reversed_by__isnull=True)
    return list(found.select_related("invoice", "payment").order_by("created_at", "pk"))


def apply_credit_note(*, actor: Actor, credit_note_id: str, parts: Sequence[Part]) -> Invoice:
    """Let an open credit note settle invoices of the same customer, by hand.

    Raises Invalid naming each part, NotFound, Conflict where it is no open credit note.
    """
    authorize(actor, "payments.write")
    with transaction.atomic():
        invoices = lock_invoices([credit_note_id, *(part.invoice_id for part in parts)])
        note = open_credit_note(invoices, credit_note_id)
        shares = shares_of(
            parts,
            invoices,
            customer_id=note.customer_id,
            currency=note.currency,
            available=-note.balance_due,
        )
        for invoice, amount in shares:
            apply_credit(
                credit_note=note, invoice=invoice, amount=amount, on=today(), by=actor.label
            )
        after = {str(one): str(part) for one, part in shares}
        publish(
            topic="payment.applied",
            key=note.site.site_id,
            payload={"credit_note_id": note.invoice_id},
        )
        record(actor=actor, action="credit_note.applied", target=note, after=after)
    return note


def unapply_credit_note(*, actor: Actor, credit_note_id: str) -> list[Allocation]:
    """Take a credit note back from the invoices that it settles."""
    authorize(actor, "payments.write")
    with transaction.atomic():
        # The note's invoices first by their ids alone: all rows are locked in one statement.
        live = Allocation.objects.filter(
            credit_note__invoice_id=credit_note_id,
            reverses__isnull=True,
            reversed_by__isnull=True,
        )
        codes = list(live.values_list("invoice__invoice_id", flat=True))
        locked = lock_invoices([credit_note_id, *codes])
        note = _credit_note(locked, credit_note_id)
        by_key = {row.pk: row for row in locked.values()}
        undoing = list(live.filter(invoice__invoice_id__in=codes).order_by("created_at", "pk"))
        for one in undoing:
            one.invoice, one.credit_note = by_key[one.invoice_id], note
        made = undo_allocations(allocations=undoing, on=today(), by=actor.label)
        if made:
            record(actor=actor, action="credit_note.unapplied", target=note, after=_told(made))
    return made


def open_credit_note(locked: dict[str, Invoice], code: str) -> Invoice:
    """The locked credit note. Raises NotFound, Conflict where it has nothing left to give."""
    note = _credit_note(locked, code)
    if note.document_status != Invoice.DocumentStatus.ISSUED or note.balance_due >= 0:
        raise Conflict(_("%(id)s has nothing left to give.") % {"id": code})
    return note


def _credit_note(locked: dict[str, Invoice], code: str) -> Invoice:
    note = locked.get(code)
    if note is None or note.total >= 0:
        raise NotFound(_("There is no credit note %(id)s.") % {"id": code})
    return note


def _day_of(payment: Payment) -> date:
    """Today, or tomorrow for money that was received tomorrow where it was paid."""
    return max(today(), payment.received_on)


def _open(invoice: Invoice) -> OpenInvoice:
    codes = frozenset({invoice.invoice_id, invoice.number or invoice.invoice_id})
    balance = invoice.balance_due
    disputed = min(Decimal(invoice.amount_disputed), balance)
    return OpenInvoice(invoice.invoice_id, codes, invoice.due_date, balance, disputed)


def _told(allocations: Sequence[Allocation]) -> dict[str, str]:
    return {str(one.invoice): str(Decimal(one.amount)) for one in allocations}


def _tell(actor: Actor, payment: Payment, action: str, after: dict[str, str]) -> None:
    publish(
        topic=action,
        key=payment.customer.customer_id,
        payload={"payment_id": payment.payment_id},
    )
    record(actor=actor, action=action, target=payment, after=after)
