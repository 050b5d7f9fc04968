"""Customers by the ten thousand: a few billed by the services, the others copied in SQL.

A copy's keys follow from the original's and the copy's number, so that each table is one
statement and needs no list of which row became which.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

from shared.kernel.codes import sequence_name
from shared.kernel.fields import CodeField
from tenants.contracts.models import Contract, ContractTerms
from tenants.invoices.models import Invoice, InvoiceLine, InvoiceTax
from tenants.invoices.numbering import take_numbers
from tenants.ledger.models import JournalEntry, JournalLine
from tenants.payments.models import Payment
from tenants.sites.models import Contact, Customer, Site

COPIED_AT_ONCE = 5_000
# Each with the way to its customer. Lines and taxes go before their invoice: none can be added
# to one that is issued.
COPIED: Mapping[type[models.Model], str] = {
    Customer: "pk",
    Site: "customer",
    Contact: "site__customer",
    Contract: "site__customer",
    ContractTerms: "contract__site__customer",
    InvoiceLine: "invoice__customer",
    InvoiceTax: "invoice__customer",
    Invoice: "customer",
    Payment: "customer",
    JournalEntry: "customer_id",
    JournalLine: "customer_id",
}
# The journal names rows of other tables without foreign keys.
LOOSE_KEYS = ("customer_id", "source_id", "document_id", "site_id")


def multiply_customers(customers: Sequence[UUID], count: int) -> None:
    """Add `count` copies of these customers in turn, with all that their statements read.

    Contracts, issued invoices, payments and journal are complete and agree; an invoice's
    encrypted parties stay bound to the original and cannot be read in the copy.
    """
    for start in range(1, count + 1, COPIED_AT_ONCE):
        with transaction.atomic():
            for model, path in COPIED.items():
                _copy(model, path, customers, (start, min(start + COPIED_AT_ONCE - 1, count)))


def _copy(
    model: type[models.Model], path: str, customers: Sequence[UUID], numbers: tuple[int, int]
) -> None:
    """Copy the customers' rows of one table for the copies with these numbers."""
    position = {pk: number for number, pk in enumerate(customers)}
    rows = model._default_manager.filter(**{f"{path}__in": customers}).values_list("pk", path)
    made = [(pk, position[customer]) for pk, customer in rows]
    fields = [one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]
    own = _numbers(made, len(customers), numbers) if model is Invoice else {}
    values = [own.get(str(one.column)) or _value(one) for one in fields]
    table, key = model._meta.db_table, model._meta.pk
    assert key is not None
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(str(one.column) for one in fields)}) "  # noqa: S608
            f"SELECT {', '.join(values)} "
            f"FROM unnest(%s::{key.rel_db_type(connection)}[], %s::int[]) AS original (pk, place) "
            f"JOIN {table} AS made ON made.{key.column} = original.pk "
            "JOIN generate_series(%s, %s) AS n ON n %% %s = original.place ORDER BY n",
            [[pk for pk, _at in made], [at for _pk, at in made], *numbers, len(customers)],
        )


def _value(field: "models.Field[Any, Any]") -> str:
    """What a copied row has in a column: its own keys and codes, else the original's."""
    column = str(field.column)
    if isinstance(field, CodeField):
        drawn = f"nextval('{sequence_name(field.model)}')::text"
        return f"'{field.prefix}' || lpad({drawn}, {field.digits}, '0')"
    if column == "document_code":
        document = _copied("document_id")
        return (
            f"coalesce((SELECT number FROM invoices_invoice WHERE id = {document}), "  # noqa: S608
            f"(SELECT payment_id FROM payments_payment WHERE id = {document}))"
        )
    own = field.primary_key or field.related_model in COPIED or column in LOOSE_KEYS
    return _copied(column) if own else f"made.{column}"


def _copied(column: str) -> str:
    """The key that the copy of what a column names has; NULL stays NULL."""
    return f"md5(made.{column}::text || n)::uuid"


def _numbers(
    made: Sequence[tuple[UUID, int]], originals: int, numbers: tuple[int, int]
) -> dict[str, str]:
    """Columns of the copied invoices' numbers: the next ones of the originals' series."""
    series = Invoice.objects.get(pk=made[0][0])
    assert series.number_year is not None
    first, last = numbers
    count = sum(len(range(first + (at - first) % originals, last + 1, originals)) for _, at in made)
    block = take_numbers(prefix=series.number_prefix, year=series.number_year, count=count)
    sequence = f"({block.first - 1} + row_number() OVER (ORDER BY n, made.number_sequence))"
    return {
        "number": f"'{block.prefix}-{block.year}-' || lpad({sequence}::text, 6, '0')",
        "number_sequence": sequence,
    }
