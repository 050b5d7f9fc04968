"""Reminding customers of what is overdue, each invoice once a level."""

from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.codes import next_code
from shared.kernel.errors import FieldError, Invalid, NotFound
from tenants.delivery.dunning import DueReminder, due_reminders
from tenants.delivery.models import (
    DocumentKind,
    DunningHold,
    DunningLevel,
    RemindedInvoice,
    Reminder,
)
from tenants.delivery.services.requesting import queue_deliveries
from tenants.sites.models import Customer

LEVELS_MAX = 5
DAYS_MAX = 365
REASON_MAX = 500


def send_reminders(*, actor: Actor, customer_id: UUID | None = None) -> list[Reminder]:
    """Write today's letters and queue them; safe to run twice, an invoice counts once a level.

    Each letter has a transaction of its own: one that fails leaves the others.
    """
    authorize(actor, "delivery.write")
    made = []
    for letter in due_reminders(today(), customer_id=customer_id):
        reminder = _remind(actor, letter, today())
        if reminder is not None:
            made.append(reminder)
    return made


def save_levels(*, actor: Actor, levels: list[tuple[int, bool]]) -> list[DunningLevel]:
    """Replace the levels by these, given as (days overdue, with statement of account).

    The first is level 1. Raises Invalid naming each wrong one.
    """
    authorize(actor, "organisation.write")
    errors: list[FieldError] = []
    if len(levels) > LEVELS_MAX:
        message = _("At most %(limit)s levels.") % {"limit": LEVELS_MAX}
        errors.append(FieldError("levels", "count", message))
    before = 0
    for index, (days, _attach) in enumerate(levels):
        if not before < days <= DAYS_MAX:
            message = _("More days than the level before, and at most %(limit)s.")
            path = f"levels[{index}].days_overdue"
            errors.append(FieldError(path, "order", message % {"limit": DAYS_MAX}))
        before = days
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        DunningLevel.objects.select_for_update().all().delete()
        rows = DunningLevel.objects.bulk_create(
            DunningLevel(level=number, days_overdue=days, attach_statement=attach)
            for number, (days, attach) in enumerate(levels, start=1)
        )
        record(
            actor=actor,
            action="dunning.levels_changed",
            after={"days_overdue": [days for days, _attach in levels]},
        )
    return rows


def hold_reminders(
    *, actor: Actor, customer_id: str, reason: str, until: date | None = None
) -> DunningHold:
    """Stop reminding a customer. Raises NotFound, Invalid without a reason."""
    authorize(actor, "delivery.write")
    if not 0 < len(reason.strip()) <= REASON_MAX:
        message = _("Say why, in at most 500 characters.")
        raise Invalid(errors=[FieldError("reason", "required", message)])
    with transaction.atomic():
        customer = _customer(customer_id)
        hold, _created = DunningHold.objects.update_or_create(
            customer=customer,
            defaults={
                "reason": reason.strip(),
                "until": until,
                "placed_by": actor.label[:200],
            },
        )
        after = {"reason": hold.reason, "until": str(until or "")}
        record(actor=actor, action="dunning.held", target=customer, after=after)
    return hold


def resume_reminders(*, actor: Actor, customer_id: str) -> None:
    """Remind a customer again; one that is not held stays as it is. Raises NotFound."""
    authorize(actor, "delivery.write")
    with transaction.atomic():
        customer = _customer(customer_id)
        if DunningHold.objects.filter(customer=customer).delete()[0]:
            record(actor=actor, action="dunning.resumed", target=customer)


def _customer(customer_id: str) -> Customer:
    customer = Customer.objects.select_for_update().filter(customer_id=customer_id).first()
    if customer is None:
        raise NotFound(_("There is no customer %(id)s.") % {"id": customer_id})
    return customer


def _remind(actor: Actor, letter: DueReminder, on: date) -> Reminder | None:
    """The letter, stored and queued; None where another process was quicker."""
    with transaction.atomic():
        # One letter writer a customer: the second finds the invoices reminded of already.
        Customer.objects.select_for_update().get(pk=letter.customer_id)
        taken = RemindedInvoice.objects.filter(
            invoice__in=[one.invoice.pk for one in letter.reached], reminder__dated=on
        )
        if taken.exists():
            return None
        reminder = Reminder.objects.create(
            reminder_id=next_code(Reminder, "reminder_id"),
            customer_id=letter.customer_id,
            entity_id=letter.entity_id,
            currency=letter.currency,
            level=letter.level.level,
            dated=on,
            total=letter.total,
            credits=letter.credits,
            unapplied=letter.unapplied,
            attach_statement=letter.level.attach_statement,
        )
        RemindedInvoice.objects.bulk_create(
            RemindedInvoice(
                reminder=reminder,
                invoice=one.invoice,
                level=one.level,
                days_overdue=one.days,
                amount=one.amount,
            )
            for one in letter.reached
        )
        queue_deliveries(actor=actor, kind=DocumentKind.REMINDER, object_ids=[reminder.pk])
        record(
            actor=actor,
            action="dunning.reminded",
            target=reminder,
            after={"level": reminder.level, "total": str(letter.total)},
        )
    return reminder
