"""What the demo's customers were sent: how far each document came, a reminder, a report by mail.

Nothing leaves the machine: deliveries are noted as a mail server and its events would make them.
"""

from collections.abc import Sequence
from datetime import date

from shared.accounts.models import User
from shared.accounts.roles import Role
from shared.kernel.actor import SYSTEM
from tenants.delivery.channels import Sent
from tenants.delivery.channels.email import message_id
from tenants.delivery.dunning import due_reminders
from tenants.delivery.models import Channel, Delivery, DocumentKind, MailProvider
from tenants.delivery.providers import MailEvent
from tenants.delivery.services import (
    RecipientInput,
    add_recipient,
    note_mail_event,
    note_opened,
    note_portal_view,
    request_deliveries,
    save_levels,
    send_reminders,
)
from tenants.delivery.work import finish
from tenants.invoices.models import Invoice
from tenants.reporting.reports import report_named
from tenants.reporting.selectors.schedules import people_who_may_read
from tenants.reporting.services import ReportScheduleInput, create_report_schedule
from tenants.sites.models import Customer

SENT = 8
LEVELS = [(7, True), (21, True), (45, True)]
# What became of the e-mails, in their order; after the last one they arrived.
STORY: Sequence[tuple[str, ...]] = (
    ("delivered", "opened"),
    ("delivered",),
    ("bounced",),
    (),
    ("delivered", "opened"),
    ("delivered", "complained"),
)


def send_out(today: date) -> None:
    """The newest invoices, one reminder, and the ageing every Monday."""
    newest = Invoice.objects.filter(
        document_status=Invoice.DocumentStatus.ISSUED, kind=Invoice.Kind.REGULAR
    ).order_by("-invoice_date", "invoice_id")
    invoices = _of_many_customers(list(newest.select_related("customer")[: SENT * SENT]))
    if len(invoices) < SENT:
        return
    _name_recipients(invoices)
    _name_accounts()
    _remind(today)
    deliveries = request_deliveries(
        actor=SYSTEM, invoice_ids=[invoice.invoice_id for invoice in invoices]
    )
    by_email = 0
    for delivery in deliveries:
        _hand_over(delivery)
        if delivery.channel == Channel.EMAIL:
            _tell(delivery, STORY[by_email] if by_email < len(STORY) else ("delivered",))
            by_email += 1
        elif delivery.channel == Channel.PORTAL:
            note_portal_view(object_id=delivery.object_id)
        else:
            note_opened(delivery_id=delivery.pk)
    _schedule_report()


def _of_many_customers(invoices: Sequence[Invoice]) -> list[Invoice]:
    """The newest invoice of each customer first, then the others."""
    first = {invoice.customer_id: invoice for invoice in reversed(invoices)}
    ahead = [one for one in invoices if first[one.customer_id] is one]
    return [*ahead, *(one for one in invoices if first[one.customer_id] is not one)][:SENT]


def _name_recipients(invoices: Sequence[Invoice]) -> None:
    """Two customers that do not want e-mails with files: one looks, one fetches."""
    seen: dict[str, str] = {}
    for invoice in invoices:
        seen.setdefault(invoice.customer.customer_id, invoice.customer.language)
    for (customer_id, language), channel in zip(
        list(seen.items())[-2:], (Channel.PORTAL, Channel.DOWNLOAD), strict=False
    ):
        given = RecipientInput(
            name="Accounts payable",
            email="payables@customer.example",
            language=language,
            channel=channel,
            kinds=(DocumentKind.INVOICE, DocumentKind.STATEMENT),
        )
        add_recipient(actor=SYSTEM, customer_id=customer_id, given=given)


def _name_accounts() -> None:
    """Customers with an account are recipients, so that the portal knows whose they are."""
    for person in User.objects.filter(role=Role.CUSTOMER):
        for customer in Customer.objects.filter(name=person.name):
            given = RecipientInput(
                name=person.name,
                email=person.email,
                language=customer.language,
                channel=Channel.EMAIL,
                kinds=(DocumentKind.STATEMENT,),
            )
            add_recipient(actor=SYSTEM, customer_id=customer.customer_id, given=given)


def _hand_over(delivery: Delivery) -> None:
    arrived = delivery.channel == Channel.PORTAL
    finish(delivery, Sent(message_id=message_id(delivery.pk), arrived=arrived))


def _tell(delivery: Delivery, kinds: Sequence[str]) -> None:
    for kind in kinds:
        detail = "550 5.1.1 no such user" if kind == "bounced" else ""
        event = MailEvent(f"{delivery.pk}-{kind}", kind, delivery.message_id, detail)
        note_mail_event(provider=MailProvider.GENERIC, event=event)


def _remind(today: date) -> None:
    """The customer that owes the most is written to."""
    save_levels(actor=SYSTEM, levels=LEVELS)
    due = sorted(due_reminders(today), key=lambda letter: (letter.total, letter.currency))
    if not due:
        return
    for reminder in send_reminders(actor=SYSTEM, customer_id=due[-1].customer_id):
        for delivery in Delivery.objects.filter(object_id=reminder.pk).select_related("customer"):
            _hand_over(delivery)
            _tell(delivery, ("delivered", "opened"))


def _schedule_report() -> None:
    """To owners and billing managers; nobody of them, no schedule."""
    people = people_who_may_read(report_named("ageing"))
    chosen = people.filter(role__in=(Role.OWNER, Role.BILLING_MANAGER)).values_list("pk", flat=True)
    if chosen:
        create_report_schedule(
            actor=SYSTEM,
            given=ReportScheduleInput(
                name="Ageing on Mondays",
                report="ageing",
                cron="0 6 * * 1",
                recipients=list(chosen[:2]),
                file_form="xlsx",
            ),
        )
