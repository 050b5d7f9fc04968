"""Many schemas brought up to date, and the commands around organisations."""

import json
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from shared.kernel.tenancy import shared_context
from shared.organisations import migrating, provisioning
from shared.organisations.models import MigrationState, Organisation, ProvisioningJob

pytestmark = pytest.mark.usefixtures("as_owner", "queued")


def _behind(*names: str) -> None:
    """Organisations whose schema an older version of the code made."""
    for name in names:
        organisation = Organisation.objects.create(name=name, schema_name=name, subdomain=name)
        provisioning.create_schema(organisation)
    MigrationState.objects.filter(schema_name__in=names).update(version="older")


def test_a_failing_schema_does_not_stop_the_others_and_is_taken_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _behind("one", "two")
    real = provisioning._run_migrations

    def fail_in_one() -> None:
        if provisioning.connection.schema_name == "one":
            raise RuntimeError("a constraint is violated")
        real()

    with monkeypatch.context() as patch:
        patch.setattr(provisioning, "_run_migrations", fail_in_one)
        outcomes = {one.schema_name: one.error for one in migrating.migrate_all(workers=1)}
    assert outcomes == {
        "public": "",
        "one": "RuntimeError: a constraint is violated",
        "two": "",
    }
    first = migrating.migration_status()[0]
    assert (first.schema_name, first.status, first.up_to_date) == ("one", "failed", False)
    assert "a constraint is violated" in first.error
    assert [one.schema_name for one in migrating.migrate_all(workers=1)] == ["public", "one"]
    assert all(one.up_to_date for one in migrating.migration_status())


@pytest.mark.processes
def test_in_parallel_processes_and_by_command() -> None:
    _behind("one", "two", "three")
    out = StringIO()
    call_command("migrate_organisations", "--workers", "2", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0] == "public: up to date"
    assert sorted(lines[1:]) == ["one: up to date", "three: up to date", "two: up to date"]
    with shared_context():
        assert not MigrationState.objects.exclude(status="done").exists()
    again = StringIO()
    call_command("migrate_organisations", stdout=again)
    assert again.getvalue() == "public: up to date\n"


def test_the_command_fails_where_a_schema_did(monkeypatch: pytest.MonkeyPatch) -> None:
    _behind("one")

    def fail(_name: str) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(provisioning, "migrate_schema", fail)
    errors = StringIO()
    with pytest.raises(CommandError, match="1 schemas failed"):
        call_command("migrate_organisations", "--workers", "1", stderr=errors)
    assert errors.getvalue() == "one: RuntimeError: no room\n"
    with pytest.raises(CommandError):
        call_command("migrate_organisations", "--workers", "0")


def test_a_schema_in_the_making_is_left_to_its_job() -> None:
    Organisation.objects.create(name="Not yet", schema_name="not-yet", subdomain="not-yet")
    assert "not-yet" not in migrating.schemas_behind()
    missing = [one for one in migrating.migration_status() if not one.up_to_date]
    assert [(one.schema_name, one.status) for one in missing] == [("not-yet", "missing")]


def test_the_status_command_prints_lines_or_json() -> None:
    lines = StringIO()
    call_command("migration_status", stdout=lines)
    assert "up to date" in lines.getvalue()
    text = StringIO()
    call_command("migration_status", "--json", stdout=text)
    names = {one["schema_name"] for one in json.loads(text.getvalue())}
    assert {"public", "acme", "globex"} <= names


def _create(**changes: str) -> dict[str, Any]:
    given = {
        "name": "North Shore",
        "subdomain": "north-shore",
        "admin-email": "ann@northshore.example",
        "admin-password": "correct horse 9",
        "plan": "professional",
        **changes,
    }
    out = StringIO()
    call_command("create_organisation", *(f"--{k}={v}" for k, v in given.items()), stdout=out)
    printed: dict[str, Any] = json.loads(out.getvalue())
    return printed


def test_create_organisation_prints_what_scripts_need() -> None:
    printed = _create()
    organisation = Organisation.objects.get(subdomain="north-shore")
    assert printed == {
        "organisation_id": str(organisation.id),
        "schema_name": "north-shore",
        "subdomain": "north-shore",
        "url": "http://north-shore.localhost:8000",
    }
    browser = Client(HTTP_HOST=organisation.host)
    response = browser.post(
        "/accounts/login/", {"login": "ann@northshore.example", "password": "correct horse 9"}
    )
    assert response.status_code == 302
    assert "_auth_user_id" in browser.session or response.headers["Location"] == "/"


def test_create_organisation_names_what_is_wrong() -> None:
    with pytest.raises(CommandError, match=r"password: .*subdomain: "):
        _create(subdomain="acme", **{"admin-password": "short"})
    assert not ProvisioningJob.objects.exists()


def test_create_organisation_says_why_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = sys.modules["shared.organisations.services.jobs"]

    def fail(_organisation_id: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(jobs, "create_data_keys", fail)
    with pytest.raises(CommandError, match="the disk is full"):
        _create()
    assert not Organisation.objects.filter(subdomain="north-shore").exists()
