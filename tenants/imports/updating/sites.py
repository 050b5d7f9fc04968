"""Sites changed by the rows of a file, and given back what they had."""

from typing import Any

from shared.kernel.actor import Actor
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.imports.cells import ADDRESS_PARTS, Values, address_of, code_of
from tenants.imports.updating.written import Written, differences
from tenants.sites.models import Contact, Site
from tenants.sites.services import BillingContact, update_site

CONTACT_PARTS = ("name", "email", "phone")


def change_site(*, actor: Actor, values: Values, site: Site) -> Written:
    """Write what the row changes. Raises an AppError; its customer and currency stay."""
    _refuse_fixed(values, site)
    before = _fields(site)
    billing, place = address_of(values, "billing"), address_of(values, "site")
    changed = update_site(
        actor=actor,
        site_id=site.site_id,
        site_name=values.get("site_name"),
        territory_id=code_of(values, "territory_id"),
        billing_address={**site.billing_address, **billing} if billing else None,
        site_address={**(site.site_address or {}), **place} if place else None,
        billing_contact=_contact(values, before),
    )
    return Written(changed, differences(before, _fields(changed)), dict(before))


def restore_site(*, actor: Actor, site: Site, previous: dict[str, Any]) -> None:
    """Give the site the values that `change_site` found. Raises an AppError."""
    place = address_of(previous, "site")
    named = previous["contact_name"]  # a site may have had nobody to write to
    update_site(
        actor=actor,
        site_id=site.site_id,
        site_name=previous["site_name"],
        territory_id=previous["territory_id"],
        billing_address=address_of(previous, "billing"),
        site_address=place or None,
        remove_site_address=not place,
        billing_contact=BillingContact(*_parts(previous)) if named else None,
    )


def _refuse_fixed(values: Values, site: Site) -> None:
    stored = {"customer_id": site.customer.customer_id, "currency": site.currency}
    errors = [
        FieldError(
            name, "fixed", _("It is %(value)s and a file cannot change it.") % {"value": is_}
        )
        for name, is_ in stored.items()
        if values.get(name, is_).upper() != is_
    ]
    if errors:
        raise Invalid(errors=errors)


def _contact(values: Values, before: Values) -> BillingContact | None:
    given = {name: values[name] for name in _CONTACT if name in values}
    return BillingContact(*_parts({**before, **given})) if given else None


_CONTACT = tuple(f"contact_{part}" for part in CONTACT_PARTS)


def _parts(values: Values) -> list[str]:
    return [values[name] for name in _CONTACT]


def _fields(site: Site) -> dict[str, str]:
    """The site by the columns of a file, as text."""
    contact = Contact.objects.filter(site=site, is_billing=True).first()
    addresses = {"billing": site.billing_address, "site": site.site_address or {}}
    return {
        "site_name": site.name,
        "territory_id": site.territory.territory_id if site.territory else "",
        **{
            f"{kind}_{part}": str(address.get(part) or "")
            for kind, address in addresses.items()
            for part in ADDRESS_PARTS
        },
        **{
            f"contact_{part}": str(getattr(contact, part)) if contact else ""
            for part in CONTACT_PARTS
        },
    }
