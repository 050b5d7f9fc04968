"""Reading saved views: one's own, and those shared with everybody who may read the list."""

from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django_stubs_ext import WithAnnotations

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound, Unauthenticated
from tenants.lists.models import DefaultView, SavedView
from tenants.lists.specs import list_spec

VIEWS_SHOWN = 100


class _Default(TypedDict):
    is_default: bool


if TYPE_CHECKING:  # at run time it takes no arguments
    ViewRow = WithAnnotations[SavedView, _Default]


def views_of(*, actor: Actor, list_name: str) -> "QuerySet[ViewRow]":
    """The views of a list that the actor sees, by name, and which of them opens it.

    Raises NotFound for an unknown list.
    """
    authorize(actor, list_spec(list_name).permission)
    return _visible(actor).filter(list_name=list_name).order_by("name", "pk")


def view_by_id(*, actor: Actor, view_id: UUID) -> "ViewRow":
    """One view. Raises Unauthenticated, NotFound also for somebody else's that is not shared."""
    if actor.kind == "anonymous":
        raise Unauthenticated()
    view = _visible(actor).filter(pk=view_id).first()
    if view is None:
        raise NotFound(_("There is no such view."))
    authorize(actor, list_spec(view.list_name).permission)
    return view


def _visible(actor: Actor) -> "QuerySet[ViewRow]":
    default = DefaultView.objects.filter(owner=actor.id, view=OuterRef("pk"))
    found = SavedView.objects.filter(Q(owner=actor.id) | Q(is_shared=True))
    return found.annotate(is_default=Exists(default))
