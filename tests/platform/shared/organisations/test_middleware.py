"""From the Host header to the organisation."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from shared.kernel.clock import now
from shared.kernel.tenancy import organisation_context, shared_context
from shared.organisations.models import Domain, Organisation
from shared.organisations.selectors import forget_hosts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    hosts = [f"{name}.{settings.BASE_DOMAIN}" for name in ("acme", "globex", "old-acme", "nobody")]
    forget_hosts(*hosts)


def _get(host: str, path: str = "/", **headers: Any) -> Any:
    return Client(HTTP_HOST=host, raise_request_exception=False).get(path, **headers)


@pytest.mark.parametrize(
    "host",
    [
        "acme.localhost",
        "acme.localhost:8000",
        "ACME.localhost",
        "acme.LOCALHOST.",
        "Acme.Localhost:1",
    ],
)
def test_a_host_means_its_organisation_however_it_is_written(acme: Organisation, host: str) -> None:
    response = _get(host, "/accounts/login/")
    assert response.status_code == 200
    assert response.wsgi_request.organisation == acme
    assert response.wsgi_request.tenant == acme


def test_the_bare_domain_serves_the_public_pages() -> None:
    response = _get("localhost:8000", "/pricing")
    assert response.status_code == 200
    assert response.wsgi_request.organisation is None


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("nobody.localhost", 404),
        ("acme.evil.localhost", 404),
        ("acme.localhost.localhost", 404),
        ("acme%2elocalhost", 400),
        ("acme.localhost/../globex", 400),
        ("acme.localhost@evil.example", 400),
        ("evil.example", 400),
        ("acme.localhost.evil.example", 400),
        ("acmélocalhost", 400),
        ("xn--acm-dma.localhost", 404),
        ("127.0.0.1", 400),
        ("", 400),
    ],
)
def test_other_hosts_are_nobodys(acme: Organisation, host: str, status: int) -> None:
    response = _get(host, "/accounts/login/")
    assert response.status_code == status
    assert b"Acme" not in response.content


def test_a_forwarded_host_is_not_believed(acme: Organisation, globex: Organisation) -> None:
    response = _get(
        acme.host, "/accounts/login/", HTTP_X_FORWARDED_HOST=globex.host, HTTP_FORWARDED="host=x"
    )
    assert response.wsgi_request.organisation == acme


def test_a_spare_or_unfinished_organisation_has_no_site(acme: Organisation) -> None:
    Organisation.objects.filter(pk=acme.pk).update(state="provisioning")
    assert _get(acme.host).status_code == 404


def test_a_suspended_organisation_says_why_to_people_and_programs(acme: Organisation) -> None:
    Organisation.objects.filter(pk=acme.pk).update(
        state="suspended", state_reason="Unpaid since May"
    )
    page = _get(acme.host)
    assert page.status_code == 403
    assert "Unpaid since May" in page.text
    problem = _get(acme.host, "/api/v1/me")
    assert problem.status_code == 403
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["code"] == "organisation_closed"
    assert problem.json()["detail"] == "Unpaid since May"


def test_a_closed_page_answers_in_the_readers_language(acme: Organisation) -> None:
    Organisation.objects.filter(pk=acme.pk).update(state="deleting", delete_after=now())
    response = _get(acme.host, HTTP_ACCEPT_LANGUAGE="fr-CA")
    assert 'lang="fr-ca"' in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_the_style_sheets_of_a_refused_host_are_served(acme: Organisation) -> None:
    assert _get("nobody.localhost", "/static/css/tokens.css").status_code == 200


def test_a_former_address_redirects_until_its_day(acme: Organisation) -> None:
    old = Domain.objects.create(
        tenant=acme,
        domain="old-acme.localhost",
        is_primary=False,
        redirects_until=now() + timedelta(days=1),
    )
    response = _get("old-acme.localhost", "/accounts/login/?next=/x")
    assert response.status_code == 302
    assert response.headers["Location"] == f"{acme.url}/accounts/login/?next=/x"
    assert "no-store" in response.headers["Cache-Control"]
    posted = Client(HTTP_HOST="old-acme.localhost").post("/api/v1/sites", {})
    assert posted.status_code == 307
    old.redirects_until = now()
    old.save()
    forget_hosts("old-acme.localhost")
    assert _get("old-acme.localhost").status_code == 404


def test_an_unknown_host_does_not_redirect_by_its_path(acme: Organisation) -> None:
    assert _get("nobody.localhost", "//evil.example/").status_code == 404


def test_a_request_returns_to_the_public_schema(acme: Organisation) -> None:
    _get(acme.host, "/accounts/login/")
    assert connection.schema_name == "public"
    _get(acme.host, "/no-such-page")
    assert connection.schema_name == "public"


def test_the_cache_is_dropped_with_a_change_and_costs_no_query(
    acme: Organisation, django_assert_num_queries: Any
) -> None:
    from shared.organisations.selectors import find_site

    find_site(acme.host)
    with django_assert_num_queries(0), organisation_context(acme):
        site = find_site(acme.host)
    assert site is not None
    assert site.organisation == acme
    with shared_context():
        Organisation.objects.filter(pk=acme.pk).update(name="Acme Two")
    forget_hosts(acme.host)
    site = find_site(acme.host)
    assert site is not None
    assert site.organisation.name == "Acme Two"
