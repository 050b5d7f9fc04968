"""Reading sites, customers and territories."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
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

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.cache import remember
from shared.kernel.errors import NotFound
from shared.kernel.wording import worded as _
from tenants.sites.models import Contact, Customer, Site, TaxExemption, Territory

TERRITORY_SECONDS = 7200
# What is still to be paid on an invoice.
_DUE = F("total") - F("amount_paid") - F("amount_credited") - F("amount_written_off")


def billing_contact() -> "Prefetch[Any]":
    """A site's billing contact, as `site.billing_contacts`."""
    return Prefetch(
        "contacts", queryset=Contact.objects.filter(is_billing=True), to_attr="billing_contacts"
    )


def sites(*, actor: Actor) -> QuerySet[Site]:
    """All sites with customer, territory and billing contact."""
    authorize(actor, "sites.read")
    return Site.objects.select_related("customer", "territory").prefetch_related(billing_contact())


def search_sites(*, actor: Actor, text: str, territory_id: str = "") -> QuerySet[Site]:
    """Sites whose id, name or customer contains the text, with how many contracts are active.

    With `territory_id` those of one territory. The count is a subquery a row, so that a page
    counts for its own rows only.
    """
    found = sites(actor=actor).annotate(active_contracts=_active_contracts("site"))
    if territory_id:
        found = found.filter(territory__territory_id=territory_id)
    if text:
        found = found.filter(
            Q(site_id__istartswith=text)
            | Q(name__icontains=text)
            | Q(customer__name__icontains=text)
        )
    return found


def _active_contracts(of: str) -> Coalesce:
    """How many contracts in force a row has; `of` leads from a contract to it."""
    in_force = _above("contracts").exclude(status__in=("draft", "terminated"))
    return _number(in_force, of)


def _above(relation: str) -> Any:
    """Rows of an app above this one that belong to sites, by the name of their relation."""
    model: Any = Site._meta.get_field(relation).related_model
    return model._default_manager


def _number(rows: Any, of: str) -> Coalesce:
    """How many of the rows belong to the outer row."""
    counted = rows.filter(**{of: OuterRef("pk")}).order_by().values(of)
    numbers = Subquery(counted.annotate(number=Count("pk")).values("number"))
    return Coalesce(numbers, 0, output_field=IntegerField())


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


def search_territories(*, actor: Actor, text: str = "") -> QuerySet[Territory]:
    """Territories whose id or name contains the text, with the numbers of their sites and of
    the contracts in force there; each is a subquery a row, so that a page counts its own only.
    """
    found = territories(actor=actor).annotate(
        site_count=_number(Site.objects, "territory"),
        active_contracts=_active_contracts("site__territory"),
    )
    if text:
        found = found.filter(Q(territory_id__istartswith=text) | Q(name__icontains=text))
    return found


class Billed(NamedTuple):
    """What stands on issued documents of a territory, in one currency, taxes included."""

    currency: str
    invoiced: Decimal
    invoices: int


def invoiced_by_territory(
    *, actor: Actor, territories: Sequence[Territory], month: Period
) -> dict[UUID, list[Billed]]:
    """For each territory what its sites' documents dated in the month come to, by currency.

    Credit notes count against the rest; different currencies are never added up. One query.
    """
    authorize(actor, "invoices.read")
    rows = (
        _above("invoices")
        .filter(
            document_status="issued",
            invoice_date__range=(month.start_date, month.end_date),
            site__territory__in=[one.pk for one in territories],
        )
        .order_by("currency")
        .values_list("site__territory", "currency")
        .annotate(sum=Sum("total"), number=Count("pk"))
    )
    found: dict[UUID, list[Billed]] = defaultdict(list)
    for territory, currency, total, number in rows:
        found[territory].append(Billed(currency, total, number))
    return dict(found)


class Owed(NamedTuple):
    """What is still to be paid on a territory's invoices, in one currency."""

    currency: str
    open: Decimal
    overdue: Decimal


def owed_in_territory(*, actor: Actor, territory: Territory, as_of: date) -> list[Owed]:
    """What the sites of a territory owe, and how much of it is past its due date. One query.

    Credit notes that no invoice has taken yet count against what is open.
    """
    authorize(actor, "invoices.read")
    late = Q(due_date__lt=as_of, total__gt=0)
    rows = (
        _above("invoices")
        .filter(
            document_status="issued",
            payment_status__in=("unpaid", "partially_paid"),
            site__territory=territory,
        )
        .order_by("currency")
        .values_list("currency")
        .annotate(open=Sum(_DUE), overdue=Coalesce(Sum(_DUE, filter=late), Decimal(0)))
    )
    return [Owed(*row) for row in rows]


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
    found = Customer.objects.annotate(site_count=_number(Site.objects, "customer"))
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


def exemptions(*, actor: Actor, expires_by: date | None = None) -> QuerySet[TaxExemption]:
    """The certificates of all customers; those that end by a day, the ended ones too."""
    authorize(actor, "sites.read")
    found = TaxExemption.objects.select_related("customer")
    return found.filter(expires_on__lte=expires_by) if expires_by else found


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
    rows = (
        customer.invoices.filter(document_status="issued")
        .order_by("currency")
        .values_list("currency")
        .annotate(due=Sum(_DUE))
    )
    return [Balance(currency, due) for currency, due in rows if due]
