"""`/api/statements` as seed 002 has it, and the same below `/api/v1`."""

from decimal import Decimal
from uuid import uuid4

import pytest
from support.api import Program, key_of
from support.billing import make_contract, make_site
from support.statements import carry_out, run_statements

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import generate_invoice
from tenants.statements.models import StatementRun

SEED_BODY = {
    "billingPeriod": {"startDate": "2025-01-01", "endDate": "2025-01-31"},
    "customerFilters": {"contractTypes": ["revenue_share", "per_labor_hour"], "customerIds": []},
    "options": {
        "templateVersion": "latest",
        "deliveryMethod": "email",
        "includeDetailedBreakdown": True,
    },
}


@pytest.fixture
def share(in_acme):
    """A share of 25 % of 50,000.00 in January: 12,500.00, with HST 14,125.00."""
    contract = make_contract(
        make_site(),
        contract_type="revenue_share",
        configuration={"revenue_share_rate": "0.25"},
    )
    generate_invoice(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        period=month_period(2025, 1),
        billing_data={"revenue_amount": Decimal("50000.00")},
        render=False,
    )
    return contract


@pytest.fixture
def statement(share):
    """Its statement of January."""
    return run_statements().statements.get()


@pytest.fixture
def program(acme, client_for):
    """A program with every scope."""
    return Program(client_for(acme), key_of(acme))


@pytest.mark.parametrize("mount", ["/api/statements", "/api/v1/statements"])
def test_generating_answers_a_run_that_can_be_followed(program, share, acme, mount):
    answer = program.post(f"{mount}/generate", SEED_BODY)
    assert answer.status == 202, answer.raw
    assert answer.body["status"] == "planning"
    assert answer.body["billingPeriod"] == SEED_BODY["billingPeriod"]
    assert answer.body["options"] == SEED_BODY["options"]
    run_id = answer.body["runId"]
    carry_out(StatementRun.objects.get(pk=run_id))
    followed = program.get(f"{mount}/runs/{run_id}")
    assert followed.body["status"] == "done"
    assert followed.body["progress"]["made"] == 1
    items = program.get(f"{mount}/runs/{run_id}/items?status=made").body["items"]
    assert items[0]["customerCode"] == share.site.customer.customer_id
    assert [one["runId"] for one in program.get(f"{mount}/runs").body["items"]] == [run_id]
    listed = program.get(f"{mount}?runId={run_id}").body["items"]
    assert [one["statementId"] for one in listed] == [items[0]["statementId"]]


def test_snake_case_is_taken_too(program, in_acme):
    body = {
        "billing_period": {"start_date": "2025-01-01", "end_date": "2025-01-31"},
        "options": {"delivery_method": "none", "include_detailed_breakdown": False},
    }
    answer = program.post("/api/statements/generate", body)
    assert answer.status == 202
    assert answer.body["options"]["includeDetailedBreakdown"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"billingPeriods": {}}, "billingPeriods"),
        ({"options": {"colour": "red"}}, "options.colour"),
        ({"customerFilters": {"contractTypes": ["weekly"]}}, "customerFilters.contractTypes[0]"),
        ({"customerFilters": {"customerIds": ["CUS999999"]}}, "customerFilters.customerIds[0]"),
        (
            {"billingPeriod": {"startDate": "2025-02-01", "endDate": "2025-01-31"}},
            "billingPeriod.endDate",
        ),
        ({"billingPeriod": {"startDate": "2025-02-01"}}, "billingPeriod.endDate"),
    ],
)
def test_what_is_wrong_is_named(program, in_acme, change, field):
    answer = program.post("/api/statements/generate", {**SEED_BODY, **change})
    assert answer.status == 422
    assert field in answer.fields
    assert not StatementRun.objects.exists()


def test_one_statement_is_answered_as_in_the_seed(program, share, statement):
    answer = program.get(f"/api/statements/{statement.pk}")
    assert answer.status == 200
    body = answer.body
    assert body["statementId"] == str(statement.pk)
    assert body["customerId"] == str(share.site.customer_id)
    assert body["billingPeriod"] == "2025-01"
    assert body["totalAmount"] == Decimal("14125.00")
    assert body["status"] == "generated"
    assert body["generatedDate"].endswith(("Z", "+00:00"))
    assert body["closingBalance"] == Decimal("14125.00")
    charge = next(one for one in body["lineItems"] if one["itemType"] == "charge")
    assert (charge["amount"], charge["percentage"], charge["grossRevenue"]) == (
        Decimal("12500.00"),
        Decimal("25"),
        Decimal("50000.00"),
    )
    assert charge["isDetail"] is True
    moved = [one["amount"] for one in body["lineItems"] if not one["isDetail"]]
    assert body["openingBalance"] + sum(moved) == body["closingBalance"]
    again = program.get(
        f"/api/statements/{statement.pk}", **{"if-none-match": answer.headers["ETag"]}
    )
    assert again.status == 304


def test_documents_in_three_forms(program, statement, share):
    pdf = program.browser.get(
        f"/api/statements/{statement.pk}/pdf",
        headers={"authorization": f"Bearer {program.secret}"},
    )
    assert pdf["Content-Type"] == "application/pdf"
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")
    page = program.get(f"/api/v1/statements/{statement.pk}/html")
    assert "Statement of account" in page.raw
    assert "sandbox" in page.headers["Content-Security-Policy"]
    text = program.get(f"/api/statements/{statement.pk}/text")
    assert "$14,125.00" in text.raw


def test_sending_needs_a_way_of_delivery(program, statement, no_courier):
    assert program.post(f"/api/statements/{statement.pk}/send").status == 409


def test_sending(program, statement, courier):
    answer = program.post(f"/api/statements/{statement.pk}/send", {"deliveryMethod": "email"})
    assert (answer.status, answer.body["status"]) == (202, "requested")
    assert courier.taken == [(statement.pk, "email")]


@pytest.mark.parametrize("path", ["", "/pdf", "/html", "/text"])
def test_another_organisations_statement_is_unknown(statement, globex, client_for, path):
    stranger = Program(client_for(globex), key_of(globex))
    assert stranger.get(f"/api/statements/{statement.pk}{path}").status == 404
    assert stranger.get("/api/statements").body["items"] == []
    with organisation_context(globex):
        assert not StatementRun.objects.exists()


def test_scopes_decide(statement, acme, client_for):
    reader = Program(client_for(acme), key_of(acme, ["statements:read"]))
    assert reader.get(f"/api/statements/{statement.pk}").status == 200
    assert reader.post("/api/statements/generate", SEED_BODY).status == 403
    other = Program(client_for(acme), key_of(acme, ["sites:read"]))
    assert other.get("/api/statements").status == 403
    assert Program(client_for(acme), "ip_none").get("/api/statements").status == 401


def test_the_list_is_filtered_and_paged(program, statement, share):
    code = share.site.customer.customer_id
    for query, found in (
        (f"customerId={code}", 1),
        (f"customerId={share.site.customer_id}", 1),
        (f"customerId={uuid4()}", 0),
        ("contractType=revenue_share", 1),
        ("contractType=hybrid", 0),
        ("periodFrom=2025-02-01", 0),
        ("status=generated", 1),
        ("status=sent", 0),
        (f"q={statement.statement_code}", 1),
    ):
        answer = program.get(f"/api/statements?{query}&limit=1")
        assert len(answer.body["items"]) == found, query
        assert answer.body["next"] is None
    assert program.get("/api/statements?customerID=1").status == 422


def test_repeating_a_request_by_its_key_starts_one_run(program, share):
    headers = {"idempotency-key": "january"}
    answers = [
        program.post("/api/statements/generate", SEED_BODY, **headers).raw for _time in range(2)
    ]
    assert answers[0] == answers[1]
    assert StatementRun.objects.count() == 1
