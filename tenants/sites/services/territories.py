"""Making and renaming territories."""

import re

from django.db import IntegrityError, transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.codes import next_code
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from tenants.sites.checks import check_name, taken
from tenants.sites.models import Territory

TERRITORY_ID = re.compile(r"TER[0-9]{4}\Z")


def create_territory(*, actor: Actor, name: str, territory_id: str | None = None) -> Territory:
    """Make a territory. Raises Invalid, or Conflict where the id is taken."""
    authorize(actor, "sites.write")
    errors: list[FieldError] = []
    check_name(name, "name", errors)
    if territory_id is not None and not TERRITORY_ID.match(territory_id):
        errors.append(FieldError("territory_id", "form", _("Use the form TER####.")))
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        territory = Territory(
            territory_id=territory_id or next_code(Territory, "territory_id"), name=name.strip()
        )
        try:
            with transaction.atomic():
                territory.save(force_insert=True)
        except IntegrityError as error:
            raise taken(territory.territory_id, "territory_id") from error
        record(actor=actor, action="territory.created", target=territory, after={"name": name})
    return territory


def update_territory(
    *, actor: Actor, territory_id: str, name: str, expected_revision: int | None = None
) -> Territory:
    """Rename a territory. Raises Invalid, NotFound, PreconditionFailed when stale."""
    authorize(actor, "sites.write")
    errors: list[FieldError] = []
    check_name(name, "name", errors)
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        territory = Territory.objects.select_for_update().filter(territory_id=territory_id).first()
        if territory is None:
            raise NotFound(_("There is no territory %(id)s.") % {"id": territory_id})
        territory.require_revision(expected_revision)
        before, territory.name = territory.name, name.strip()
        territory.save_changes("name")
        record(
            actor=actor,
            action="territory.changed",
            target=territory,
            before={"name": before},
            after={"name": territory.name},
        )
    return territory
