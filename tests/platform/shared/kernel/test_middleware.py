import re
from io import BytesIO

import kombu.exceptions
import pytest
import redis
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path

from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Gone, TooManyRequests, Unauthenticated
from shared.kernel.middleware import BodyLimitMiddleware
from shared.kernel.tenancy import organisation_context

MEBIBYTE = 1024**2
FAILURES = {
    "conflict": Conflict("The period is closed."),
    "gone": Gone(),
    "busy": TooManyRequests(retry_after=9),
    "sign-in": Unauthenticated(),
    "broken": RuntimeError("password=hunter2"),
    "database": OperationalError("password=hunter2"),
    "redis": redis.ConnectionError("password=hunter2"),
    "queue": kombu.exceptions.OperationalError("password=hunter2"),
}


def fail(request, name):
    raise FAILURES[name]


def own_policy(request):
    return HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})


urlpatterns = [
    path("fail/<str:name>", fail),
    path("own-policy", own_policy),
    path("sign-in", own_policy, name="account_login"),
]
handler400 = "shared.kernel.views.bad_request"
handler403 = "shared.kernel.views.permission_denied"
handler404 = "shared.kernel.views.page_not_found"
handler500 = "shared.kernel.views.server_error"


@pytest.fixture
def client(acme, client_for):
    browser = client_for(acme)
    browser.raise_request_exception = False
    with override_settings(ROOT_URLCONF=__name__):
        yield browser


@pytest.mark.parametrize("given", ["request-0001", "A.b_c-12345", "x" * 64])
def test_a_sane_request_id_is_kept(client, given):
    assert client.get("/nothing", headers={"x-request-id": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with space", "a\nb12345678", "é" * 9])
def test_another_one_is_replaced(client, given):
    made = client.get("/nothing", headers={"x-request-id": given})["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", made)


def body_limit(path="/api/v1/x", **request):
    middleware = BodyLimitMiddleware(lambda request: HttpResponse(request.body))
    return middleware(RequestFactory().generic("POST", path, **request))


@pytest.mark.parametrize(
    ("content_type", "length", "status"),
    [
        ("application/json", 10 * MEBIBYTE, 200),
        ("application/json", 10 * MEBIBYTE + 1, 413),
        ("text/csv", 25 * MEBIBYTE, 200),
        ("text/csv; charset=utf-8", 25 * MEBIBYTE + 1, 413),
        ("multipart/form-data; boundary=x", 25 * MEBIBYTE + 1, 413),
    ],
)
def test_a_body_has_a_limit(content_type, length, status):
    answer = body_limit(data=b"x" * length, content_type=content_type)
    assert answer.status_code == status
    if status == 413:
        assert answer["Content-Type"] == "application/problem+json"


def test_a_chunked_body_is_read_up_to_the_limit():
    def ask(length):
        data = b"x" * length
        return body_limit(
            content_type="application/json",
            HTTP_TRANSFER_ENCODING="chunked",
            CONTENT_LENGTH="",
            **{"wsgi.input": BytesIO(data)},
        )

    assert ask(20).content == b"x" * 20
    assert ask(10 * MEBIBYTE + 1).status_code == 413


@pytest.mark.parametrize("name", ["CONTENT_LENGTH", "HTTP_CONTENT_LENGTH"])
@pytest.mark.parametrize("length", ["-1", "ten", "1e3", "9" * 5_000])
def test_a_length_that_is_no_number_is_refused(name, length):
    assert body_limit(content_type="text/plain", **{name: length}).status_code == 400


def test_a_header_that_django_takes_for_the_length_breaks_nothing(client):
    answer = client.post("/api/v1/nothing", HTTP_CONTENT_LENGTH="%uE<e~9cn")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("conflict", 409, "The period is closed."),
        ("gone", 410, ""),
        ("busy", 429, "9 seconds"),
        ("broken", 500, ""),
        ("database", 503, ""),
        ("redis", 503, ""),
        ("queue", 503, ""),
    ],
)
def test_failures_of_pages_are_pages_with_the_request_id(client, name, status, text):
    answer = client.get(f"/fail/{name}")
    page = answer.content.decode()
    assert answer.status_code == status
    assert text in page
    assert answer["X-Request-ID"] in page
    assert "hunter2" not in page
    assert "<h1" in page


def test_a_page_that_is_not_there_is_a_page(client):
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer["X-Request-ID"] in answer.content.decode()


def test_who_is_not_signed_in_is_led_to_the_sign_in(client):
    answer = client.get("/fail/sign-in?a=1")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in?next=/fail/sign-in%3Fa%3D1"
    fragment = client.get("/fail/sign-in?a=1", headers={"hx-request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (401, answer["Location"])


def test_scripts_styles_and_frames_come_from_us_only(client):
    answer = client.get("/nothing")
    policy = dict(
        part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "geolocation=(self)" in answer["Permissions-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_no_proxy_keeps_a_page(client):
    assert client.get("/own-policy")["Cache-Control"] == "private, no-cache"


def test_a_view_may_set_its_own_policy(client):
    assert client.get("/own-policy")["Content-Security-Policy"] == "default-src 'none'"


@pytest.mark.django_db
def test_a_page_is_never_broken_by_what_somebody_typed(acme, client_for):
    """PostgreSQL takes no NUL, a list no endless cursor, a page no form that it does not have."""
    with organisation_context(acme):
        owner = add_person(actor=SYSTEM, email="owner@acme.example", name="Ann", role="owner")
    browser = client_for(acme)
    browser.force_login(owner)
    long = "9" * 5000
    for page in ("/sites", "/ledger.csv", "/manual-review", "/billing-schedules"):
        assert browser.get(page, {"q": "a\x00"}).status_code == 400, page
    for page in ("/sites", "/manual-review", "/billing-schedules", "/payments"):
        assert browser.get(page, {"cursor": long}).status_code == 422, page
        assert browser.get(page, {"sort": long}).status_code == 422, page
    assert browser.post("/sites/new", {"site_name": "a\x00"}).status_code == 400
    assert browser.post("/settings/delivery", {"provider": "none"}).status_code == 404
