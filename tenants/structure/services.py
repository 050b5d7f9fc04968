"""Setting up and changing the organisation's legal entities."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.kernel.tenancy import require_organisation
from tenants.structure.logos import read_logo
from tenants.structure.models import LegalEntity, TaxRegistration

EDITABLE = (
    "name",
    "street1",
    "street2",
    "city",
    "state",
    "zip",
    "country",
    "email",
    "phone",
    "number_prefix",
    "payment_terms_days",
    "payment_instructions",
    "brand_colour",
)
PREFIX_PATTERN = re.compile(r"[A-Z][A-Z0-9]{0,7}\Z")
COLOUR_PATTERN = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True)
class Logo:
    """An uploaded picture, as received."""

    content: bytes


def create_default_entity() -> None:
    """The first entity of a new organisation, named after it. Safe to run twice."""
    organisation = require_organisation()
    letters = re.sub(r"[^A-Z]", "", organisation.name.upper()) or "INV"
    with transaction.atomic():
        entity, created = LegalEntity.objects.get_or_create(
            is_default=True,
            defaults={"name": organisation.name, "number_prefix": letters[:3]},
        )
        if created:
            record(
                actor=SYSTEM,
                action="legal_entity.created",
                target=entity,
                after={"name": entity.name, "number_prefix": entity.number_prefix},
            )


def update_legal_entity(
    *,
    actor: Actor,
    entity_id: UUID,
    changes: Mapping[str, object],
    tax_registrations: Mapping[str, str] | None = None,
    logo: Logo | None = None,
    remove_logo: bool = False,
) -> LegalEntity:
    """Change letterhead, numbering, terms and registrations; issued invoices keep theirs.

    A new logo replaces the old one; `remove_logo` leaves none.

    Raises Invalid naming each wrong field, NotFound for an unknown entity.
    """
    authorize(actor, "organisation.write")
    _check_changes(changes)
    with transaction.atomic():
        entity = LegalEntity.objects.select_for_update().filter(pk=entity_id).first()
        if entity is None:
            raise NotFound()
        before = {name: getattr(entity, name) for name in changes}
        for name, value in changes.items():
            setattr(entity, name, value)
        if logo is not None:
            entity.logo, entity.logo_type = read_logo(logo.content)
        elif remove_logo:
            entity.logo, entity.logo_type = None, ""
        try:
            with transaction.atomic():
                entity.save_changes(*changes, "logo", "logo_type")
        except IntegrityError as error:
            raise Invalid(
                errors=[FieldError("number_prefix", "taken", _("Another company uses it."))]
            ) from error
        if tax_registrations is not None:
            _replace_registrations(entity, tax_registrations)
        record(
            actor=actor,
            action="legal_entity.changed",
            target=entity,
            before=before,
            after={**dict(changes), "taxes": sorted(tax_registrations or ())},
        )
    return entity


def _check_changes(changes: Mapping[str, object]) -> None:
    errors = [
        FieldError(name, "unknown", _("There is no such field."))
        for name in changes
        if name not in EDITABLE
    ]
    if "name" in changes and not str(changes["name"]).strip():
        errors.append(FieldError("name", "required", _("This field is required.")))
    prefix = changes.get("number_prefix")
    if prefix is not None and not PREFIX_PATTERN.match(str(prefix)):
        errors.append(
            FieldError(
                "number_prefix",
                "form",
                _("One to eight capital letters and digits, a letter first."),
            )
        )
    colour = changes.get("brand_colour")
    if colour and not COLOUR_PATTERN.match(str(colour)):
        errors.append(FieldError("brand_colour", "form", _("Use a colour such as #0b5cad.")))
    days = changes.get("payment_terms_days")
    if days is not None and not (isinstance(days, int) and 0 <= days <= 365):
        errors.append(FieldError("payment_terms_days", "range", _("Between 0 and 365 days.")))
    if errors:
        raise Invalid(errors=errors)


def _replace_registrations(entity: LegalEntity, numbers: Mapping[str, str]) -> None:
    entity.tax_registrations.all().delete()
    TaxRegistration.objects.bulk_create(
        TaxRegistration(entity=entity, component=component, number=number.strip())
        for component, number in sorted(numbers.items())
        if number.strip()
    )
