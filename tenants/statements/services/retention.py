"""Keeping statements as long as the rules say, and not a file longer. A legal hold wins.

Erased are the file, names and addresses, also of whom it was sent to; the amounts stay, because
the books refer to them.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from shared.audit.services import Act, record, record_many
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now, today
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from shared.keyring.door import open_door
from shared.keyring.storage import EncryptedStorage
from tenants.documents.models import Document
from tenants.review.services import close_many
from tenants.sites.models import Customer
from tenants.statements.documents import STATEMENT
from tenants.statements.hooks import eraser
from tenants.statements.models import (
    LegalHold,
    RetentionKind,
    RetentionRule,
    Statement,
    StatementRun,
    StatementRunChunk,
)
from tenants.statements.models.retention import YEARS_MAX
from tenants.statements.selectors.settings import retention_years
from tenants.statements.variance import REVIEW_KIND

ARCHIVED_AT_ONCE = 200
RUNS_AT_ONCE = 20
REASON_MAX = 500


def save_retention(*, actor: Actor, years: Mapping[str, int]) -> None:
    """How many years each kind is kept. Raises Invalid by kind; KeyError for an unknown one."""
    authorize(actor, "organisation.write")
    errors = [
        FieldError(kind, "range", _("Between 1 and %(years)s years.") % {"years": YEARS_MAX})
        for kind, number in years.items()
        if not 1 <= number <= YEARS_MAX
    ]
    if errors:
        raise Invalid(errors=errors)
    before = retention_years()
    with transaction.atomic():
        for kind, number in years.items():
            rule, made = RetentionRule.objects.select_for_update().get_or_create(
                kind=RetentionKind(kind), defaults={"years": number}
            )
            if not made and rule.years != number:
                rule.years = number
                rule.save_changes("years")
        record(
            actor=actor,
            action="retention.changed",
            before={kind: before[kind] for kind in years},
            after=dict(years),
        )


def place_hold(
    *, actor: Actor, reason: str, customer_id: str = "", statement_id: UUID | None = None
) -> LegalHold:
    """Let nothing of a customer (by its code), or of a statement, be erased.

    Raises Invalid naming the field, NotFound, Conflict where there is a hold already.
    """
    authorize(actor, "organisation.write")
    reason = reason.strip()
    if not reason or len(reason) > REASON_MAX:
        message = _("Say why, in at most %(length)s characters.") % {"length": REASON_MAX}
        raise Invalid(errors=[FieldError("reason", "required", message)])
    hold = LegalHold(reason=reason, placed_by=actor.label[:200])
    if statement_id is not None:
        hold.statement = Statement.objects.filter(pk=statement_id).first()
        if hold.statement is None:
            raise NotFound(_("There is no such statement."))
    else:
        hold.customer = Customer.objects.filter(customer_id=customer_id).first()
        if hold.customer is None:
            message = _("There is no customer %(id)s.") % {"id": customer_id}
            raise Invalid(errors=[FieldError("customer_id", "unknown", message)])
    with transaction.atomic():
        try:
            with transaction.atomic():
                hold.save()
        except IntegrityError as error:
            raise Conflict(_("There is a hold already.")) from error
        record(actor=actor, action="legal_hold.placed", target=hold, after={"reason": hold.reason})
    return hold


def release_hold(*, actor: Actor, hold_id: UUID) -> LegalHold:
    """Lift a hold. Raises NotFound, Conflict where it was lifted before."""
    authorize(actor, "organisation.write")
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update().filter(pk=hold_id).first()
        if hold is None:
            raise NotFound(_("There is no such hold."))
        if hold.released_at is not None:
            raise Conflict(_("This hold was lifted before."))
        hold.released_at, hold.released_by = now(), actor.label[:200]
        hold.save_changes("released_at", "released_by")
        record(actor=actor, action="legal_hold.released", target=hold)
    return hold


def archive_old_statements() -> int:
    """Archive statements whose years are over and that nothing holds; how many of a batch.

    Their files go first: a kill in between leaves statements whose files are deleted again.
    """
    before = _years_ago(retention_years()[RetentionKind.STATEMENT])
    with transaction.atomic():
        due = list(
            expired_statements(before)
            .select_for_update(of=("self",), skip_locked=True)
            .defer("parties")[:ARCHIVED_AT_ONCE]
        )
        if not due:
            return 0
        documents = Document.objects.filter(
            kind=STATEMENT, object_id__in=[statement.pk for statement in due]
        )
        storage = EncryptedStorage()
        for name in documents.exclude(file_name="").values_list("file_name", flat=True):
            storage.delete(name)
        documents.delete()
        with open_door():
            for statement in due:
                statement.archived_at, statement.parties = now(), {}
                statement.save_changes("archived_at", "parties")
        close_many(
            actor=SYSTEM,
            kinds=[REVIEW_KIND],
            target_ids=[one.pk for one in due],
            note=_("The statement is archived."),
        )
        erase = eraser()
        if erase:
            erase(statement_ids=[statement.pk for statement in due])
        record_many(actor=SYSTEM, acts=[Act("statement.archived", statement) for statement in due])
    return len(due)


def expired_statements(before: date) -> QuerySet[Statement]:
    """Statements of periods that ended before the day, not archived and without a hold."""
    in_force = LegalHold.objects.filter(
        Q(statement=OuterRef("pk")) | Q(customer=OuterRef("customer")), released_at__isnull=True
    )
    return (
        Statement.objects.filter(period_end__lt=before, archived_at__isnull=True)
        .exclude(Exists(in_force))
        .order_by("period_end", "pk")
    )


def remove_old_runs() -> int:
    """Remove chunks and results of runs whose years are over; how many runs of a batch.

    The run itself stays, for its statements point at it.
    """
    before = _years_ago(retention_years()[RetentionKind.RUN])
    with transaction.atomic():
        due = _runs_with_chunks(before)
        for run in due:
            run.chunks.all().delete()
        record_many(actor=SYSTEM, acts=[Act("statement_run.cleared", run) for run in due])
    return len(due)


def _runs_with_chunks(before: date) -> list[StatementRun]:
    has_chunks = Exists(StatementRunChunk.objects.filter(run=OuterRef("pk")))
    runs = StatementRun.objects.select_for_update(skip_locked=True)
    found = runs.filter(has_chunks, period_end__lt=before, status=StatementRun.Status.DONE)
    return list(found[:RUNS_AT_ONCE])


def _years_ago(years: int) -> date:
    """The same day so many years ago; 28 February for the 29th."""
    present = today()
    try:
        return present.replace(year=present.year - years)
    except ValueError:
        return present.replace(year=present.year - years, day=28)
