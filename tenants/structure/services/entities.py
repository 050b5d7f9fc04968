"""Setting up and changing the organisation's legal entities."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from billing.money import is_currency
from shared.audit.services import record
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.kernel.tenancy import require_organisation
from tenants.structure.hooks import tell_registrations_changed
from tenants.structure.logos import read_logo
from tenants.structure.models import SERIES_LETTERS, LegalEntity, TaxRegistration

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
    "currency",
    "number_prefix",
    "credit_note_prefix",
    "adjustment_prefix",
    "release_prefix",
    "payment_terms_days",
    "payment_instructions",
    "brand_colour",
)
PREFIX_PATTERN = re.compile(r"[A-Z][A-Z0-9]{0,7}\Z")
SERIES_PREFIX_PATTERN = re.compile(r"([A-Z][A-Z0-9]{0,8})?\Z")
LENGTHS = {
    "name": 255,
    "street1": 255,
    "street2": 255,
    "city": 100,
    "state": 50,
    "zip": 20,
    "phone": 40,
    "payment_instructions": 2000,
}
REGISTRATION_MAX = 40
TAX_NAME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}\Z")
COUNTRY_PATTERN = re.compile(r"[A-Z]{2}\Z")
EMAIL_MAX = 254
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


def create_legal_entity(
    *,
    actor: Actor,
    given: Mapping[str, object],
    tax_registrations: Mapping[str, str] | None = None,
) -> LegalEntity:
    """A further company that bills, beside the default one.

    `given` are EDITABLE fields; name and number prefix are required. Raises Invalid naming each
    wrong field.
    """
    authorize(actor, "organisation.write")
    errors = [
        FieldError(name, "required", _("This field is required."))
        for name in ("name", "number_prefix")
        if not given.get(name)
    ]
    _check_changes(given, tax_registrations, errors)
    with transaction.atomic():
        _lock_series()
        entity = LegalEntity(**given)
        _check_series(entity)
        entity.save(force_insert=True)
        _replace_registrations(entity, tax_registrations or {})
        record(
            actor=actor,
            action="legal_entity.created",
            target=entity,
            after={**dict(given), "taxes": sorted(tax_registrations or ())},
        )
    return entity


def make_default_entity(
    *, actor: Actor, entity_id: UUID, expected_revision: int | None = None
) -> LegalEntity:
    """Let this company bill the contracts that name none. Raises NotFound."""
    authorize(actor, "organisation.write")
    with transaction.atomic():
        entities = _lock_series()
        entity = entities.get(entity_id)
        if entity is None:
            raise NotFound(_("There is no such legal entity."))
        entity.require_revision(expected_revision)
        if entity.is_default:
            return entity
        for other in entities.values():
            if other.is_default:
                other.is_default = False
                other.save_changes("is_default")
        entity.is_default = True
        entity.save_changes("is_default")
        record(actor=actor, action="legal_entity.made_default", target=entity)
    return entity


def update_legal_entity(
    *,
    actor: Actor,
    entity_id: UUID,
    changes: Mapping[str, object],
    tax_registrations: Mapping[str, str] | None = None,
    logo: Logo | None = None,
    remove_logo: bool = False,
    expected_revision: int | None = None,
) -> LegalEntity:
    """Change letterhead, numbering, terms and registrations; issued invoices keep theirs.

    A new logo replaces the old one; `remove_logo` leaves none.

    Raises Invalid naming each wrong field, NotFound for an unknown entity.
    """
    authorize(actor, "organisation.write")
    _check_changes(changes, tax_registrations, [])
    with transaction.atomic():
        entity = _lock_series().get(entity_id)
        if entity is None:
            raise NotFound(_("There is no such legal entity."))
        entity.require_revision(expected_revision)
        _keep_currency(entity, changes)
        before = {name: getattr(entity, name) for name in changes}
        for name, value in changes.items():
            setattr(entity, name, value)
        if logo is not None:
            entity.logo, entity.logo_type = read_logo(logo.content)
        elif remove_logo:
            entity.logo, entity.logo_type = None, ""
        _check_series(entity)
        entity.save_changes(*changes, "logo", "logo_type")
        if tax_registrations is not None:
            _replace_registrations(entity, tax_registrations)
            tell_registrations_changed(entity.pk)
        record(
            actor=actor,
            action="legal_entity.changed",
            target=entity,
            before=before,
            after={**dict(changes), "taxes": sorted(tax_registrations or ())},
        )
    return entity


def _lock_series() -> dict[UUID, LegalEntity]:
    """Every entity, locked: their number prefixes must differ from each other's."""
    return {one.pk: one for one in LegalEntity.objects.select_for_update().order_by("pk")}


def _check_series(entity: LegalEntity) -> None:
    """Two series with one prefix would take their numbers from one another. Raises Invalid."""
    others = LegalEntity.objects.exclude(pk=entity.pk)
    taken = {prefix for other in others for prefix in _series(other).values()}
    own: set[str] = set()
    errors: dict[str, FieldError] = {}
    for name, prefix in _series(entity).items():
        field = name if getattr(entity, name) else "number_prefix"  # where a blank one comes from
        if prefix in taken:
            message = _("Another company uses it.")
        elif prefix in own:
            message = _("Another kind of document of this company uses it.")
        else:
            own.add(prefix)
            continue
        errors.setdefault(field, FieldError(field, "taken", message))
    if errors:
        raise Invalid(errors=list(errors.values()))


def _series(entity: LegalEntity) -> dict[str, str]:
    """The prefix in use by the field that holds it."""
    series = {f"{name}_prefix": entity.series_prefix(name) for name in SERIES_LETTERS}
    return {"number_prefix": entity.number_prefix, **series}


def _keep_currency(entity: LegalEntity, changes: Mapping[str, object]) -> None:
    """Books that have begun stay in their currency: balances of two could not be added up."""
    from tenants.ledger.models import JournalEntry  # stands above structure

    if changes.get("currency", entity.currency) == entity.currency:
        return
    if JournalEntry.objects.filter(entity_id=entity.pk).exists():
        message = _("Its books are kept in %(currency)s already.") % {"currency": entity.currency}
        raise Invalid(errors=[FieldError("currency", "in_use", message)])


def _check_changes(
    changes: Mapping[str, object],
    tax_registrations: Mapping[str, str] | None,
    errors: list[FieldError],
) -> None:
    errors.extend(
        FieldError(name, "unknown", _("There is no such field."))
        for name in changes
        if name not in EDITABLE
    )
    if "name" in changes and not str(changes["name"]).strip() and not errors:
        errors.append(FieldError("name", "required", _("This field is required.")))
    for name, longest in LENGTHS.items():
        if len(str(changes.get(name, ""))) > longest:
            message = _("At most %(number)s characters.") % {"number": longest}
            errors.append(FieldError(name, "too_long", message))
    _check_forms(changes, errors)
    for component, number in (tax_registrations or {}).items():
        field = f"tax_registrations.{component}"
        if not TAX_NAME_PATTERN.match(component):
            errors.append(FieldError(field, "form", _("One to ten letters and digits.")))
        elif len(number) > REGISTRATION_MAX:
            message = _("At most %(number)s characters.") % {"number": REGISTRATION_MAX}
            errors.append(FieldError(field, "too_long", message))
    if errors:
        raise Invalid(errors=errors)


def _check_forms(changes: Mapping[str, object], errors: list[FieldError]) -> None:
    prefix = changes.get("number_prefix")
    if prefix and not PREFIX_PATTERN.match(str(prefix)):
        message = _("One to eight capital letters and digits, a letter first.")
        errors.append(FieldError("number_prefix", "form", message))
    elif prefix == "" and not errors:
        errors.append(FieldError("number_prefix", "required", _("This field is required.")))
    for series in SERIES_LETTERS:
        name = f"{series}_prefix"
        if not SERIES_PREFIX_PATTERN.match(str(changes.get(name, ""))):
            message = _("Up to nine capital letters and digits, a letter first.")
            errors.append(FieldError(name, "form", message))
    if "currency" in changes and not is_currency(str(changes["currency"])):
        errors.append(FieldError("currency", "not_a_currency", _("Use an ISO 4217 code.")))
    country = changes.get("country")
    if country is not None and not COUNTRY_PATTERN.match(str(country)):
        message = _("Use the two-letter country code.")
        errors.append(FieldError("country", "not_a_country", message))
    email = changes.get("email")
    if email and not is_email(str(email)):
        errors.append(FieldError("email", "not_an_email", _("Not an e-mail address.")))
    colour = changes.get("brand_colour")
    if colour and not COLOUR_PATTERN.match(str(colour)):
        errors.append(FieldError("brand_colour", "form", _("Use a colour such as #0b5cad.")))
    days = changes.get("payment_terms_days")
    if days is not None and not (isinstance(days, int) and 0 <= days <= 365):
        errors.append(FieldError("payment_terms_days", "range", _("Between 0 and 365 days.")))


def is_email(text: str) -> bool:
    """Whether it has the form of an e-mail address that can be stored."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= EMAIL_MAX


def _replace_registrations(entity: LegalEntity, numbers: Mapping[str, str]) -> None:
    entity.tax_registrations.all().delete()
    TaxRegistration.objects.bulk_create(
        TaxRegistration(entity=entity, component=component, number=number.strip())
        for component, number in sorted(numbers.items())
        if number.strip()
    )
