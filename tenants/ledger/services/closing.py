"""Closing a company's books through a day, and opening them again."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import OperationalError, connection, transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _
from tenants.ledger.errors import BooksBusy, OpenPoints
from tenants.ledger.models import BookClosing
from tenants.ledger.open_points import open_points
from tenants.ledger.triggers import BOOKS_LOCK
from tenants.structure.models import LegalEntity

REASON_MAX = 500
# A batch of a billing run takes about a second; what takes longer is not waited for.
WAIT_MAX = "10s"
EARLIEST = date(1990, 1, 1)


def close_books(
    *, actor: Actor, entity_id: UUID, through: date, note: str = "", confirmed: bool = False
) -> BookClosing:
    """Close a company's books through a day that is over; nothing can be posted up to it then.

    Waits for postings under way, which are inside, and refuses those that come later. Raises
    NotFound, Invalid for a day that is not over or not later than what is closed, OpenPoints
    unless `confirmed` where the month still has some, BooksBusy.
    """
    authorize(actor, "ledger.close")
    _check_text("note", note)
    if through >= today():
        message = _("Only days that are over can be closed.")
        raise Invalid(errors=[FieldError("through", "future", message)])
    if through < EARLIEST:
        raise Invalid(errors=[FieldError("through", "too_early", _("The day is too long ago."))])
    with transaction.atomic():
        entity = _lock_books(entity_id)
        latest = _latest(entity)
        if latest is not None and through <= latest.through:
            message = _("The books are closed through %(day)s already.") % {"day": latest.through}
            raise Invalid(errors=[FieldError("through", "closed", message)])
        left = [point.text for point in open_points(actor=actor, entity=entity, through=through)]
        if left and not confirmed:
            message = _("Finish what is open, or confirm that the books are closed nevertheless.")
            raise OpenPoints(message, extra={"open_points": [str(one) for one in left]})
        return _record(actor, entity, BookClosing.Act.CLOSED, through, latest, note.strip(), left)


def reopen_books(*, actor: Actor, entity_id: UUID, to: date, reason: str) -> BookClosing:
    """Open a company's books again: they stay closed through `to`, an earlier day than before.

    Raises NotFound, Conflict where nothing is closed, Invalid naming each field, BooksBusy.
    """
    authorize(actor, "ledger.reopen")
    _check_text("reason", reason)
    if not reason.strip():
        raise Invalid(errors=[FieldError("reason", "required", _("Say why."))])
    if to < EARLIEST:
        raise Invalid(errors=[FieldError("to", "too_early", _("The day is too long ago."))])
    with transaction.atomic():
        entity = _lock_books(entity_id)
        latest = _latest(entity)
        if latest is None:
            raise Conflict(_("The books of %(company)s were never closed.") % {"company": entity})
        if to >= latest.through:
            message = _("Choose a day before %(day)s.") % {"day": latest.through}
            raise Invalid(errors=[FieldError("to", "too_late", message)])
        return _record(actor, entity, BookClosing.Act.REOPENED, to, latest, reason.strip(), [])


def _check_text(field: str, text: str) -> None:
    if len(text.strip()) > REASON_MAX:
        message = _("At most %(number)d characters.") % {"number": REASON_MAX}
        raise Invalid(errors=[FieldError(field, "too_long", message)])


def _lock_books(entity_id: UUID) -> LegalEntity:
    """The company, with no posting to its books under way until the transaction ends."""
    entity = LegalEntity.objects.filter(pk=entity_id).first()
    if entity is None:
        raise NotFound(_("There is no such company."))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [WAIT_MAX])
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [BOOKS_LOCK, str(entity_id)]
            )
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        message = _("Documents of %(company)s are being posted just now. Try again in a minute.")
        raise BooksBusy(message % {"company": entity}) from error
    return entity


def _latest(entity: LegalEntity) -> BookClosing | None:
    return BookClosing.objects.filter(entity=entity).order_by("-number").first()


def _record(
    actor: Actor,
    entity: LegalEntity,
    act: str,
    through: date,
    latest: BookClosing | None,
    reason: str,
    left: Sequence[Wording],
) -> BookClosing:
    closing = BookClosing.objects.create(
        entity=entity,
        number=latest.number + 1 if latest else 1,
        act=act,
        through=through,
        before=latest.through if latest else None,
        reason=reason,
        open_points=left,
        recorded_by=actor.label[:200],
    )
    after = {"through": through.isoformat(), "reason": reason}
    record(
        actor=actor,
        action=f"books.{act}",
        target=entity,
        before={"through": latest.through.isoformat()} if latest else {},
        after=after | ({"open_points": "; ".join(map(str, left))} if left else {}),
    )
    return closing
