"""Probes answer at any host; metrics only to whom they belong."""

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from shared.runtime import views


@pytest.mark.parametrize("host", ["10.1.2.3", "localhost", "nobody.example"])
def test_liveness_needs_neither_host_nor_database(client: Client, host: str) -> None:
    response = client.get("/healthz", HTTP_HOST=host)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_where_everything_is_there(client: Client) -> None:
    response = client.get("/readyz", HTTP_HOST="10.1.2.3")
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "redis": "ok", "migrations": "ok"},
    }


@pytest.mark.django_db
def test_not_ready_before_the_migrations_ran(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_public_version", lambda: "another")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] == "down"


@pytest.mark.django_db
def test_not_ready_without_redis(client: Client, settings: Settings) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}
    }
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "redis": "down", "migrations": "ok"}


@pytest.mark.django_db
def test_a_probe_leaves_the_schema_as_it_was(client: Client, in_acme: object) -> None:
    client.get("/readyz")
    assert connection.schema_name == "acme"


@pytest.mark.parametrize(
    ("headers", "peer", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "10.0.0.7", 200),
        ({}, "::ffff:10.0.0.7", 200),
        ({}, "203.0.113.9", 404),
        ({}, "", 404),
        ({"X-Forwarded-For": "10.0.0.7"}, "10.0.0.7", 404),
    ],
)
def test_metrics_are_for_internal_scrapers(
    client: Client, headers: dict[str, str], peer: str, status: int
) -> None:
    response = client.get("/metrics", headers=headers, REMOTE_ADDR=peer)
    assert response.status_code == status
