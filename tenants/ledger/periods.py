"""Open and closed time of a company's books.

Whoever posts shares a lock on the books until its transaction ends, and whoever closes has it
alone. So a posting either commits before the closing looks, or sees that the books are closed.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from django.db import connection

from shared.kernel.errors import FieldError
from shared.kernel.wording import worded as _
from tenants.ledger.errors import PeriodClosed
from tenants.ledger.models import BookClosing
from tenants.ledger.triggers import BOOKS_LOCK
from tenants.structure.models import LegalEntity

ONE_DAY = timedelta(days=1)


def share_books(entity_ids: Iterable[UUID]) -> None:
    """Keep these books from being closed until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(%s, hashtext(one)) FROM unnest(%s::text[]) AS one",
            [BOOKS_LOCK, sorted({str(one) for one in entity_ids})],
        )


def closed_through(entity_ids: Iterable[UUID]) -> dict[UUID, date]:
    """The last closed day of each of these companies that ever closed its books, in one query."""
    latest = (
        BookClosing.objects.filter(entity_id__in=set(entity_ids))
        .order_by("entity_id", "-number")
        .distinct("entity_id")
    )
    return dict(latest.values_list("entity_id", "through"))


def refuse_closed(days: Iterable[tuple[UUID, date]], *, field: str = "") -> None:
    """Raise PeriodClosed where one of these (company, day) lies in closed time.

    In a transaction, which keeps them open from here on. `field` is the input to blame.
    """
    asked = sorted(days)
    share_books(entity_id for entity_id, _on in asked)
    closed = closed_through(entity_id for entity_id, _on in asked)
    for entity_id, on in asked:
        through = closed.get(entity_id)
        if through is not None and on <= through:
            raise period_closed(entity_id, on, through, field=field)


def first_open_day(entity_ids: Iterable[UUID], on: date) -> date:
    """That day, or the first day after it on which the books of all these companies are open.

    In a transaction, which keeps it open. For what the background posts: what falls into closed
    time is entered on the first open day instead of failing for good.
    """
    companies = set(entity_ids)
    share_books(companies)
    closed = closed_through(companies).values()
    return max((on, *(through + ONE_DAY for through in closed)))


def period_closed(entity_id: UUID, on: date, through: date, *, field: str = "") -> PeriodClosed:
    """The error in words: whose books, through which day, and what can be done."""
    name = LegalEntity.objects.values_list("name", flat=True).filter(pk=entity_id).first()
    message = _(
        "The books of %(company)s are closed through %(through)s, so nothing can be dated "
        "%(on)s. Nothing was changed. Choose %(first)s or a later day, or ask somebody who may "
        "reopen the books."
    ) % {"company": name, "through": through, "on": on, "first": through + ONE_DAY}
    errors = [FieldError(field, PeriodClosed.code, message)] if field else []
    extra: dict[str, object] = {"closed_through": through.isoformat(), "entity_id": str(entity_id)}
    return PeriodClosed(message, errors=errors, extra=extra)
