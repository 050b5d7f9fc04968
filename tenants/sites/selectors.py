"""Reading sites, customers and territories."""

from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    Count,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.cache import remember
from shared.kernel.errors import NotFound
from tenants.sites.models import Contact, Customer, Site, TaxExemption, Territory

TERRITORY_SECONDS = 7200


def billing_contact() -> "Prefetch[Any]":
    """A site's billing contact, as `site.billing_contacts`."""
    return Prefetch(
        "contacts", queryset=Contact.objects.filter(is_billing=True), to_attr="billing_contacts"
    )


def sites(*, actor: Actor) -> QuerySet[Site]:
    """All sites with customer, territory and billing contact."""
    authorize(actor, "sites.read")
    return Site.objects.select_related("customer", "territory").prefetch_related(billing_contact())


def search_sites(*, actor: Actor, text: str) -> QuerySet[Site]:
    """Sites whose id, name or customer contains the text, with how many contracts are active.

    The count is a subquery a row, so that a page counts for its own rows only.
    """
    contracts = Site._meta.get_field("contracts").related_model
    active = (
        contracts._default_manager.filter(site=OuterRef("pk"))
        .exclude(status__in=("draft", "terminated"))
        .order_by()
        .values("site")
        .annotate(number=Count("pk"))
        .values("number")
    )
    found = sites(actor=actor).annotate(
        active_contracts=Coalesce(Subquery(active), 0, output_field=IntegerField())
    )
    if text:
        found = found.filter(
            Q(site_id__istartswith=text)
            | Q(name__icontains=text)
            | Q(customer__name__icontains=text)
        )
    return found


def site_by_code(*, actor: Actor, site_id: str) -> Site:
    """The site of that public id. Raises NotFound."""
    site = sites(actor=actor).filter(site_id=site_id).first()
    if site is None:
        raise NotFound(_("There is no site %(id)s.") % {"id": site_id})
    return site


def territories(*, actor: Actor) -> QuerySet[Territory]:
    """All territories."""
    authorize(actor, "sites.read")
    return Territory.objects.all()


def territory_by_code(*, actor: Actor, territory_id: str) -> Territory:
    """The territory of that public id, from the cache (2 h) where nothing changed.

    Raises NotFound. Source: `api.md`, billing-info.
    """
    found = territories(actor=actor).filter(territory_id=territory_id)
    stamp = found.values_list("pk", "revision").first()
    if stamp is None:
        raise NotFound(_("There is no territory %(id)s.") % {"id": territory_id})
    return remember(f"territory:{territory_id}", stamp, found.get, seconds=TERRITORY_SECONDS)


def customers(*, actor: Actor, text: str = "") -> QuerySet[Customer]:
    """Customers whose id or name contains the text, with the number of their sites."""
    authorize(actor, "sites.read")
    counted = (
        Site.objects.filter(customer=OuterRef("pk"))
        .order_by()
        .values("customer")
        .annotate(number=Count("pk"))
        .values("number")
    )
    found = Customer.objects.annotate(
        site_count=Coalesce(Subquery(counted), 0, output_field=IntegerField())
    )
    if text:
        found = found.filter(Q(customer_id__istartswith=text) | Q(name__icontains=text))
    return found


def customer_by_code(*, actor: Actor, customer_id: str) -> Customer:
    """The customer of that public id. Raises NotFound."""
    customer = customers(actor=actor).filter(customer_id=customer_id).first()
    if customer is None:
        raise NotFound(_("There is no customer %(id)s.") % {"id": customer_id})
    return customer


def exemptions_of(*, actor: Actor, customer_id: str) -> QuerySet[TaxExemption]:
    """The certificates of a customer, by tax. Raises NotFound."""
    customer = customer_by_code(actor=actor, customer_id=customer_id)
    return customer.tax_exemptions.order_by("component")


def contacts(*, actor: Actor, site_id: str = "") -> QuerySet[Contact]:
    """The people at all sites, or at one."""
    authorize(actor, "sites.read")
    found = Contact.objects.select_related("site")
    return found.filter(site__site_id=site_id) if site_id else found


def contact_by_id(*, actor: Actor, contact_id: UUID) -> Contact:
    """One person. Raises NotFound."""
    contact = contacts(actor=actor).filter(pk=contact_id).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    return contact


class Balance(NamedTuple):
    """What is open of a customer's issued invoices, in one currency."""

    currency: str
    amount: Decimal


def open_balances(customer: Customer) -> list[Balance]:
    """What a customer owes by currency; currencies with nothing open are left out.

    The reader has been authorised for the customer and for invoices.
    """
    settled = F("amount_paid") + F("amount_credited") + F("amount_written_off")
    rows = (
        customer.invoices.filter(document_status="issued")
        .order_by("currency")
        .values_list("currency")
        .annotate(due=Sum(F("total") - settled))
    )
    return [Balance(currency, due) for currency, due in rows if due]
