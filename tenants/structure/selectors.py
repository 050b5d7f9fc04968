"""Reading legal entities."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.urls import reverse

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from shared.kernel.hooks import Brand
from shared.kernel.wording import worded as _
from tenants.structure.errors import NoLegalEntity
from tenants.structure.models import (
    ConstructionRule,
    Department,
    LegalEntity,
    TaxExclusion,
    TaxRule,
)


def default_entity() -> LegalEntity:
    """The entity that bills where nothing else is said. Raises NoLegalEntity."""
    return entities_of(())[None]


def entities_of(ids: Iterable[UUID | None]) -> dict[UUID | None, LegalEntity]:
    """These entities by id, the default one also under None, in one query and its registrations.

    One instance each, so that whatever is encrypted in it is opened once however many contracts
    it bills. Raises NoLegalEntity where there is no default.
    """
    wanted = [one for one in ids if one is not None]
    rows = LegalEntity.objects.filter(Q(is_default=True) | Q(pk__in=wanted))
    found: dict[UUID | None, LegalEntity] = {
        entity.pk: entity for entity in rows.prefetch_related("tax_registrations")
    }
    default = next((entity for entity in found.values() if entity.is_default), None)
    if default is None:
        raise NoLegalEntity(_("Set up the billing company under Settings first."))
    found[None] = default
    return found


def billing_company(*, actor: Actor) -> LegalEntity:
    """The default entity for its settings page. Raises NoLegalEntity."""
    authorize(actor, "organisation.read")
    return default_entity()


@dataclass(frozen=True)
class StoredLogo:
    """A logo as it is served."""

    content: bytes
    media_type: str


def organisation_logo() -> StoredLogo:
    """The logo of the default entity; public, for the sign-in page shows it. Raises NotFound."""
    row = (
        LegalEntity.objects.filter(is_default=True, logo__isnull=False)
        .values_list("logo", "logo_type")
        .first()
    )
    if row is None or row[0] is None:
        raise NotFound()
    return StoredLogo(bytes(row[0]), row[1])


def organisation_brand() -> Brand:
    """Colour and logo of the default entity for the frame around every page, in one query.

    None where the database does not answer: an error page must still be shown.
    """
    try:
        row = (
            LegalEntity.objects.filter(is_default=True)
            .values_list("brand_colour", "logo_type", "revision")
            .first()
        )
    except DatabaseError:
        return Brand()
    if row is None:
        return Brand()
    colour, logo_type, revision = row
    address = f"{reverse('organisation_logo')}?v={revision}" if logo_type else ""
    return Brand(colour=colour, logo_url=address)


def legal_entities(*, actor: Actor) -> QuerySet[LegalEntity]:
    """All companies that bill, the default one first, without their logos' pictures."""
    authorize(actor, "organisation.read")
    found = LegalEntity.objects.defer("logo").prefetch_related("tax_registrations")
    return found.order_by("-is_default", "name", "pk")


def legal_entity(*, actor: Actor, entity_id: UUID) -> LegalEntity:
    """One company. Raises NotFound."""
    entity = legal_entities(actor=actor).filter(pk=entity_id).first()
    if entity is None:
        raise NotFound(_("There is no such legal entity."))
    return entity


def departments(*, actor: Actor) -> QuerySet[Department]:
    """All departments with their entity, by code."""
    authorize(actor, "organisation.read")
    return Department.objects.select_related("entity").defer("entity__logo")


def department_by_code(*, actor: Actor, code: str) -> Department:
    """One department. Raises NotFound."""
    department = departments(actor=actor).filter(code=code).first()
    if department is None:
        raise NotFound(_("There is no department %(code)s.") % {"code": code})
    return department


def tax_rules(*, actor: Actor) -> QuerySet[TaxRule]:
    """The organisation's own taxes, by place and start."""
    authorize(actor, "organisation.read")
    return TaxRule.objects.all()


def tax_exclusions(*, actor: Actor) -> QuerySet[TaxExclusion]:
    """What the organisation leaves untaxed, by place and start."""
    authorize(actor, "organisation.read")
    return TaxExclusion.objects.all()


def construction_rules(*, actor: Actor) -> QuerySet[ConstructionRule]:
    """The organisation's own holdbacks and lien periods, by jurisdiction and start."""
    authorize(actor, "organisation.read")
    return ConstructionRule.objects.all()
