"""Reminders as something to print and to deliver."""

from collections.abc import Sequence
from uuid import UUID

from tenants.delivery.kinds import Deliverable, DeliverableKind
from tenants.delivery.letters import ReminderLetter, load_letter, sample_letter
from tenants.delivery.models import DocumentKind, Reminder
from tenants.delivery.presentation import present_letter
from tenants.documents.messages import SHEETS as MESSAGE_SHEETS
from tenants.documents.messages import SHELL
from tenants.documents.sources import DocumentSource

REMINDER_EMAIL = "reminder_email"

LETTER_SOURCE: DocumentSource[ReminderLetter] = DocumentSource(
    kind=DocumentKind.REMINDER,
    load=load_letter,
    present=present_letter,
    template="documents/reminder.html",
    text_template="documents/reminder.txt",
    length=lambda letter: len(letter.items),
    once=True,
    permission="delivery.read",
    sample=sample_letter,
)
MESSAGE_SOURCE: DocumentSource[ReminderLetter] = DocumentSource(
    kind=REMINDER_EMAIL,
    load=load_letter,
    present=present_letter,
    template="documents/reminder_email.html",
    text_template="documents/reminder_email.txt",
    subject_template="documents/reminder_email_subject.txt",
    shell=SHELL,
    sheets=MESSAGE_SHEETS,
    length=lambda letter: len(letter.items),
    permission="delivery.read",
    sample=sample_letter,
)


def load_reminders(object_ids: Sequence[UUID]) -> list[Deliverable]:
    """Reminders with the billing contact of the customer's first site."""
    found = Reminder.objects.filter(pk__in=list(object_ids)).select_related("customer")
    deliverables = []
    for reminder in found.order_by("pk"):
        letter, language = load_letter(reminder.pk)
        deliverables.append(
            Deliverable(
                object_id=reminder.pk,
                code=reminder.reminder_id,
                customer=reminder.customer,
                site_id=None,
                site_code="",
                contact_name=letter.customer.attention,
                contact_email=letter.customer.email,
                language=language,
            )
        )
    return deliverables


REMINDER_DELIVERABLE = DeliverableKind(
    name=DocumentKind.REMINDER,
    message=REMINDER_EMAIL,
    load=load_reminders,
    note=lambda _object_ids, _status: None,
)
