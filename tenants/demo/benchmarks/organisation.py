"""The organisation that benchmarks work in, and its contracts."""

import copy
import os
from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from shared.kernel.actor import SYSTEM
from shared.kernel.bulk import copy_instances
from shared.kernel.codes import next_codes
from shared.kernel.tenancy import current_schema, load_organisation
from tenants.contracts.models import Contract
from tenants.contracts.services import TermsInput, activate_contract, create_contract
from tenants.sites.models import Site
from tenants.sites.services import BillingContact, create_site

SCHEMA = "acme"
LINES = 10
SITES_EACH = 10  # contracts of one site
COPIED_AT_ONCE = 5_000


def organisation() -> Any:
    """The fresh organisation of the benchmark's database."""
    return load_organisation(SCHEMA)


def analyze() -> None:
    """Let the planner know the present organisation's tables, as autovacuum would in a while.

    Only their owner may do so; what is not committed is not counted.
    """
    with psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(current_schema())))
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = current_schema()::regnamespace"
        ).fetchall()
        for (table,) in tables:
            owner.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


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
        if number % SITES_EACH == 0:
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


def multiply_contracts(count: int) -> None:
    """Make `count` active contracts of LINES lines: ten by the services, the rest their copies."""
    made = make_contracts(min(count, SITES_EACH))
    terms, contact = made[0].terms.get(), made[0].site.contacts.get()
    for start in range(len(made), count, COPIED_AT_ONCE):
        number = min(COPIED_AT_ONCE, count - start)
        sites = _copies(made[0].site, "site_id", -(-number // SITES_EACH))
        customers = _copies(made[0].site.customer, "customer_id", len(sites))
        contacts = [_copy(contact) for _site in sites]
        contracts = _copies(made[0], "contract_id", number)
        versions = _copies(terms, "change_id", number)
        for person, site, customer in zip(contacts, sites, customers, strict=True):
            person.site, site.customer = site, customer
        for position, (contract, version) in enumerate(zip(contracts, versions, strict=True)):
            contract.site, version.contract = sites[position // SITES_EACH], contract
        for rows in (customers, sites, contacts, contracts, versions):
            copy_instances(rows)


def _copies(made: Any, code: str, count: int) -> list[Any]:
    copies = [_copy(made) for _ in range(count)]
    for one, fresh in zip(copies, next_codes(type(made), code, count), strict=True):
        setattr(one, code, fresh)
    return copies


def _copy(made: Any) -> Any:
    one = copy.copy(made)
    one._state = copy.copy(made._state)
    one._state.fields_cache = dict(made._state.fields_cache)
    one.pk = uuid4()
    return one
