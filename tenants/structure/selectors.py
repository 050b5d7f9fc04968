"""Reading legal entities."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.structure.errors import NoLegalEntity
from tenants.structure.models import LegalEntity


def default_entity() -> LegalEntity:
    """The entity that bills where nothing else is said. Raises NoLegalEntity."""
    entity = (
        LegalEntity.objects.filter(is_default=True).prefetch_related("tax_registrations").first()
    )
    if entity is None:
        raise NoLegalEntity(_("Set up the billing company under Settings first."))
    return entity


def legal_entities(*, actor: Actor) -> QuerySet[LegalEntity]:
    """All legal entities with their tax registrations."""
    authorize(actor, "organisation.read")
    return LegalEntity.objects.prefetch_related("tax_registrations")
