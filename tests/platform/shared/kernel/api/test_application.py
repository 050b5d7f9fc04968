"""The shared pieces around an endpoint, through the whole middleware, at URLs of their own."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpResponse
from django.test import override_settings
from django.urls import path
from ninja import Query, Router, Status

from shared.accounts.models import User
from shared.audit.models import Entry
from shared.audit.services import Act, Target, record_many
from shared.kernel.actor import SYSTEM
from shared.kernel.api import (
    ApiRequest,
    Filters,
    Money,
    Page,
    Paging,
    Schema,
    expected_revision,
    make_api,
    paginate,
    require_fresh,
)
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid, TooManyRequests
from shared.kernel.tenancy import organisation_context
from shared.outbox.models import Event

router = Router()


class Period(Schema):
    start_date: date
    end_date: date


class Body(Schema):
    billing_period: Period
    amount: Money
    names: list[str] = []


class RowOut(Schema):
    sequence: int
    object_label: str


class Row:
    revision = 4
    sequence = 1
    object_label = "one"


class RowFilters(Filters):
    kind: Literal["a", "b"] = "a"


FAILURES = {
    "conflict": Conflict("Busy.", extra={"contract_ids": ["C1"]}),
    "invalid": Invalid(errors=[FieldError("a.b", "odd", "It is odd.")]),
    "busy": TooManyRequests(retry_after=7),
    "missing": Http404("secret row 17"),
    "forbidden": PermissionDenied("secret"),
    "suspicious": SuspiciousOperation("secret"),
    "model": DjangoValidationError({"name": ["Too odd."]}),
    "model-whole": DjangoValidationError("Too odd.", code="odd"),
    "unexpected": RuntimeError("password=hunter2"),
    "outage": OperationalError("password=hunter2"),
}


@router.post("/echo", response=Body)
def echo(request: ApiRequest, body: Body):
    return body


@router.get("/fail/{name}")
def fail(request: ApiRequest, name: str):
    raise FAILURES[name]


@router.get("/sql")
def run_sql(request: ApiRequest, kind: str):
    statements = {
        "unique": "INSERT INTO audit_chainhead (id, sequence, digest, seal) VALUES (1, 0, '', '')",
        "check": "INSERT INTO audit_chainhead (id, sequence, digest, seal) VALUES (2, 0, '', '')",
        "null": "INSERT INTO audit_chainhead (id, sequence, digest, seal) VALUES (2, NULL, '', '')",
        "range": "SELECT 10000000000::int",
        "syntax": "SELEC 1",
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements[kind])


@router.get("/rows", response=Page[RowOut])
def rows(request: ApiRequest, filters: Query[RowFilters], paging: Query[Paging]):
    entries = Entry.objects.filter(action="row.made")
    return paginate(entries, paging, orderings=("sequence", "object_label"), default="sequence")


@router.get("/row", response=RowOut)
def row(request: ApiRequest, response: HttpResponse):
    require_fresh(request, response, Row())
    return Row()


@router.put("/row/{number}", response=RowOut)
def change_row(request: ApiRequest, number: int):
    assert expected_revision(request) in (None, 4)
    return Row()


@router.post("/made", response={201: RowOut})
def make(request: ApiRequest):
    return Status(201, Row())


@router.get("/open", auth=None)
def is_open(request: ApiRequest):
    return {"amount": Decimal("1.50")}


api = make_api(title="Test", description="", namespace="test-api", rights={})
api.add_router("", router)
urlpatterns = [path("api/v1/", api.urls)]
handler404 = "shared.kernel.views.page_not_found"
handler500 = "shared.kernel.views.server_error"


@pytest.fixture
def client(acme, client_for):
    with organisation_context(acme):
        user = User.objects.create_user("api-pieces@example.com", "x" * 12, role="owner")
    browser = client_for(acme)
    browser.force_login(user)
    browser.raise_request_exception = False
    with override_settings(ROOT_URLCONF=__name__):
        yield browser


def sent(client, body, **headers):
    return client.post("/api/v1/echo", body, content_type="application/json", headers=headers)


def assert_problem(answer, status, code):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == answer["X-Request-ID"]
    assert {"type", "title", "detail", "errors"} <= set(body)
    return body


def test_a_body_goes_through_exactly(client):
    text = (
        '{"billing_period": {"start_date": "2026-10-01", "end_date": "2026-10-31"}, '
        '"amount": 999999999999999.9999}'
    )
    answer = sent(client, text)
    assert answer.status_code == 200
    assert b'"amount":999999999999999.9999' in answer.content


def test_each_wrong_field_is_named_by_its_path(client):
    answer = sent(
        client,
        json.dumps(
            {
                "billing_period": {"start_date": "2026-13-01"},
                "amount": "five",
                "names": ["a", 5],
                "colour": "red",
            }
        ),
    )
    body = assert_problem(answer, 422, "invalid")
    assert {(error["field"], error["code"]) for error in body["errors"]} == {
        ("billing_period.start_date", "date_from_datetime_parsing"),
        ("billing_period.end_date", "missing"),
        ("amount", "number_expected"),
        ("names[1]", "string_type"),
        ("colour", "extra_forbidden"),
    }
    assert all(error["message"] for error in body["errors"])


@pytest.mark.parametrize("body", ["[]", "5", '"text"', "null"])
def test_a_body_that_is_no_object_is_422(client, body):
    assert_problem(sent(client, body), 422, "invalid")


@pytest.mark.parametrize("body", ["{", "[NaN]", b"\xff", '{"a": 1, "a": 1}'])
def test_a_body_that_is_no_json_is_400(client, body):
    assert_problem(sent(client, body), 400, "malformed")


def test_a_missing_body_is_422(client):
    assert_problem(sent(client, b""), 422, "invalid")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("conflict", 409, "conflict"),
        ("invalid", 422, "invalid"),
        ("busy", 429, "too_many_requests"),
        ("missing", 404, "not_found"),
        ("forbidden", 403, "forbidden"),
        ("suspicious", 400, "malformed"),
        ("model", 422, "invalid"),
        ("model-whole", 422, "invalid"),
        ("unexpected", 500, "internal_error"),
        ("outage", 503, "unavailable"),
    ],
)
def test_whatever_is_raised_is_a_problem_that_leaks_nothing(client, name, status, code):
    answer = client.get(f"/api/v1/fail/{name}")
    assert_problem(answer, status, code)
    assert b"secret" not in answer.content
    assert b"hunter2" not in answer.content
    assert b"Traceback" not in answer.content


def test_problems_carry_fields_extras_and_retry_after(client):
    assert client.get("/api/v1/fail/invalid").json()["errors"] == [
        {"field": "a.b", "code": "odd", "message": "It is odd."}
    ]
    assert client.get("/api/v1/fail/conflict").json()["contract_ids"] == ["C1"]
    assert client.get("/api/v1/fail/busy")["Retry-After"] == "7"
    assert client.get("/api/v1/fail/outage")["Retry-After"] == "5"
    assert client.get("/api/v1/fail/model").json()["errors"][0]["field"] == "name"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("unique", 409), ("check", 422), ("null", 422), ("range", 422), ("syntax", 500)],
)
def test_what_the_database_refuses_is_the_callers_error_where_it_is(client, kind, status):
    answer = client.get(f"/api/v1/sql?kind={kind}")
    assert answer.status_code == status
    assert b"audit" not in answer.content


def test_paths_and_methods_that_do_not_exist_are_problems(client):
    assert_problem(client.get("/api/v1/nothing"), 404, "not_found")
    assert_problem(client.put("/api/v1/row/abc"), 404, "not_found")
    assert_problem(client.get("/api/v1/a%00b"), 400, "malformed")
    answer = client.delete("/api/v1/echo")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST"


def test_nobody_gets_401_with_a_challenge(client):
    client.logout()
    answer = client.get("/api/v1/row")
    assert_problem(answer, 401, "unauthenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/api/v1/open").content == b'{"amount":1.50}'


def test_a_session_changes_nothing_without_its_csrf_token(client):
    client.handler.enforce_csrf_checks = True
    assert_problem(sent(client, "{}"), 403, "forbidden")
    assert client.get("/api/v1/row").status_code == 200


def test_etags_answer_304(client):
    assert client.get("/api/v1/row")["ETag"] == '"4"'
    answer = client.get("/api/v1/row", headers={"if-none-match": '"4"'})
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", '"4"')
    stale = client.put("/api/v1/row/1", headers={"if-match": '"x"'})
    assert_problem(stale, 412, "stale")
    assert client.post("/api/v1/made").status_code == 201


@pytest.fixture
def many_rows(acme):
    """25 rows whose labels repeat, so that ties are broken by the primary key."""
    with organisation_context(acme):
        acts = [Act("row.made", Target("row", str(n), f"Label {n % 4}")) for n in range(25)]
        record_many(actor=SYSTEM, acts=acts)


@pytest.mark.parametrize("ordering", ["sequence", "-sequence", "object_label", "-object_label"])
def test_pages_hold_every_row_once_in_order(client, many_rows, ordering):
    seen, cursor = [], None
    while True:
        query = {"limit": 7, "ordering": ordering, **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/v1/rows", query).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    name = ordering.removeprefix("-")
    keys = [(row[name], row["sequence"]) for row in seen]
    assert len(keys) == len(set(keys)) == 25
    assert keys == sorted(keys, reverse=ordering.startswith("-"))


def test_a_page_costs_the_same_whatever_its_size(client, many_rows, django_assert_num_queries):
    paging = {"limit": 2, "cursor": None, "ordering": None}
    entries = Entry.objects.filter(action="row.made")
    with organisation_context(client.organisation):
        for limit in (2, 20):
            asked = Paging(**{**paging, "limit": limit})
            with django_assert_num_queries(1):
                page = paginate(entries, asked, orderings=("sequence",), default="sequence")
            assert len(page.items) == limit


@pytest.mark.parametrize("ordering", ["published_at", "-published_at"])
def test_rows_without_a_value_come_last_and_once(in_acme, ordering):
    moments = [None, None, None, *(now() - timedelta(minutes=n // 2) for n in range(6))]
    Event.objects.bulk_create(
        Event(topic="a.b", key=str(n), payload={}, published_at=moment)
        for n, moment in enumerate(moments)
    )
    seen, cursor = [], None
    while True:
        asked = Paging(limit=2, cursor=cursor, ordering=ordering)
        page = paginate(Event.objects.all(), asked, orderings=("published_at",), default=ordering)
        seen += page.items
        cursor = page.next
        if cursor is None:
            break
    found = [row.published_at for row in seen]
    values = [moment for moment in found if moment]
    assert len({row.pk for row in seen}) == len(seen) == 9
    assert found[6:] == [None, None, None]
    assert values == sorted(values, reverse=ordering.startswith("-"))


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "ordering=payload",
        "ordering=--sequence",
        "cursor=made-up",
        "cursor=W10.x",
        "kind=c",
        "cursor=%00",
    ],
)
def test_wrong_list_parameters_are_422(client, query):
    assert_problem(client.get(f"/api/v1/rows?{query}"), 422, "invalid")


def test_a_cursor_belongs_to_its_ordering(client, many_rows):
    cursor = client.get("/api/v1/rows?limit=2").json()["next"]
    answer = client.get("/api/v1/rows", {"cursor": cursor, "ordering": "-sequence"})
    assert assert_problem(answer, 422, "invalid")["errors"][0]["field"] == "cursor"


def test_the_document_tells_of_problems_and_headers(client):
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert document["components"]["schemas"]["Problem"]["required"]
    echo_operation = document["paths"]["/api/v1/echo"]["post"]
    assert {"200", "400", "401", "403", "409", "413", "422", "429", "500", "503"} <= set(
        echo_operation["responses"]
    )
    assert "Idempotency-Key" in {one["name"] for one in echo_operation["parameters"]}
    assert echo_operation["security"] == [{"ActorAuth": []}]
    change = document["paths"]["/api/v1/row/{number}"]["put"]
    assert "412" in change["responses"]
    assert "security" not in document["paths"]["/api/v1/open"]["get"]


def test_the_reference_page_loads_nothing_from_elsewhere(client):
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "https://" not in text
    assert "http://" not in text
    assert "/static/ninja/swagger-ui-bundle.js" in text
    assert "unsafe-eval" not in page["Content-Security-Policy"]
