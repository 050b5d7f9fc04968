"""Cursor pagination over a stable order. Source: `api.md` Lists.

A page costs one query whatever its place in the list: the cursor holds the last row's values of
the ordering fields and of the primary key, which breaks ties. It is opaque and signed, so that
a made-up one is refused instead of reaching the database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from django.core.signing import BadSignature, Signer
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from pydantic import Field

from shared.kernel.api.schemas import Filters, Schema
from shared.kernel.errors import FieldError, Invalid

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
BATCHES_MAX = 500  # of an export: 100,000 rows
CURSOR_MAX, ORDERING_MAX = 1000, 60  # characters

Row = TypeVar("Row", bound=Model)
Out = TypeVar("Out")

_ENCODER = msgspec.json.Encoder(enc_hook=str)


class Paging(Filters):
    """`?limit=50&cursor=…&ordering=-invoice_date`."""

    limit: int = Field(LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="Rows a page.")
    cursor: str | None = Field(
        None,
        max_length=CURSOR_MAX,
        description="`next` of the page before; keep the same ordering.",
    )
    ordering: str | None = Field(
        None,
        max_length=ORDERING_MAX,
        description="A field of the list, with - before it for descending.",
    )


def paging_of(request: HttpRequest, *, limit: int = LIMIT_DEFAULT) -> Paging:
    """What a page's address asks for: `?cursor=…&sort=-total`, however long somebody typed it."""
    given = request.GET
    return Paging(
        limit=limit,
        cursor=given.get("cursor", "")[:CURSOR_MAX] or None,
        ordering=given.get("sort", "")[:ORDERING_MAX] or None,
    )


class Page(Schema, Generic[Out]):
    """One page of a list; `next` is the cursor of the page after it, null at the end."""

    items: list[Out]
    next: str | None


@dataclass(frozen=True)
class Slice(Generic[Out]):
    """The rows of one page, as a handler or a view returns them."""

    items: Sequence[Out]
    next: str | None


def paginate(
    rows: QuerySet[Row], paging: Paging, *, orderings: Sequence[str], default: str
) -> Slice[Row]:
    """One page of `rows`, in one query.

    `orderings` are the fields a caller may order by, each a field or annotation of the rows;
    `default` is one of them, with `-` for descending. Raises Invalid for another ordering or a
    cursor that is none of ours or belongs to another ordering.
    """
    ordering = paging.ordering or default
    name, descending = ordering.removeprefix("-"), ordering.startswith("-")
    if name not in orderings:
        raise _invalid(
            "ordering", _("Order by one of: %(names)s.") % {"names": ", ".join(orderings)}
        )
    nullable = _nullable(rows.model, name)
    if paging.cursor:
        value, key = _read_cursor(paging.cursor, ordering)
        rows = rows.filter(_after(name, value, key, descending=descending, nullable=nullable))
    found = list(rows.order_by(*_order(name, descending, nullable))[: paging.limit + 1])
    items = found[: paging.limit]
    more = len(found) > paging.limit
    return Slice(items, _make_cursor(items[-1], name, ordering) if more else None)


def page_batches(
    rows: QuerySet[Row], paging: Paging, *, orderings: Sequence[str], default: str
) -> Iterator[Sequence[Row]]:
    """All rows in the order of `paging`, a batch a query; at most BATCHES_MAX batches.

    The first batch is read at once, so that a wrong ordering is refused before anything is sent.
    """

    def batch_after(cursor: str | None) -> Slice[Row]:
        asked = Paging(limit=LIMIT_MAX, cursor=cursor, ordering=paging.ordering)
        return paginate(rows, asked, orderings=orderings, default=default)

    def all_from(page: Slice[Row]) -> Iterator[Sequence[Row]]:
        yield page.items
        for _batch in range(BATCHES_MAX - 1):
            if page.next is None:
                return
            page = batch_after(page.next)
            yield page.items

    return all_from(batch_after(None))


def _order(name: str, descending: bool, nullable: bool) -> tuple[Any, str]:
    direction = "-" if descending else ""
    if not nullable:
        return f"{direction}{name}", f"{direction}pk"
    column = F(name)
    ordered = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
    return ordered, f"{direction}pk"


def _nullable(model: type[Model], name: str) -> bool:
    """Whether the column may be null; an annotation may."""
    field = next((one for one in model._meta.concrete_fields if one.name == name), None)
    return field is None or bool(field.null)


def _after(name: str, value: Any, key: Any, *, descending: bool, nullable: bool) -> Q:
    """Rows behind (value, key); the bound on the first column lets its index be used."""
    side = "lt" if descending else "gt"
    ties = {f"pk__{side}": key}
    if value is None:
        return Q(**{f"{name}__isnull": True}, **ties)
    beyond = Q(**{f"{name}__{side}": value})
    bounded = Q(**{f"{name}__{side}e": value}) & (beyond | Q(**{name: value}, **ties))
    return bounded | Q(**{f"{name}__isnull": True}) if nullable else bounded


def _make_cursor(row: Model, name: str, ordering: str) -> str:
    content = _ENCODER.encode([ordering, getattr(row, name), row.pk])
    return _signer().sign(urlsafe_base64_encode(content))


def _read_cursor(cursor: str, ordering: str) -> tuple[Any, Any]:
    try:
        made_for, value, key = msgspec.json.decode(urlsafe_base64_decode(_signer().unsign(cursor)))
    except (BadSignature, ValueError) as error:
        raise _invalid("cursor", _("This cursor is not one of ours.")) from error
    if made_for != ordering:
        raise _invalid("cursor", _("This cursor belongs to another ordering."))
    return value, key


def _signer() -> Signer:
    return Signer(sep=".", salt="shared.kernel.api.pagination")


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(field, "invalid", message)])
