"""Handing statements to delivery, and noting how far it is."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from tenants.review.services import close_items
from tenants.statements.hooks import distributor
from tenants.statements.models import Statement, StatementRun
from tenants.statements.variance import REVIEW_KIND

Delivery = StatementRun.Delivery
METHODS = (Delivery.AUTO, Delivery.EMAIL, Delivery.PORTAL)


def send_statement(*, actor: Actor, statement_id: UUID, method: str = Delivery.AUTO) -> Statement:
    """Send a statement, or send it again. Whoever does so has looked at an unusual one.

    Raises NotFound, Invalid for an unknown method, Conflict for one that is archived or
    replaced, or where nothing can be sent.
    """
    authorize(actor, "statements.send")
    if method not in METHODS:
        message = _("Use one of: %(choices)s.") % {"choices": ", ".join(METHODS)}
        raise Invalid(errors=[FieldError("deliveryMethod", "choice", message)])
    with transaction.atomic():
        statement = (
            Statement.objects.select_for_update(of=("self",)).filter(pk=statement_id).first()
        )
        if statement is None:
            raise NotFound(_("There is no such statement."))
        distribute = distributor()
        _refuse_unsendable(statement, ready=distribute is not None)
        before = statement.delivery_status
        statement.delivery_status = Statement.DeliveryStatus.REQUESTED
        statement.save_changes("delivery_status")
        if distribute:
            distribute(actor=actor, statement_ids=[statement.pk], method=method)
        close_items(actor=actor, kind=REVIEW_KIND, target_id=statement.pk, note=_("Sent."))
        record(
            actor=actor,
            action="statement.sent",
            target=statement,
            before={"delivery_status": before},
            after={"delivery_status": statement.delivery_status, "method": method},
        )
    return statement


def note_delivery(*, statement_ids: Sequence[UUID], status: str) -> int:
    """Note how far the delivery of statements is; how many there were.

    Part of the delivery app's transaction, which has authorised its actor. Raises ValueError
    for a status that is none.
    """
    known = Statement.DeliveryStatus(status)
    return (
        Statement.objects.filter(pk__in=list(statement_ids))
        .exclude(delivery_status=known)
        .update(delivery_status=known, revision=F("revision") + 1, updated_at=now())
    )


def _refuse_unsendable(statement: Statement, *, ready: bool) -> None:
    if statement.archived_at is not None:
        raise Conflict(_("The statement is archived; its file is gone."))
    newer = Statement.objects.filter(replaces=statement).first()
    if newer is not None:
        raise Conflict(
            _("It was replaced by %(statement)s. Send that one.") % {"statement": newer},
            extra={"replaced_by": str(newer.pk)},
        )
    if not ready:
        raise Conflict(_("No way of delivery is set up. Download the PDF and send it yourself."))
