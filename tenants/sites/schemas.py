"""What the API takes and answers about sites. Source: `api.md`, from the integration spec."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Schema
from tenants.sites.models import Contact, Customer, Site, TaxExemption, Territory

ShortText = Annotated[str, Field(max_length=255)]
SiteCode = Annotated[str, Field(max_length=20)]


class AddressIn(Schema):
    """A postal address; `state` is the province, the place of supply."""

    street1: ShortText
    street2: ShortText | None = None
    city: ShortText
    state: ShortText
    zip: ShortText
    country: ShortText = "CA"


class AddressOut(Schema):
    """A postal address."""

    street1: str
    street2: str | None = None
    city: str
    state: str
    zip: str
    country: str


class ContactIn(Schema):
    """Who receives the invoices."""

    name: ShortText
    email: ShortText
    phone: ShortText | None = None


class ContactOut(Schema):
    """Who receives the invoices."""

    name: str
    email: str
    phone: str | None = None


class SiteIn(Schema):
    """A new site; ids are assigned where none is given."""

    site_id: SiteCode | None = None
    site_name: ShortText
    customer_id: SiteCode | None = None
    territory_id: SiteCode | None = None
    billing_address: AddressIn
    site_address: AddressIn | None = None
    billing_contact: ContactIn
    currency: Annotated[str, Field(max_length=3)] = "CAD"


class SitePatch(Schema):
    """What to change of a site; what is left out stays.

    A `site_address` of null takes it away: then the billing address is the place of supply.
    """

    site_name: ShortText | None = None
    territory_id: SiteCode | None = None
    billing_address: AddressIn | None = None
    site_address: AddressIn | None = None
    billing_contact: ContactIn | None = None
    is_active: bool | None = None


class SiteOut(Schema):
    """A site."""

    site_id: str
    site_name: str
    customer_id: str
    territory_id: str | None
    billing_address: AddressOut
    site_address: AddressOut | None
    billing_contact: ContactOut | None
    currency: str
    is_active: bool

    @staticmethod
    def of(site: Site) -> "SiteOut":
        """The answer about a site read with `selectors.sites`."""
        contact = next(iter(site.billing_contacts), None)  # type: ignore[attr-defined]
        return SiteOut(
            site_id=site.site_id,
            site_name=site.name,
            customer_id=site.customer.customer_id,
            territory_id=site.territory.territory_id if site.territory else None,
            billing_address=AddressOut(**site.billing_address),
            site_address=AddressOut(**site.site_address) if site.site_address else None,
            billing_contact=ContactOut.model_validate(contact) if contact else None,
            currency=site.currency,
            is_active=site.is_active,
        )


class TerritoryIn(Schema):
    """A new territory."""

    territory_id: SiteCode | None = None
    name: ShortText


class TerritoryPatch(Schema):
    """A territory's new name."""

    name: ShortText


class TerritoryOut(Schema):
    """A territory."""

    territory_id: str
    name: str

    @staticmethod
    def of(territory: Territory) -> "TerritoryOut":
        """The answer about a territory."""
        return TerritoryOut(territory_id=territory.territory_id, name=territory.name)


class CustomerIn(Schema):
    """A new billed party; without a language, the organisation's."""

    customer_id: SiteCode | None = None
    name: ShortText
    language: Literal["en", "fr-ca"] | None = None
    payment_terms_days: Annotated[int, Field(ge=0, le=365)] | None = None


class CustomerPatch(Schema):
    """What to change of a customer; what is left out stays. Terms of null are the contracts'."""

    name: ShortText = ""
    language: Literal["en", "fr-ca"] = "en"
    payment_terms_days: Annotated[int, Field(ge=0, le=365)] | None = None


class CustomerOut(Schema):
    """A billed party."""

    customer_id: str
    name: str
    language: str
    payment_terms_days: int | None
    sites: int

    @staticmethod
    def of(customer: Customer) -> "CustomerOut":
        """The answer about a customer read with `selectors.customers`."""
        return CustomerOut(
            customer_id=customer.customer_id,
            name=customer.name,
            language=customer.language,
            payment_terms_days=customer.payment_terms_days,
            sites=getattr(customer, "site_count", 0),
        )


class ExemptionIn(Schema):
    """A certificate that a tax is not to be charged, to its last day."""

    component: Annotated[str, Field(max_length=10)]
    certificate_number: Annotated[str, Field(max_length=100)]
    expires_on: date | None = None


class ExemptionEnd(Schema):
    """The last day of a certificate."""

    expires_on: date


class ExemptionOut(Schema):
    """A certificate that a tax is not charged."""

    id: UUID
    component: str
    certificate_number: str
    expires_on: date | None

    @staticmethod
    def of(exemption: TaxExemption) -> "ExemptionOut":
        """The answer about a certificate."""
        return ExemptionOut.model_validate(exemption)


class CustomerExemptionOut(ExemptionOut):
    """A certificate and whose it is."""

    customer_id: str
    customer_name: str

    @staticmethod
    def of(exemption: TaxExemption) -> "CustomerExemptionOut":
        """The answer about a certificate of a list with its customers."""
        own = {name: getattr(exemption, name) for name in ExemptionOut.model_fields}
        customer = exemption.customer
        return CustomerExemptionOut(
            **own, customer_id=customer.customer_id, customer_name=customer.name
        )


class PersonIn(Schema):
    """A person at a site; a billing contact takes the place of the one before."""

    site_id: SiteCode
    name: ShortText
    email: ShortText
    phone: Annotated[str, Field(max_length=40)] = ""
    is_billing: bool = False


class PersonPatch(Schema):
    """What to change of a person; what is left out stays."""

    name: ShortText = ""
    email: ShortText = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    is_billing: bool = False


class ContactPersonOut(Schema):
    """A person at a site."""

    id: UUID
    site_id: str
    name: str
    email: str
    phone: str
    is_billing: bool

    @staticmethod
    def of(contact: Contact) -> "ContactPersonOut":
        """The answer about a person read with the site."""
        return ContactPersonOut(
            id=contact.pk,
            site_id=contact.site.site_id,
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
            is_billing=contact.is_billing,
        )
