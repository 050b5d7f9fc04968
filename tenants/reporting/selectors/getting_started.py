"""How far a new organisation is on the way to its first invoice."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.contracts.models import Contract
from tenants.invoices.models import Invoice
from tenants.sites.models import Site
from tenants.structure.models import LegalEntity, TaxRegistration


@dataclass(frozen=True)
class StartingPoint:
    """What there is of the things a first invoice needs."""

    has_company: bool = False
    has_site: bool = False
    has_active_contract: bool = False
    has_issued_invoice: bool = False

    @property
    def is_over(self) -> bool:
        """Everything was done once."""
        return all(
            (self.has_company, self.has_site, self.has_active_contract, self.has_issued_invoice)
        )


def starting_point(*, actor: Actor) -> StartingPoint:
    """Company details with a tax registration, a site, an active contract, an issued invoice.

    One query.
    """
    authorize(actor, "organisation.read")
    row = (
        LegalEntity.objects.filter(is_default=True)
        .annotate(
            has_registration=Exists(TaxRegistration.objects.filter(entity=OuterRef("pk"))),
            has_site=Exists(Site.objects.all()),
            has_contract=Exists(Contract.objects.exclude(status=Contract.Status.DRAFT)),
            has_invoice=Exists(
                Invoice.objects.filter(document_status=Invoice.DocumentStatus.ISSUED)
            ),
        )
        .values_list(
            "street1", "city", "has_registration", "has_site", "has_contract", "has_invoice"
        )
        .first()
    )
    if row is None:
        return StartingPoint()
    street, city, has_registration, has_site, has_contract, has_invoice = row
    return StartingPoint(
        has_company=bool(street and city and has_registration),
        has_site=has_site,
        has_active_contract=has_contract,
        has_issued_invoice=has_invoice,
    )
