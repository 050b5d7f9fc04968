"""Set-up jobs: whole, from the pool, killed, failing, raced."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from shared.accounts.models import User
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Invalid
from shared.kernel.tenancy import organisation_context
from shared.keyring.models import DataKey
from shared.organisations import provisioning
from shared.organisations.models import Domain, MigrationState, Organisation, ProvisioningJob
from shared.organisations.services import jobs, spares
from shared.organisations.services.signup import SignUp, sign_up
from shared.subscriptions.models import Subscription

pytestmark = pytest.mark.usefixtures("as_owner", "queued")

Details = Callable[..., SignUp]


def _job(details: SignUp) -> ProvisioningJob:
    return sign_up(actor=SYSTEM, details=details)


def _schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information)'")
        return {name for (name,) in cursor.fetchall()}


def _roles() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles")
        return {name for (name,) in cursor.fetchall()}


def _assert_ready(job: ProvisioningJob) -> Organisation:
    job.refresh_from_db()
    assert (job.status, job.error) == ("done", "")
    assert job.owner_password == ""
    organisation = job.organisation
    assert organisation is not None
    assert organisation.state == "active"
    assert organisation.schema_name == organisation.subdomain
    assert DataKey.objects.filter(organisation_id=organisation.id, state="active").count() == 3
    with organisation_context(organisation):
        owner = User.objects.get()
    assert (owner.email, owner.role) == (job.owner_email, "owner")
    assert owner.check_password("correct horse 9")
    return organisation


def test_without_a_pool_the_schema_is_made(
    new_details: Details, queued: list[dict[str, Any]]
) -> None:
    job = _job(new_details(plan="professional"))
    assert {"task": "run_provisioning_job", "job_id": str(job.id)} in queued
    jobs.run_job(job.id)
    organisation = _assert_ready(job)
    subscription = Subscription.objects.get(organisation=organisation)
    assert subscription.plan_version.plan.code == "professional"
    assert subscription.trial_ends_at == subscription.started_at + timedelta(days=14)
    assert {message["task"] for message in queued} >= {"refill_spares", "send_welcome"}


def test_from_the_pool_schema_and_role_are_renamed(new_details: Details, settings: Any) -> None:
    settings.SPARE_ORGANISATIONS = 1
    assert spares.refill_pool() == 1
    spare = Organisation.objects.get(state="spare")
    job = _job(new_details())
    jobs.run_job(job.id)
    organisation = _assert_ready(job)
    assert spare.schema_name not in _schemas()
    assert spare.database_role not in _roles()
    assert organisation.database_role in _roles()
    assert not Organisation.objects.filter(state="spare").exists()
    assert MigrationState.objects.get(schema_name=organisation.schema_name).status == "done"


def test_a_spare_behind_the_migrations_is_not_claimed_but_brought_up(
    new_details: Details, settings: Any
) -> None:
    settings.SPARE_ORGANISATIONS = 1
    spares.refill_pool()
    MigrationState.objects.filter(schema_name__startswith="spare_").update(version="old")
    jobs.run_job(_job(new_details()).id)
    assert Organisation.objects.filter(state="spare").count() == 1
    assert spares.refill_pool() == 1
    assert not MigrationState.objects.filter(version="old").exists()


@pytest.mark.parametrize(
    ("step", "from_pool"),
    [*((step.name, False) for step in jobs.STEPS), ("schema", True), ("open", True)],
)
def test_a_failing_step_leaves_nothing_and_says_why(
    step: str,
    from_pool: bool,
    new_details: Details,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if from_pool:
        settings.SPARE_ORGANISATIONS = 1
        spares.refill_pool()
    schemas, roles = _schemas(), _roles()
    details = new_details()
    job = _job(details)
    with monkeypatch.context() as patch:
        _fail_after(step, patch)
        jobs.run_job(job.id)
    organisation_id = job.organisation_id
    job.refresh_from_db()
    assert job.status == "failed"
    assert job.error == "RuntimeError: the disk is full"
    assert (job.organisation, job.owner_password) == (None, "")
    claimed = {name for name in schemas if name.startswith("spare_")}
    assert _schemas() == schemas - claimed
    assert _roles() <= roles
    assert not Organisation.objects.filter(schema_name=details.subdomain).exists()
    assert not Domain.objects.filter(domain__startswith=details.subdomain).exists()
    assert not Subscription.objects.filter(organisation_id=organisation_id).exists()
    assert not MigrationState.objects.filter(schema_name=details.subdomain).exists()
    keys = DataKey.objects.filter(organisation_id=organisation_id)
    assert all(key.state == "shredded" and key.wrapped_key == b"" for key in keys)
    again = _job(details)  # the address is free
    assert again.organisation is not None


def _fail_after(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step does all its work, then fails."""

    def broken(step: jobs.Step) -> jobs.Step:
        def run(job: ProvisioningJob) -> None:
            step.run(job)
            raise RuntimeError("the disk is full")

        return jobs.Step(step.name, step.label, run, step.own_transactions)

    steps = tuple(broken(step) if step.name == name else step for step in jobs.STEPS)
    monkeypatch.setattr(jobs, "STEPS", steps)


def test_a_lost_database_is_waited_for(
    new_details: Details, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _job(new_details())

    def lose(organisation_id: object) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "create_data_keys", lose)
        with pytest.raises(OperationalError):
            jobs.run_job(job.id)
    job.refresh_from_db()
    assert (job.status, job.steps_done) == ("running", ["schema"])
    assert job.id in jobs.unfinished_jobs()
    jobs.run_job(job.id)
    _assert_ready(job)


def test_only_who_holds_the_lease_works(new_details: Details) -> None:
    job = _job(new_details())
    ProvisioningJob.objects.update(status="running", leased_until=now() + timedelta(seconds=30))
    jobs.run_job(job.id)
    job.refresh_from_db()
    assert job.steps_done == []
    assert jobs.unfinished_jobs() == []


def test_a_worker_that_lost_its_lease_stops(
    new_details: Details, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _job(new_details())

    def lose(organisation_id: object) -> None:
        ProvisioningJob.objects.update(lease=None)

    steps = [jobs.Step("keys", "", lambda _job: lose(None), own_transactions=True), *jobs.STEPS]
    monkeypatch.setattr(jobs, "STEPS", steps)
    jobs.run_job(job.id)
    job.refresh_from_db()
    assert (job.status, job.steps_done) == ("running", [])
    assert not provisioning.schema_exists(job.subdomain)


def test_a_job_that_never_ends_is_undone(new_details: Details) -> None:
    job = _job(new_details())
    ProvisioningJob.objects.update(attempts=jobs.ATTEMPTS_MAX)
    jobs.run_job(job.id)
    job.refresh_from_db()
    assert (job.status, job.organisation) == ("failed", None)
    assert "in time" in job.error


KILLED = """
import sys, time
import django
django.setup()
from uuid import UUID
from shared.kernel.hooks import ProvisioningStep, register_provisioning_step
from shared.organisations.services import jobs

def hang():
    print("here", flush=True)
    time.sleep(60)

register_provisioning_step(ProvisioningStep("hang", "hang", hang, order=10_000))
jobs.run_job(UUID(sys.argv[1]))
"""


@pytest.mark.processes
def test_a_killed_provisioner_is_resumed_without_trace(new_details: Details) -> None:
    job = _job(new_details())
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(job.id)],
        env={**os.environ, "INVOICEPATCH_CONNECT_AS": "owner"},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    job.refresh_from_db()
    assert (job.status, job.steps_done) == ("running", ["schema", "keys"])
    jobs.run_job(job.id)  # the dead worker's lease is not over yet
    job.refresh_from_db()
    assert job.steps_done == ["schema", "keys"]
    ProvisioningJob.objects.update(leased_until=now() - timedelta(seconds=1))
    assert jobs.unfinished_jobs() == [job.id]
    jobs.run_job(job.id)
    _assert_ready(job)


def test_of_two_sign_ups_for_one_address_one_wins(new_details: Details) -> None:
    details = new_details()

    def attempt(number: int) -> str:
        try:
            return str(_job(new_details(subdomain=details.subdomain)).subdomain)
        except Invalid as error:
            return error.errors[0].code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, range(4)))
    assert outcomes == [details.subdomain, "taken", "taken", "taken"]


def test_two_jobs_never_take_the_same_spare(new_details: Details, settings: Any) -> None:
    settings.SPARE_ORGANISATIONS = 2
    spares.refill_pool()
    made = [_job(new_details()) for _number in range(3)]

    def run(job: ProvisioningJob) -> None:
        try:
            jobs.run_job(job.id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, made))
    roles = {_assert_ready(job).database_role for job in made}
    assert len(roles) == 3
    assert not any(name.startswith("spare_") for name in _schemas())


def test_the_pool_finishes_what_a_killed_refill_began(settings: Any) -> None:
    settings.SPARE_ORGANISATIONS = 1
    begun = Organisation.objects.create(
        name="spare_begun", schema_name="spare_begun", state=Organisation.State.SPARE
    )
    assert spares.refill_pool() == 1
    begun.refresh_from_db()
    assert begun.database_role
    assert MigrationState.objects.get(schema_name="spare_begun").status == "done"
    assert spares.refill_pool() == 0


def test_set_up_now_returns_a_verified_owner(new_details: Details) -> None:
    organisation = jobs.set_up_now(actor=SYSTEM, details=new_details(verified=True))
    with organisation_context(organisation):
        assert User.objects.get().emailaddress_set.get().verified
