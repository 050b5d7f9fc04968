"""What happens at Stripe, brought into the books: once, in whatever order it is heard of.

An event only says that something happened. How the payment stands is asked at Stripe, and what
is missing here is recorded: so a lost, late, doubled or overtaken event does no harm.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from connectors.errors import NeedsAttention
from connectors.stripe_payments import Event, Moved, State
from connectors.stripe_payments.client import read_event
from connectors.stripe_payments.mapping import ACCOUNT_EVENTS, WITHDRAWN, WON
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now, today
from shared.kernel.errors import Malformed, NotFound, TooLarge
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.tenancy import organisation_context
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _
from shared.organisations.selectors import organisation_of_account
from tenants.payments.models import (
    OnlineAccount,
    OnlinePayment,
    Payment,
    Refund,
    StripeEvent,
)
from tenants.payments.selectors.online import usable_account
from tenants.payments.services.applying import live_allocations, undo_all
from tenants.payments.services.checking import PaymentInput, lock_invoices, lock_payment
from tenants.payments.services.linking import SYSTEM_NAME, refresh_account
from tenants.payments.services.online import client_of
from tenants.payments.services.recording import record_customer_payment
from tenants.payments.services.returning import (
    RefundInput,
    live_refunds,
    refund_payment,
    reverse_payment,
)
from tenants.payments.services.settling import Application, apply_payment, unapplied_of

EVENT_BYTES_MAX = 512 * 1024
ATTEMPTS_MAX = 20
BATCH = 200
# When a worker that took an event must have finished, and when a silent page is asked about.
LATE_AFTER = timedelta(minutes=2)
ASK_AFTER = timedelta(hours=1)
STRIPE = replace(SYSTEM, label="Stripe")

Status = OnlinePayment.Status
_STATUS = {
    "succeeded": Status.SUCCEEDED,
    "processing": Status.PROCESSING,
    "canceled": Status.FAILED,
    "requires_payment_method": Status.FAILED,
    "session_expired": Status.EXPIRED,
}


def receive_event(*, payload: bytes, signature: str) -> None:
    """Keep a signed event and have it dealt with; the same event again has no effect.

    Raises NotFound where no account is connected by a key, Malformed for a wrong signature,
    TooLarge.
    """
    account = OnlineAccount.objects.filter(is_linked=False).first()
    if account is None:
        raise NotFound()
    event = _read(payload, signature, account.webhook_secret)
    if event is not None:
        _keep(event)


def receive_linked_event(*, payload: bytes, signature: str) -> None:
    """The same at the platform's own host, for every linked account.

    An event of an account that no organisation has any more is left alone. Raises NotFound
    where the platform listens to none, Malformed, TooLarge.
    """
    secret = settings.STRIPE_CONNECT_SIGNING_SECRET
    if not secret:
        raise NotFound()
    event = _read(payload, signature, secret)
    if event is None or not event.account_id:
        return
    organisation = organisation_of_account(system=SYSTEM_NAME, number=event.account_id)
    if organisation is not None:
        with organisation_context(organisation):
            _keep(event)


def _read(payload: bytes, signature: str, secret: str) -> Event | None:
    if len(payload) > EVENT_BYTES_MAX:
        raise TooLarge()
    try:
        return read_event(payload, signature, secret)
    except NeedsAttention as error:
        raise Malformed(_("The signature or the body of the event is not right.")) from error


def _keep(event: Event) -> None:
    from tenants.payments.tasks import deal_with_event  # the task calls back into this module

    with transaction.atomic():
        kept, created = StripeEvent.objects.get_or_create(
            event_id=event.event_id, defaults={"kind": event.kind, "object_id": event.object_id}
        )
        if created:
            enqueue_after_commit(deal_with_event, event_pk=str(kept.pk))


def process_event(*, event_pk: UUID) -> None:
    """Bring the books to how the event's payment stands now. Safe to run twice and at once.

    Raises RetryLater.
    """
    event = StripeEvent.objects.filter(pk=event_pk, processed_at__isnull=True).first()
    account = usable_account()
    if event is None or account is None:
        return
    StripeEvent.objects.filter(pk=event.pk).update(attempts=F("attempts") + 1)
    if event.kind in ACCOUNT_EVENTS:
        refresh_account(actor=STRIPE)
    else:
        _bring_up_to_date(account, event.object_id)
    StripeEvent.objects.filter(pk=event.pk).update(processed_at=now())


def refresh_online_payment(*, online_pk: UUID) -> None:
    """The same for a payment that nothing was heard of. Raises RetryLater."""
    online = OnlinePayment.objects.filter(pk=online_pk).first()
    account = usable_account()
    if online is None or account is None:
        return
    OnlinePayment.objects.filter(pk=online.pk).update(updated_at=now())
    about = online.intent_id or online.session_id
    if about:
        _bring_up_to_date(account, about)


def waiting_events() -> list[UUID]:
    """Events that a worker has dropped."""
    found = StripeEvent.objects.filter(
        processed_at__isnull=True,
        created_at__lt=now() - LATE_AFTER,
        attempts__lt=ATTEMPTS_MAX,
    )
    return list(found.order_by("created_at").values_list("pk", flat=True)[:BATCH])


def silent_payments() -> list[UUID]:
    """Payments under way that nothing was heard of for an hour."""
    found = OnlinePayment.objects.filter(
        status__in=(Status.STARTED, Status.PROCESSING),
        updated_at__lt=now() - ASK_AFTER,
        session_id__isnull=False,
    )
    return list(found.order_by("updated_at").values_list("pk", flat=True)[:BATCH])


def settle(state: State) -> None:
    """Record what of a payment's state the books do not know yet, in one transaction."""
    reference = _uuid(state.reference)
    with transaction.atomic():
        online = (
            OnlinePayment.objects.select_for_update(of=("self",))
            .select_related("customer")
            .filter(pk=reference)
            .first()
            if reference
            else None
        )
        if online is None:
            return
        if state.status == "succeeded" and online.payment is None:
            online.payment = _record(online, state)
        payment = online.payment
        if payment is not None:
            for refund in state.refunds:
                if refund.status == "succeeded":
                    reason = _("Refund %(id)s") % {"id": refund.id}
                    _give_back(payment, refund.id, refund.amount, state.method, reason)
            for dispute in state.disputes:
                _dispute(online, payment, dispute, state)
        online.intent_id = state.intent_id or online.intent_id
        wanted = Status.SUCCEEDED if payment else _STATUS.get(state.status, online.status)
        online.status, online.failure = wanted, "" if payment else state.failure
        online.save_changes("payment", "intent_id", "status", "failure")


def _bring_up_to_date(account: OnlineAccount, about: str) -> None:
    try:
        state = client_of(account).state(about)
    except NeedsAttention:
        # Nothing that trying again would mend: the object is gone or belongs to another key.
        return
    if state is not None:
        settle(state)


def _record(online: OnlinePayment, state: State) -> Payment:
    """The payment, applied to the invoices it was started for as far as they are still open."""
    receipt = record_customer_payment(
        actor=STRIPE,
        customer_id=online.customer.customer_id,
        given=PaymentInput(
            amount=state.amount,
            currency=state.currency,
            received_on=today(),
            method=state.method,
            reference=" ".join(online.parts)[:200],
            transaction_id=state.intent_id,
        ),
        rules=(),
        into_open_time=True,
    )
    if receipt.created:
        _apply_parts(receipt.payment, online)
    return receipt.payment


def _apply_parts(payment: Payment, online: OnlinePayment) -> None:
    left, parts = unapplied_of(payment), []
    for code, invoice in lock_invoices(list(online.parts)).items():
        amount = min(Decimal(online.parts[code]), invoice.undisputed_due, left)
        if amount > 0 and invoice.document_status == invoice.DocumentStatus.ISSUED:
            parts.append(Application(invoice, amount))
            left -= amount
    apply_payment(payment=payment, parts=parts, on=payment.received_on, by=STRIPE.label)


def _give_back(
    payment: Payment, number: str, amount: Decimal, method: str, reason: Wording
) -> None:
    """Money that left at Stripe: taken back from the invoices it paid as far as need be."""
    if Refund.objects.filter(transaction_id=number).exists():
        return
    locked = lock_payment(payment.payment_id)
    if hasattr(locked, "reversal"):
        return
    _free(locked, amount)
    given = RefundInput(
        amount=min(amount, unapplied_of(locked)),
        method=method,
        reason=reason,
        transaction_id=number,
    )
    if given.amount > 0:
        refund_payment(actor=STRIPE, payment_id=locked.payment_id, given=given)


def _free(payment: Payment, amount: Decimal) -> None:
    """Make `amount` of a payment unapplied, from the invoice it was applied to last."""
    for allocation in reversed(live_allocations(payment)):
        missing = amount - unapplied_of(payment)
        if missing <= 0:
            return
        undo_all(allocations=[allocation], on=today(), by=STRIPE.label)
        if allocation.amount > missing:
            rest = Application(allocation.invoice, Decimal(allocation.amount) - missing)
            apply_payment(payment=payment, parts=[rest], on=today(), by=STRIPE.label)


def _dispute(online: OnlinePayment, payment: Payment, dispute: Moved, state: State) -> None:
    """A chargeback undoes the payment (a part of it is a refund); a won one brings it back."""
    locked = lock_payment(payment.payment_id)
    if dispute.status in WITHDRAWN:
        whole = dispute.amount == locked.amount and not live_refunds(locked).exists()
        if hasattr(locked, "reversal"):
            return
        reason = _("Chargeback %(id)s") % {"id": dispute.id}
        if whole:
            reverse_payment(actor=STRIPE, payment_id=locked.payment_id, reason=reason)
        else:
            _give_back(locked, dispute.id, dispute.amount, state.method, reason)
    elif dispute.status == WON:
        taken = Refund.objects.filter(transaction_id=dispute.id).exists()
        if not taken and not hasattr(locked, "reversal"):
            return
        receipt = record_customer_payment(
            actor=STRIPE,
            customer_id=online.customer.customer_id,
            given=PaymentInput(
                amount=dispute.amount,
                currency=state.currency,
                received_on=today(),
                method=state.method,
                reference=" ".join(online.parts)[:200],
                transaction_id=f"{dispute.id}-won",
            ),
            rules=(),
            into_open_time=True,
        )
        if receipt.created:
            _apply_parts(receipt.payment, online)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
