"""Reading statements."""

from datetime import date
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.documents.models import Document
from tenants.documents.sources import Example
from tenants.statements.documents import STATEMENT
from tenants.statements.models import LegalHold, Statement, StatementLine

EXAMPLES_MAX = 10
LATEST_OF_CUSTOMER = 12


def statement_list(*, actor: Actor) -> QuerySet[Statement]:
    """Statements as a list shows them: without the encrypted column."""
    authorize(actor, "statements.read")
    return Statement.objects.select_related("customer", "entity").defer("parties")


def search_statements(
    *,
    actor: Actor,
    text: str = "",
    status: str = "",
    contract_type: str = "",
    customer: str = "",
    period_from: date | None = None,
    period_to: date | None = None,
    run_id: UUID | None = None,
) -> QuerySet[Statement]:
    """Statements by code or customer, status, contract type, period and run.

    `customer` is its code or id; the period is that of the statement, both days included.
    """
    found = statement_list(actor=actor)
    if text:
        found = found.filter(
            Q(statement_code__istartswith=text)
            | Q(customer__name__icontains=text)
            | Q(customer__customer_id__istartswith=text)
        )
    if customer:
        found = found.filter(_customer(customer))
    if contract_type:
        found = found.filter(contract_type=contract_type)
    if period_from:
        found = found.filter(period_end__gte=period_from)
    if period_to:
        found = found.filter(period_start__lte=period_to)
    if run_id:
        found = found.filter(run=run_id)
    return _with_status(found, status)


def _customer(name: str) -> Q:
    try:
        return Q(customer=UUID(name))
    except ValueError:
        return Q(customer__customer_id=name)


def _with_status(found: QuerySet[Statement], status: str) -> QuerySet[Statement]:
    if status == "archived":
        return found.filter(archived_at__isnull=False)
    if status == "unusual":
        return found.filter(is_unusual=True, archived_at__isnull=True)
    if status == "generated":
        status = Statement.DeliveryStatus.PENDING
    if status in Statement.DeliveryStatus.values:
        return found.filter(delivery_status=status, archived_at__isnull=True)
    return found


def statement_by_id(*, actor: Actor, statement_id: UUID) -> Statement:
    """One statement with its lines in order. Raises NotFound."""
    found = (
        statement_list(actor=actor)
        .select_related("customer", "entity", "run", "contract", "replaces", "replaced_by")
        .prefetch_related(
            Prefetch(
                "lines",
                queryset=StatementLine.objects.order_by("sort_order").select_related(
                    "site", "contract"
                ),
            )
        )
    )
    statement = found.filter(pk=statement_id).first()
    if statement is None:
        raise NotFound(_("There is no such statement."))
    return statement


def statement_file(*, actor: Actor, statement_id: UUID) -> Document | None:
    """The archived PDF of a statement; None where it is gone. Raises NotFound."""
    statement = statement_list(actor=actor).filter(pk=statement_id).first()
    if statement is None:
        raise NotFound(_("There is no such statement."))
    return (
        Document.objects.filter(
            kind=STATEMENT, object_id=statement.pk, status=Document.Status.READY
        )
        .order_by("created_at")
        .first()
    )


def statements_of_customer(*, actor: Actor, customer_pk: UUID) -> list[Statement]:
    """The last statements of a customer, newest first."""
    found = statement_list(actor=actor).filter(customer=customer_pk)
    return list(found.order_by("-period_end", "-pk")[:LATEST_OF_CUSTOMER])


def hold_on(statement: Statement) -> LegalHold | None:
    """What keeps the statement from being erased, its own hold or its customer's."""
    return (
        LegalHold.objects.filter(
            Q(statement=statement) | Q(customer=statement.customer_id), released_at__isnull=True
        )
        .order_by("created_at")
        .first()
    )


def statement_examples(code: str) -> list[Example]:
    """The newest statements, or the one with that code, to try a template on."""
    found = Statement.objects.filter(archived_at__isnull=True).select_related("customer")
    found = found.filter(statement_code=code) if code else found
    return [
        Example(object_id=one.pk, code=one.statement_code, label=one.customer.name)
        for one in found.defer("parties").order_by("-statement_date", "-pk")[:EXAMPLES_MAX]
    ]
