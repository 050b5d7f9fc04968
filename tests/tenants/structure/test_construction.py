"""Own holdbacks and lien periods: kept by service, API and page."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site
from support.browsers import signed_in

from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.kernel.tenancy import organisation_context
from tenants.contracts.services import update_contract
from tenants.structure.models import ConstructionRule
from tenants.structure.services import add_construction_rule

GIVEN = {
    "jurisdiction": "QC",
    "holdback_rate": Decimal("0.1"),
    "release_days": 35,
    "is_yearly": False,
    "starts_on": date(2026, 1, 1),
    "source": "Standard contract, s. 9",
}


def add(**changes):
    return add_construction_rule(actor=SYSTEM, **{**GIVEN, **changes})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"jurisdiction": "Ontario"}, "jurisdiction"),
        ({"holdback_rate": Decimal("0.26")}, "holdback_rate"),
        ({"release_days": 0}, "release_days"),
        ({"release_days": None, "is_yearly": True}, "release_days"),
        ({"source": " "}, "source"),
        ({"ends_on": date(2025, 12, 31)}, "ends_on"),
    ],
)
def test_each_wrong_field_is_named(in_acme, changes, field):
    with pytest.raises(Invalid) as refused:
        add(**changes)
    assert [error.field for error in refused.value.errors] == [field]
    assert not ConstructionRule.objects.exists()


def test_doubles_and_strangers_are_refused(in_acme, actor_in):
    add(jurisdiction="federal")
    with pytest.raises(Conflict):
        add(jurisdiction="federal")
    with pytest.raises(Forbidden):
        add_construction_rule(actor=actor_in("billing_manager"), **GIVEN)


def test_only_construction_is_federal_work(in_acme):
    contract = make_contract(make_site())
    with pytest.raises(Invalid) as refused:
        update_contract(
            actor=SYSTEM, contract_id=contract.contract_id, changes={"is_federal": True}
        )
    assert [error.field for error in refused.value.errors] == ["is_federal"]
    both = {"is_federal": True, "is_construction": True}
    changed = update_contract(actor=SYSTEM, contract_id=contract.contract_id, changes=both)
    assert changed.jurisdiction == "federal"
    with pytest.raises(Invalid):
        update_contract(
            actor=SYSTEM, contract_id=contract.contract_id, changes={"is_construction": False}
        )


def test_by_program(api, acme):
    given = {**GIVEN, "holdback_rate": 0.1, "starts_on": "2026-01-01"}
    made = api.post("/construction-rules", given)
    assert made.status == 201, made.body
    ended = api.post(f"/construction-rules/{made.body['id']}/end", {"ends_on": "2026-06-30"})
    assert ended.body["ends_on"] == "2026-06-30"
    (listed,) = api.get("/construction-rules").body["items"]
    assert (listed["jurisdiction"], listed["release_days"]) == ("QC", 35)
    address = f"/construction-rules/{made.body['id']}"
    assert [api.send("DELETE", address).status for _again in range(2)] == [204, 404]
    with organisation_context(acme):
        acts = list(Entry.objects.order_by("sequence").values_list("action", flat=True))
    assert [act for act in acts if act.startswith("construction_rule")] == [
        "construction_rule.added",
        "construction_rule.ended",
        "construction_rule.removed",
    ]


def test_by_page(acme, client_for):
    browser = signed_in(client_for, acme)
    path = "/settings/construction"
    assert "60 days after completion or an anniversary" in browser.get(path).content.decode()
    form = {**GIVEN, "action": "add", "holdback_rate": "7.5", "starts_on": "2026-01-01"}
    form.pop("is_yearly")
    wrong = browser.post(path, {**form, "release_days": "0"})
    assert wrong.status_code == 422
    assert browser.post(path, form).status_code == 302
    page = browser.get(path).content.decode()
    assert "Standard contract, s. 9" in page
    assert "7.5%" in page
    with organisation_context(acme):
        rule = ConstructionRule.objects.get()
    assert rule.holdback_rate == Decimal("0.075")
    assert browser.post(path, {"action": "remove", "id": str(rule.pk)}).status_code == 302
    assert browser.post(path, {"action": "remove", "id": "x"}).status_code == 404
    reader = signed_in(client_for, acme, "viewer")
    assert reader.post(path, form).status_code == 403
