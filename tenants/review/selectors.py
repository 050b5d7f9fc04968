"""Reading what waits for a person: only kinds the reader has the permission for."""

from uuid import UUID

from django.db.models import Count, QuerySet

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.review.kinds import Kind, kinds
from tenants.review.models import ReviewItem


def visible_kinds(actor: Actor) -> list[Kind]:
    """The kinds whose items the actor may see."""
    return [kind for kind in kinds() if actor.may(kind.permission)]


def require_some_kind(actor: Actor) -> None:
    """Raises Unauthenticated for nobody, Forbidden for who may see items of no kind at all."""
    if not visible_kinds(actor):
        authorize(actor, "invoices.generate")


def review_items(*, actor: Actor, status: str = "open", kind: str = "") -> QuerySet[ReviewItem]:
    """The items that the actor may see, newest first."""
    names = [one.name for one in visible_kinds(actor)]
    found = ReviewItem.objects.filter(kind__in=names)
    if status in ReviewItem.Status.values:
        found = found.filter(status=status)
    return found.filter(kind=kind) if kind else found


def review_item(*, actor: Actor, item_id: UUID) -> ReviewItem:
    """One item. Raises NotFound, also for a kind the actor must not see."""
    item = review_items(actor=actor, status="").filter(pk=item_id).first()
    if item is None:
        raise NotFound()
    return item


def open_counts(*, actor: Actor) -> dict[str, int]:
    """How many open items there are of each kind that the actor may see."""
    rows = review_items(actor=actor).order_by().values("kind").annotate(number=Count("pk"))
    return {row["kind"]: row["number"] for row in rows}


def open_count(actor: Actor) -> int:
    """How many open items the actor may see, for the navigation."""
    return review_items(actor=actor).count()
