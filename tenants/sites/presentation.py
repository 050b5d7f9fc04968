"""The facts of sites and customers for their pages."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.sites.models import Customer, Site


def place_text(site: Site) -> str:
    """Where a site lies: "Toronto, ON"."""
    place = site.place_of_supply
    return f"{place['city']}, {place['state']}"


def site_facts(site: Site) -> list[tuple[str, Any]]:
    """Customer, place and billing contact, as a list of terms."""
    contact = next(iter(site.billing_contacts), None)  # type: ignore[attr-defined]
    facts: list[tuple[str, Any]] = [
        (
            _("Customer"),
            format_html(
                '<a href="{}">{}</a>',
                reverse("customer_detail", args=[site.customer.customer_id]),
                site.customer.name,
            ),
        ),
        (_("Territory"), _territory_link(site)),
        (_("Billing address"), _address(site.billing_address)),
    ]
    if site.site_address:
        facts.append((_("Site address"), _address(site.site_address)))
    if contact is None:
        return [*facts, (_("Billing contact"), "")]
    email = format_html('<a href="mailto:{0}">{0}</a>', contact.email)
    facts += [(_("Billing contact"), contact.name), (_("E-mail"), email)]
    return [*facts, (_("Telephone"), contact.phone)] if contact.phone else facts


def _territory_link(site: Site) -> SafeString | str:
    if site.territory is None:
        return ""
    address = reverse("territory_detail", args=[site.territory.territory_id])
    return format_html('<a href="{}">{}</a>', address, site.territory.name)


def customer_facts(customer: Customer) -> list[tuple[str, Any]]:
    """Id, language and terms of a customer, as a list of terms."""
    days = customer.payment_terms_days
    return [
        (_("Customer"), customer.customer_id),
        (_("Language"), customer.get_language_display()),
        (
            _("To be paid within"),
            _("as each contract says") if days is None else _("%(days)s days") % {"days": days},
        ),
    ]


def _address(address: Mapping[str, str]) -> SafeString:
    """An address on the lines an envelope has."""
    place = f"{address['city']} {address['state']} {address['zip']}"
    lines = (address["street1"], address.get("street2"), place)
    return format_html_join(SafeString("<br>"), "{}", ((line,) for line in lines if line))
