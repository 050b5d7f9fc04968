"""Keeping, sharing and removing views of lists."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid
from tenants.lists.models import NAME_MAX, DefaultView, SavedView
from tenants.lists.selectors import view_by_id
from tenants.lists.specs import list_spec

SHARE = "organisation.share"
VIEWS_MAX = 50  # of one list and person


def save_view(
    *,
    actor: Actor,
    list_name: str,
    name: str,
    query: Mapping[str, Sequence[str]],
    is_shared: bool = False,
    is_default: bool = False,
) -> SavedView:
    """Keep a list's filters, order and columns; one's own view of the same name is replaced.

    What the list does not know is left out. Raises NotFound for an unknown list, Invalid naming
    `name`, Conflict over VIEWS_MAX, Forbidden to who may not share.
    """
    spec = list_spec(list_name)
    authorize(actor, spec.permission)
    if is_shared:
        authorize(actor, SHARE)
    name = name.strip()
    if not name:
        raise Invalid(errors=[FieldError("name", "required", _("This field is required."))])
    if len(name) > NAME_MAX or "\x00" in name:
        message = _("At most %(number)s characters.") % {"number": NAME_MAX}
        raise Invalid(errors=[FieldError("name", "too_long", message)])
    with transaction.atomic():
        own = SavedView.objects.filter(list_name=list_name, owner=actor.id)
        if own.exclude(name=name).count() >= VIEWS_MAX:
            raise Conflict(_("There are %(number)s views already.") % {"number": VIEWS_MAX})
        view, _made = SavedView.objects.update_or_create(
            list_name=list_name,
            owner=actor.id,
            name=name,
            defaults={"query": spec.clean(query), "is_shared": is_shared},
        )
        _set_default(actor, view, is_default=is_default)
        record(actor=actor, action="view.saved", target=view, after=_state(view))
    return view


def choose_default(*, actor: Actor, view_id: UUID, is_default: bool) -> SavedView:
    """Let the list open with the view for oneself, or not any more. Raises NotFound."""
    view = view_by_id(actor=actor, view_id=view_id)
    authorize(actor, list_spec(view.list_name).permission)
    with transaction.atomic():
        _set_default(actor, view, is_default=is_default)
    return view


def delete_view(*, actor: Actor, view_id: UUID) -> SavedView:
    """Remove one's own view; a shared one also by who may share. Raises NotFound, Forbidden."""
    view = view_by_id(actor=actor, view_id=view_id)
    if view.owner != actor.id:
        authorize(actor, SHARE)
    with transaction.atomic():
        SavedView.objects.filter(pk=view.pk).delete()
        record(actor=actor, action="view.deleted", target=view, before=_state(view))
    return view


def _set_default(actor: Actor, view: SavedView, *, is_default: bool) -> None:
    if is_default:
        DefaultView.objects.update_or_create(
            list_name=view.list_name, owner=actor.id, defaults={"view": view}
        )
    else:
        DefaultView.objects.filter(owner=actor.id, view=view).delete()


def _state(view: SavedView) -> dict[str, object]:
    return {"list": view.list_name, "shared": view.is_shared, "query": view.query}
