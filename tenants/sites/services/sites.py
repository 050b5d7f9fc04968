"""Making and changing sites."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from billing.money import is_currency
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.codes import next_code
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.kernel.tenancy import require_organisation
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.sites.addresses import clean_address
from tenants.sites.checks import check_email, check_name, check_phone, taken
from tenants.sites.models import Contact, Customer, Site, Territory

SITE_ID = re.compile(r"SITE[0-9]{6}\Z")
Address = Mapping[str, object]


@dataclass(frozen=True)
class BillingContact:
    """Who receives the invoices of a site."""

    name: str
    email: str
    phone: str = ""


def create_site(
    *,
    actor: Actor,
    site_name: str,
    billing_address: Address,
    billing_contact: BillingContact,
    site_address: Address | None = None,
    site_id: str | None = None,
    customer_id: str | None = None,
    territory_id: str | None = None,
    currency: str = "CAD",
) -> Site:
    """Make a site with its billing contact; without `customer_id` its customer is made too.

    Raises Invalid naming each wrong field, Conflict where the id is taken.
    """
    authorize(actor, "sites.write")
    errors: list[FieldError] = []
    billing = clean_address(billing_address, "billing_address", errors)
    place = clean_address(site_address, "site_address", errors) if site_address else None
    check_name(site_name, "site_name", errors)
    _check_contact(billing_contact, errors)
    if site_id is not None and not SITE_ID.match(site_id):
        errors.append(FieldError("site_id", "form", _("Use the form SITE######.")))
    if not is_currency(currency):
        errors.append(FieldError("currency", "not_a_currency", _("Use an ISO 4217 code.")))
    with transaction.atomic():
        territory = _find_territory(territory_id, errors)
        customer = _find_customer(customer_id, errors)
        if errors:
            raise Invalid(errors=errors)
        site = Site(
            site_id=site_id or next_code(Site, "site_id"),
            name=site_name.strip(),
            customer=customer or _create_customer(site_name.strip()),
            territory=territory,
            currency=currency,
            billing_address=billing,
            site_address=place,
        )
        _insert_site(site)
        _set_billing_contact(site, billing_contact)
        publish(topic="site.created", key=site.site_id, payload={"site_id": site.site_id})
        record(actor=actor, action="site.created", target=site, after=_state(site))
    return site


def update_site(
    *,
    actor: Actor,
    site_id: str,
    site_name: str | None = None,
    billing_address: Address | None = None,
    site_address: Address | None = None,
    billing_contact: BillingContact | None = None,
    territory_id: str | None = None,
    is_active: bool | None = None,
    remove_site_address: bool = False,
    expected_revision: int | None = None,
) -> Site:
    """Change what is given; issued invoices keep the names and addresses they were issued with.

    Without a site address (`remove_site_address`) the billing address is the place of supply.

    Raises Invalid naming each wrong field, NotFound, PreconditionFailed when stale.
    """
    authorize(actor, "sites.write")
    errors: list[FieldError] = []
    changes = _checked_changes(site_name, billing_address, site_address, is_active, errors)
    if remove_site_address and site_address is None:
        changes["site_address"] = None
    if billing_contact is not None:
        _check_contact(billing_contact, errors)
    with transaction.atomic():
        site = Site.objects.select_for_update().filter(site_id=site_id).first()
        if site is None:
            raise NotFound(_("There is no site %(site)s.") % {"site": site_id})
        site.require_revision(expected_revision)
        if territory_id is not None:
            changes["territory"] = _find_territory(territory_id, errors)
        if errors:
            raise Invalid(errors=errors)
        before = _state(site)
        for name, value in changes.items():
            setattr(site, name, value)
        site.save_changes(*changes)
        if billing_contact is not None:
            _set_billing_contact(site, billing_contact)
        publish(topic="site.changed", key=site.site_id, payload={"site_id": site.site_id})
        record(actor=actor, action="site.changed", target=site, before=before, after=_state(site))
    return site


def _checked_changes(
    site_name: str | None,
    billing_address: Address | None,
    site_address: Address | None,
    is_active: bool | None,
    errors: list[FieldError],
) -> dict[str, object]:
    changes: dict[str, object] = {}
    if site_name is not None:
        check_name(site_name, "site_name", errors)
        changes["name"] = site_name.strip()
    if billing_address is not None:
        changes["billing_address"] = clean_address(billing_address, "billing_address", errors)
    if site_address is not None:
        changes["site_address"] = clean_address(site_address, "site_address", errors)
    if is_active is not None:
        changes["is_active"] = is_active
    return changes


def _create_customer(name: str) -> Customer:
    return Customer.objects.create(
        customer_id=next_code(Customer, "customer_id"),
        name=name,
        language=require_organisation().language,
    )


def _insert_site(site: Site) -> None:
    try:
        with transaction.atomic():
            site.save(force_insert=True)
    except IntegrityError as error:
        raise taken(site.site_id, "site_id") from error


def _set_billing_contact(site: Site, contact: BillingContact) -> None:
    Contact.objects.update_or_create(
        site=site,
        is_billing=True,
        defaults={"name": contact.name.strip(), "email": contact.email, "phone": contact.phone},
    )


def _find_territory(territory_id: str | None, errors: list[FieldError]) -> Territory | None:
    if not territory_id:
        return None
    territory = Territory.objects.filter(territory_id=territory_id).first()
    if territory is None:
        errors.append(FieldError("territory_id", "unknown", _("There is no such territory.")))
    return territory


def _find_customer(customer_id: str | None, errors: list[FieldError]) -> Customer | None:
    if not customer_id:
        return None
    customer = Customer.objects.filter(customer_id=customer_id).first()
    if customer is None:
        errors.append(FieldError("customer_id", "unknown", _("There is no such customer.")))
    return customer


def _check_contact(contact: BillingContact, errors: list[FieldError]) -> None:
    check_name(contact.name, "billing_contact.name", errors)
    check_email(contact.email, "billing_contact.email", errors)
    check_phone(contact.phone, "billing_contact.phone", errors)


def _state(site: Site) -> dict[str, object]:
    return {
        "name": site.name,
        "customer": site.customer.customer_id,
        "territory": site.territory.territory_id if site.territory else None,
        "billing_address": site.billing_address,
        "site_address": site.site_address,
        "is_active": site.is_active,
    }
