"""Sites, territories and drafts are deleted where nothing uses them; else nothing changes."""

import pytest
from support.api import Program, active_contract, contract_body, key_of, site_body

from shared.audit.models import Entry
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract, ContractTerms
from tenants.sites.models import Contact, Customer, Site, Territory


@pytest.fixture
def count(acme):
    def rows(*models):
        with organisation_context(acme):
            return tuple(model.objects.count() for model in models)

    return rows


@pytest.fixture
def site(api):
    api.make("/territories", {"territory_id": "TER0042", "name": "East"})
    return api.make("/customer-sites", site_body(territory_id="TER0042"))["site_id"]


def test_from_the_draft_to_the_territory(api, site, count, acme):
    api.make("/contracts", contract_body(site, contract_id="CON12345678"))
    refused = api.send("DELETE", f"/customer-sites/{site}")
    assert (refused.status, refused.body["detail"]) == (409, "Something depends on it: Contracts.")
    refused = api.send("DELETE", "/territories/TER0042")
    assert (refused.status, refused.body["detail"]) == (409, "Something depends on it: Sites.")
    assert count(Site, Territory, Contract, ContractTerms) == (1, 1, 1, 1)
    for path in ("/contracts/CON12345678", f"/customer-sites/{site}", "/territories/TER0042"):
        assert api.send("DELETE", path).status == 204
        assert api.get(path).status == 404
        assert api.send("DELETE", path).status == 404
    assert count(Site, Contact, Territory, Contract, ContractTerms) == (0, 0, 0, 0, 0)
    assert count(Customer) == (1,)
    with organisation_context(acme):
        removed = Entry.objects.filter(action__endswith=".removed").order_by("sequence")
        told = [(one.action, one.object_label.split()[0]) for one in removed]
    assert told == [
        ("contract.removed", "CON12345678"),
        ("site.removed", site),
        ("territory.removed", "TER0042"),
    ]


def test_a_contract_that_was_in_force_is_terminated_instead(api, site, count):
    contract = active_contract(api, site)
    refused = api.send("DELETE", f"/contracts/{contract}")
    assert refused.status == 409
    assert "terminate it" in refused.body["detail"]
    assert count(Contract) == (1,)


def test_a_stale_reader_deletes_nothing(api, site, count):
    path = f"/customer-sites/{site}"
    stale = api.get(path).headers["ETag"]
    api.patch(path, {"site_name": "New name"})
    assert api.send("DELETE", path, **{"if-match": stale}).status == 412
    assert count(Site) == (1,)


def test_who_may_only_read_deletes_nothing(client_for, acme, site, count):
    reader = Program(client_for(acme), key_of(acme, ["sites:read", "contracts:read"]))
    for path in (f"/customer-sites/{site}", "/territories/TER0042", "/contracts/CON00000001"):
        assert reader.send("DELETE", path).status == 403
    assert count(Site, Territory) == (1, 1)
