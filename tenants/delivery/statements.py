"""Statements of account as something to deliver, and the e-mail that carries one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.tenancy import require_organisation
from tenants.delivery.kinds import Deliverable, DeliverableKind
from tenants.delivery.models import DocumentKind
from tenants.delivery.services.requesting import fresh_request_key, queue_deliveries
from tenants.documents.contents import Letterhead, printable
from tenants.documents.messages import SHEETS, SHELL
from tenants.documents.sources import DocumentSource
from tenants.statements.contents import StatementDocument, load_statement_document
from tenants.statements.documents import present_statement
from tenants.statements.models import Statement
from tenants.statements.samples import sample_statement
from tenants.statements.selectors.parties import customer_parties
from tenants.statements.services import note_delivery

STATEMENT_EMAIL = "statement_email"
# What a statement's own context says that its e-mail repeats.
SHARED = (
    "newline",
    "language",
    "paper",
    "title",
    "number",
    "supplier_name",
    "running_name",
    "logo_url",
    "brand_colour",
    "facts",
    "headline",
    "headline_note",
)


@dataclass(frozen=True)
class StatementMessage:
    """The e-mail with a statement; `link` leads to the customer's account."""

    document: StatementDocument
    link: str

    @property
    def code(self) -> str:
        """The statement's code."""
        return self.document.code

    @property
    def supplier(self) -> Letterhead:
        """Who writes."""
        return self.document.supplier


def load_message(statement_pk: UUID) -> tuple[StatementMessage, str]:
    """The e-mail of a stored statement and its language. Raises NotFound."""
    document, language = load_statement_document(statement_pk)
    return StatementMessage(document, f"{require_organisation().url}/portal"), language


def present_message(message: StatementMessage, language: str) -> dict[str, Any]:
    """The context of a statement's e-mail: what the statement says in short, and the link."""
    document = message.document
    whole = present_statement(document, language)
    attention = printable(document.customer.attention or document.customer.name)
    owed = document.closing_balance > 0
    return {
        **{name: whole[name] for name in SHARED},
        "greeting": _("Hello %(name)s,") % {"name": attention},
        "how_to_pay": printable(document.payment_instructions) if owed else "",
        "reply_to": printable(document.supplier.email),
        "link": message.link,
    }


MESSAGE_SOURCE: DocumentSource[StatementMessage] = DocumentSource(
    kind=STATEMENT_EMAIL,
    load=load_message,
    present=present_message,
    template="documents/statement_email.html",
    text_template="documents/statement_email.txt",
    subject_template="documents/statement_email_subject.txt",
    shell=SHELL,
    sheets=SHEETS,
    length=lambda message: len(message.document.lines),
    permission="statements.read",
    sample=lambda: StatementMessage(sample_statement(), "https://acme.example/portal"),
)


def load_statements(object_ids: Sequence[UUID]) -> list[Deliverable]:
    """Statements that have their file, with the customer's present billing contact."""
    found = (
        Statement.objects.filter(pk__in=list(object_ids), archived_at__isnull=True)
        .select_related("customer")
        .order_by("pk")
    )
    kept = [statement for statement in found if statement.parties]
    present = customer_parties({statement.customer_id for statement in kept})
    return [_deliverable(one, present[one.customer_id][1]) for one in kept]


def _deliverable(statement: Statement, present: Mapping[str, Any]) -> Deliverable:
    """What stands on the statement only fills in for a contact that is gone."""
    customer = present if present["contact_email"] else statement.parties["customer"]
    return Deliverable(
        object_id=statement.pk,
        code=statement.statement_code,
        customer=statement.customer,
        site_id=None,
        site_code="",
        contact_name=customer["contact_name"],
        contact_email=customer["contact_email"],
        language=statement.language,
    )


def distribute_statements(
    *, actor: Actor, statement_ids: Sequence[UUID], method: str
) -> list[UUID]:
    """Send statements by a channel, or each recipient's own; asked again, they are sent again."""
    made = queue_deliveries(
        actor=actor,
        kind=DocumentKind.STATEMENT,
        object_ids=statement_ids,
        channel=method,
        request_key=fresh_request_key(),
    )
    return [one.pk for one in made]


def note_status(object_ids: Sequence[UUID], status: str) -> int:
    """Tell the statements how far their delivery is."""
    known = Statement.DeliveryStatus.values
    return note_delivery(statement_ids=object_ids, status=status) if status in known else 0


STATEMENT_DELIVERABLE = DeliverableKind(
    name=DocumentKind.STATEMENT,
    message=STATEMENT_EMAIL,
    load=load_statements,
    note=note_status,
)
