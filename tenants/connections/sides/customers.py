"""Sites here, customers there."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from connectors.billing_system import BillingSystem, Customer
from connectors.billing_system.mapping import SITE_BILLING_MAPPING, customer_of, values_of
from shared.kernel.actor import Actor
from shared.kernel.clock import now, today
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.connections.models import BillingCustomer, Connection, SyncConflict
from tenants.connections.sides.base import Kept, Ours
from tenants.sites.models import Site
from tenants.sites.services import update_site

# The other side's field and the argument of `update_site`.
TAKEN_OVER = {
    "customer_name": "site_name",
    "billing_address": "billing_address",
    "territory_code": "territory_id",
}
COPIED = ("customer_name", "billing_address", "territory_code")


def site_document(site: Site) -> dict[str, Any]:
    """A site's fields as the seed's site_billing_mapping names them."""
    return {
        "site_id": site.site_id,
        "site_name": site.name,
        "billing_address": site.billing_address,
        "territory_id": site.territory.territory_id if site.territory else None,
    }


class CustomerSide:
    """See `Side`."""

    record = SyncConflict.Record.CUSTOMER.value

    def ours(self, code: str) -> Ours | None:
        """The site of that code."""
        site = Site.objects.select_related("territory").filter(site_id=code).first()
        return None if site is None else self.ours_of(site)

    def ours_of(self, site: Site) -> Ours:
        """A site read with its territory."""
        document = site_document(site)
        customer, problems = customer_of(document)
        values = (
            values_of(customer)
            if customer
            else {one.target: document[one.source] or "" for one in SITE_BILLING_MAPPING}
        )
        return Ours(values, site.updated_at, today(), site.site_id, problems)

    def agreed(self, connection: Connection, code: str) -> Kept | None:
        """From the copy."""
        copy = BillingCustomer.objects.filter(connection=connection, customer_id=code).first()
        return None if copy is None else self.agreed_of(copy)

    def agreed_of(self, copy: BillingCustomer) -> Kept:
        """A copy's values."""
        values = {name: getattr(copy, name) for name in ("customer_id", *COPIED)}
        return Kept(values, copy.their_updated_at)

    def fetch(self, system: BillingSystem, code: str) -> Kept | None:
        """The customer as it is there now."""
        found = system.customer(code)
        return None if found is None else kept_customer(found)

    def put(self, system: BillingSystem, values: Mapping[str, Any], day: date, key: str) -> Kept:
        """Send the customer."""
        customer = Customer(**values)
        return kept_customer(system.put_customer(customer, effective_date=day, idempotency_key=key))

    def keep(self, connection: Connection, kept: Kept) -> bool:
        """Write the copy."""
        moment = now()
        _copy, created = BillingCustomer.objects.update_or_create(
            connection=connection,
            customer_id=kept.values["customer_id"],
            defaults={
                **{name: kept.values[name] for name in COPIED},
                "their_updated_at": kept.at,
                "last_sync_at": moment,
            },
        )
        return created

    def take_over(
        self, *, actor: Actor, connection: Connection, code: str, field: str, value: Any, day: date
    ) -> None:
        """Change the site."""
        argument = TAKEN_OVER.get(field)
        if argument is None:
            message = _("Make the site %(code)s here, or remove the customer there.")
            raise Invalid(errors=[FieldError("choice", "not_possible", message % {"code": code})])
        expected = dict if field == "billing_address" else str
        if not isinstance(value, expected):
            raise Invalid(errors=[FieldError("value", "type", _("This value has another form."))])
        changes: dict[str, Any] = {argument: value}
        update_site(actor=actor, site_id=code, **changes)


def kept_customer(customer: Customer) -> Kept:
    """A customer from the other side."""
    return Kept(values_of(customer), customer.updated_at)
