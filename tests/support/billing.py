"""Sites and contracts made through the services, as every test that bills needs them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from shared.kernel.actor import SYSTEM, Actor
from tenants.contracts.models import Contract
from tenants.contracts.services import TermsInput, activate_contract, create_contract
from tenants.sites.models import Site
from tenants.sites.services import BillingContact, create_site

ADDRESS = {"street1": "18 King Street West", "city": "Toronto", "state": "ON", "zip": "M5H 1A1"}


def make_site(*, actor: Actor = SYSTEM, province: str = "ON", **changes: Any) -> Site:
    """A site in a province, with its own customer."""
    given: dict[str, Any] = {
        "site_name": "North Yard",
        "billing_address": {**ADDRESS, "state": province},
        "billing_contact": BillingContact("Karen Douglas", "karen@example.com", "416-555-0101"),
        **changes,
    }
    return create_site(actor=actor, **given)


def make_contract(
    site: Site | None = None,
    *,
    contract_type: str = "fixed_fee",
    configuration: Mapping[str, Any] | None = None,
    effective_date: date = date(2024, 1, 1),
    active: bool = True,
    frequency: str = "monthly",
    **changes: Any,
) -> Contract:
    """A contract of a site, active unless told otherwise; a fee of 1,000.00 a month."""
    contract = create_contract(
        actor=SYSTEM,
        site_id=(site or make_site()).site_id,
        terms=TermsInput(contract_type, configuration or {"monthly_fee": "1000.00"}, frequency),
        effective_date=effective_date,
        **changes,
    )
    if active:
        activate_contract(actor=SYSTEM, contract_id=contract.contract_id)
    return contract
