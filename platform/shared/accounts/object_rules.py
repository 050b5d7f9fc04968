"""Narrowing by object: who lacks an area's permission may still see what is its own."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from shared.kernel.actor import Actor

Row = TypeVar("Row", bound=Model)


def visible_rows(
    actor: Actor, rows: QuerySet[Row], *, permission: str, own_field: str
) -> QuerySet[Row]:
    """The rows the actor may see.

    All of them with `permission`; without it those whose `own_field` (a lookup path to a
    user's id) is the actor; none where the actor is no person.
    """
    if actor.may(permission):
        return rows
    if actor.user_id is None:
        return rows.none()
    return rows.filter(**{own_field: actor.user_id})
