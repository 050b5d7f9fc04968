"""Sets organisations up for real: as the owner of the database, committed, removed afterwards."""

import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from psycopg.conninfo import conninfo_to_dict

from shared.kernel.tenancy import shared_context
from shared.organisations import provisioning
from shared.organisations.models import MigrationState, Organisation, ProvisioningJob
from shared.organisations.services.signup import SignUp

KEPT = ("acme", "globex")
PASSWORD = "correct horse 9"


@pytest.fixture
def as_owner(django_db_setup: None, django_db_blocker: Any, settings: Any) -> Iterator[None]:
    """The test's process is the provisioner: what it does is committed, then removed.

    Do not combine it with `db`. Other organisations than acme and globex are dropped.
    """
    owner = conninfo_to_dict(os.environ["OWNER_DATABASE_URL"])
    values = connection.settings_dict  # what other threads connect with, too
    before = {name: values[name] for name in ("USER", "PASSWORD")}
    with django_db_blocker.unblock():
        connections.close_all()
        values.update(USER=owner.get("user", ""), PASSWORD=owner.get("password", ""))
        settings.CONNECT_AS_OWNER = True
        settings.SPARE_ORGANISATIONS = 0
        try:
            yield
        finally:
            _remove_organisations()
            connections.close_all()
            values.update(before)


def _remove_organisations() -> None:
    with shared_context():
        for organisation in Organisation.objects.exclude(schema_name__in=KEPT):
            provisioning.drop_schema(organisation)
            organisation.delete()
        ProvisioningJob.objects.all().delete()
        MigrationState.objects.exclude(schema_name__in=(*KEPT, "public")).delete()


@pytest.fixture
def new_details() -> Callable[..., SignUp]:
    """Makes what a visitor fills in, with a subdomain nobody has."""

    def make(**changes: Any) -> SignUp:
        given: dict[str, Any] = {
            "organisation_name": "North Shore Electric",
            "subdomain": f"north-{uuid4().hex[:8]}",
            "owner_name": "Ann Owner",
            "email": "ann@northshore.example",
            "password": PASSWORD,
        }
        return SignUp(**{**given, **changes})

    return make


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Set-ups are not started by themselves: what would have been queued is listed here."""
    from shared.organisations import tasks

    messages: list[dict[str, Any]] = []
    for name in ("run_provisioning_job", "refill_spares", "send_welcome"):
        monkeypatch.setattr(
            getattr(tasks, name),
            "apply_async",
            lambda name=name, **options: messages.append({"task": name, **options["kwargs"]}),
        )
    return messages
