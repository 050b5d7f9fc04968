"""What a customer sees: their own issued documents, and nothing of anybody else."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from shared.kernel.actor import SYSTEM
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now, today
from shared.kernel.errors import NotFound
from tenants.delivery.models import Recipient
from tenants.disputes.models import Dispute
from tenants.documents.models import Document
from tenants.invoices.models import IS_OPEN, OPEN_AMOUNT, Invoice, InvoiceLine, InvoiceTax
from tenants.portal.access import Access, access_by
from tenants.portal.models import PortalLink
from tenants.sites.models import Contact, Customer
from tenants.statements.models import Statement
from tenants.statements.selectors.statements import statement_file

CUSTOMERS_MAX = 10  # that one address is written to about
ZERO = Decimal(0)


@dataclass(frozen=True)
class KnownPerson:
    """Somebody of a customer, known by their address."""

    customer: Customer
    name: str
    language: str


@dataclass(frozen=True)
class Owed:
    """What is open in one currency: in all, of it overdue, of it disputed."""

    currency: str
    amount: Decimal
    overdue: Decimal
    disputed: Decimal
    count: int


def people_with(email: str) -> list[KnownPerson]:
    """Everybody who has this address, once a customer: recipients, else billing contacts."""
    people: dict[UUID, KnownPerson] = {}
    recipients = Recipient.objects.filter(email_index=email, is_active=True)
    for one in recipients.select_related("customer").order_by("created_at")[:CUSTOMERS_MAX]:
        people.setdefault(one.customer_id, KnownPerson(one.customer, one.name, one.language))
    contacts = Contact.objects.filter(email__iexact=email, is_billing=True)
    for contact in contacts.select_related("site__customer").order_by("pk")[:CUSTOMERS_MAX]:
        customer = contact.site.customer
        people.setdefault(customer.pk, KnownPerson(customer, contact.name, customer.language))
    return list(people.values())[:CUSTOMERS_MAX]


def session_access(link_pk: UUID, *, ip: str | None, request_id: str | None) -> Access | None:
    """The access of a running session; None once it is over or the address is known no more."""
    link: PortalLink | None = (
        PortalLink.objects.select_related("customer").filter(pk=link_pk, ends_at__gt=now()).first()
    )
    if link is None or not _is_known(link):
        return None
    return access_by(link, ip=ip, request_id=request_id)


def _is_known(link: PortalLink) -> bool:
    """Whether the customer still names this address: who was removed is out at once."""
    email = str(link.email)
    named = Recipient.objects.filter(customer=link.customer_id, email_index=email, is_active=True)
    contact = Contact.objects.filter(
        site__customer=link.customer_id, email__iexact=email, is_billing=True
    )
    return named.exists() or contact.exists()


def invoices_of(access: Access) -> QuerySet[Invoice]:
    """The customer's numbered invoices and credit notes, also void ones."""
    authorize(access.actor, "portal.read")
    found: QuerySet[Invoice] = Invoice.objects.filter(
        customer=access.customer, number__isnull=False
    )
    return found.select_related("site").defer("parties", "inputs", "checks")


def open_invoices(access: Access) -> QuerySet[Invoice]:
    """What is not settled yet."""
    return invoices_of(access).filter(IS_OPEN)


def owed_by(access: Access) -> list[Owed]:
    """What is open by currency; credit notes that are not used up yet are taken off."""
    late = Q(due_date__lt=today()) & ~Q(kind=Invoice.Kind.CREDIT_NOTE)
    sums = (
        open_invoices(access)
        .order_by()
        .values("currency")
        .annotate(
            amount=Sum(OPEN_AMOUNT),
            overdue=Sum(OPEN_AMOUNT, filter=late, default=ZERO),
            disputed=Sum("amount_disputed", default=ZERO),
            count=Count("pk"),
        )
        .order_by("currency")
    )
    return [Owed(**row) for row in sums]


def invoice_of(access: Access, *, invoice_id: str) -> Invoice:
    """One document with lines, taxes and disputes. Raises NotFound for anybody else's."""
    authorize(access.actor, "portal.read")
    invoice = (
        Invoice.objects.filter(
            customer=access.customer, number__isnull=False, invoice_id=invoice_id
        )
        .select_related("site", "customer", "contract", "entity", "corrects")
        .prefetch_related(
            Prefetch("lines", queryset=InvoiceLine.objects.order_by("position")),
            Prefetch("taxes", queryset=InvoiceTax.objects.order_by("position")),
            Prefetch("disputes", queryset=Dispute.objects.select_related("line")),
        )
        .first()
    )
    if invoice is None:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
    return invoice


def statements_of(access: Access) -> QuerySet[Statement]:
    """The customer's statements; not those replaced, archived, or held back to be looked at."""
    authorize(access.actor, "portal.read")
    found: QuerySet[Statement] = Statement.objects.filter(
        customer=access.customer, archived_at__isnull=True, replaced_by__isnull=True
    )
    held = Q(is_unusual=True, delivery_status=Statement.DeliveryStatus.PENDING)
    return found.exclude(held).defer("parties")


def statement_document(access: Access, *, statement_id: UUID) -> Document:
    """The PDF of a statement. Raises NotFound, also while it is not made yet."""
    statement = statements_of(access).filter(pk=statement_id).first()
    if statement is not None:
        document = statement_file(actor=SYSTEM, statement_id=statement.pk)
        if document is not None:
            return document
    raise NotFound(_("There is no such statement."))
