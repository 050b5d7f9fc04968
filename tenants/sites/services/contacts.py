"""The people at a site; one of them receives its invoices."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.sites.checks import check_email, check_name, check_phone
from tenants.sites.models import Contact, Site

EDITABLE = ("name", "email", "phone", "is_billing")


def create_contact(
    *,
    actor: Actor,
    site_id: str,
    name: str,
    email: str,
    phone: str = "",
    is_billing: bool = False,
) -> Contact:
    """A person at a site; a billing contact takes the place of the one before.

    Raises Invalid naming each wrong field, NotFound for the site.
    """
    authorize(actor, "sites.write")
    given = {"name": name, "email": email, "phone": phone, "is_billing": is_billing}
    _check(given)
    with transaction.atomic():
        site = _lock_site(site_id=site_id)
        if is_billing:
            _clear_billing(site)
        contact = Contact.objects.create(site=site, **{**given, "name": name.strip()})
        _note(actor, site, "contact.created", contact)
    return contact


def update_contact(
    *,
    actor: Actor,
    contact_id: UUID,
    changes: Mapping[str, Any],
    expected_revision: int | None = None,
) -> Contact:
    """Change a person; making one the billing contact takes the place of the one before.

    Raises Invalid naming each wrong field, NotFound, Conflict where the site would have no
    billing contact, PreconditionFailed when stale.
    """
    authorize(actor, "sites.write")
    unknown = [
        FieldError(name, "unknown", _("There is no such field."))
        for name in changes
        if name not in EDITABLE
    ]
    if unknown:
        raise Invalid(errors=unknown)
    _check(changes)
    with transaction.atomic():
        contact, site = _lock(contact_id)
        contact.require_revision(expected_revision)
        if contact.is_billing and changes.get("is_billing") is False:
            raise _needs_billing("is_billing")
        if changes.get("is_billing") and not contact.is_billing:
            _clear_billing(site)
        for name, value in changes.items():
            setattr(contact, name, value.strip() if name == "name" else value)
        contact.save_changes(*changes)
        _note(actor, site, "contact.changed", contact)
    return contact


def remove_contact(*, actor: Actor, contact_id: UUID) -> None:
    """Take a person away. Raises NotFound, Conflict for the billing contact."""
    authorize(actor, "sites.write")
    with transaction.atomic():
        contact, site = _lock(contact_id)
        if contact.is_billing:
            raise _needs_billing("contact_id")
        Contact.objects.filter(pk=contact.pk).delete()
        _note(actor, site, "contact.removed", contact)


def _needs_billing(field: str) -> Conflict:
    message = _("A site needs a billing contact; make another one it first.")
    return Conflict(message, errors=[FieldError(field, "needed", message)])


def _check(given: Mapping[str, Any]) -> None:
    errors: list[FieldError] = []
    if "name" in given:
        check_name(given["name"], "name", errors)
    if "email" in given:
        check_email(given["email"], "email", errors)
    if "phone" in given:
        check_phone(given["phone"], "phone", errors)
    if errors:
        raise Invalid(errors=errors)


def _lock_site(**which: Any) -> Site:
    site = Site.objects.select_for_update().filter(**which).first()
    if site is None:
        message = _("There is no site %(site)s.") % {"site": which.get("site_id", "")}
        raise NotFound(message, errors=[FieldError("site_id", "unknown", message)])
    return site


def _lock(contact_id: UUID) -> tuple[Contact, Site]:
    """The site first, as every change of its contacts locks it."""
    site_pk = Contact.objects.filter(pk=contact_id).values_list("site", flat=True).first()
    if site_pk is None:
        raise NotFound(_("There is no such contact."))
    site = _lock_site(pk=site_pk)
    contact = Contact.objects.select_for_update().filter(pk=contact_id).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    contact.site = site
    return contact, site


def _clear_billing(site: Site) -> None:
    for former in site.contacts.filter(is_billing=True):
        former.is_billing = False
        former.save_changes("is_billing")


def _note(actor: Actor, site: Site, action: str, contact: Contact) -> None:
    """Billing information is cached by the site's revision, so that one grows too."""
    site.save_changes()
    publish(topic="site.changed", key=site.site_id, payload={"site_id": site.site_id})
    record(
        actor=actor,
        action=action,
        target=contact,
        after={"site": site.site_id, "is_billing": contact.is_billing},
    )
