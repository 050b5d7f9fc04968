"""The organisation that benchmarks work in, and its contracts."""

from datetime import date
from typing import Any

from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import load_organisation
from tenants.contracts.models import Contract
from tenants.contracts.services import TermsInput, activate_contract, create_contract
from tenants.sites.models import Site
from tenants.sites.services import BillingContact, create_site

SCHEMA = "acme"
LINES = 10


def organisation() -> Any:
    """The fresh organisation of the benchmark's database."""
    return load_organisation(SCHEMA)


def make_site() -> Site:
    """A site in Quebec: two taxes on each invoice."""
    return create_site(
        actor=SYSTEM,
        site_name="Gare centrale",
        billing_address={
            "street1": "895, rue De La Gauchetière Ouest",
            "city": "Montréal",
            "state": "QC",
            "zip": "H3B 4G1",
        },
        billing_contact=BillingContact("Élise Fortin", "elise@customer.example"),
    )


def make_contracts(count: int) -> list[Contract]:
    """Contracts of LINES lines each, ten to a site."""
    site = make_site()
    contracts = []
    for number in range(count):
        if number % 10 == 0:
            site = make_site()
        components = [
            {"contract_type": "fixed_fee", "monthly_fee": f"{100 + line}.25"}
            for line in range(LINES)
        ]
        contract = create_contract(
            actor=SYSTEM,
            site_id=site.site_id,
            terms=TermsInput("hybrid", {"components": components}),
            effective_date=date(2024, 1, 1),
        )
        contracts.append(activate_contract(actor=SYSTEM, contract_id=contract.contract_id))
    return contracts
