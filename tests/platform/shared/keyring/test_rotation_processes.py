"""Rotation of keys with several at work: killed, writing meanwhile, without a lease."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from support.rotation import REGISTRATIONS, lapse_leases, states, versions

from shared.kernel.clock import now
from shared.kernel.tenancy import organisation_context, shared_context
from shared.keyring import stores
from shared.keyring.models import RotationJob
from shared.keyring.services import rotation
from shared.keyring.services.rotation import (
    rotate_keys,
    run_open_rotations,
    run_rotation,
)
from tenants.structure.models import TaxRegistration

pytestmark = pytest.mark.usefixtures("at_once")

CHILD = """
import os, signal, sys, time
import django
django.setup()
from django.conf import settings
from uuid import UUID
from shared.kernel.tenancy import organisation_context, shared_context
from shared.keyring import stores
from shared.keyring.services import rotation
from shared.organisations.models import Organisation
from tenants.structure.models import TaxRegistration
with shared_context():
    organisation = Organisation.objects.get(schema_name=sys.argv[1])
"""
ROTATE_AND_DIE = (
    CHILD
    + """
rotation.BATCH_ROWS = 7
batches, original = [0], stores.ModelStore.reseal_batch
def reseal_batch(self, **kwargs):
    result = original(self, **kwargs)
    batches[0] += self.name == "structure.TaxRegistration"
    if batches[0] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)  # rows are written, nothing is committed
    return result
stores.ModelStore.reseal_batch = reseal_batch
rotation.rotate_keys(organisation_id=organisation.id)
"""
)
WRITE_UNTIL_TOLD = (
    CHILD
    + """
settings.KEY_CACHE_SECONDS = 2
import random
number = 0
with organisation_context(organisation):
    ids = list(TaxRegistration.objects.values_list("id", flat=True))
    print("writing", flush=True)
    while not os.path.exists(sys.argv[2]):
        number += 1
        row = TaxRegistration.objects.get(id=random.choice(ids))
        assert row.number.startswith(row.component + " "), row.number
        row.number = f"{row.component} written {number}"
        row.save()
print(number, flush=True)
"""
)


def readable(organisation):
    with organisation_context(organisation):
        return sum(
            row.number.startswith(f"{row.component} ") for row in TaxRegistration.objects.all()
        )


def run_child(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
    )


@pytest.mark.processes
def test_a_killed_rotation_goes_on_where_it_was(organisation):
    batch = 4
    child = run_child(ROTATE_AND_DIE, organisation.schema_name, str(batch))
    assert child.wait(60) == -signal.SIGKILL

    with shared_context():
        job = RotationJob.objects.get(organisation_id=organisation.id, purpose="fields")
    moved = versions(organisation)
    assert job.status == "running"
    assert moved[2] == job.counts["structure.TaxRegistration"] == 7 * (batch - 1)
    assert moved[1] == REGISTRATIONS - moved[2]
    assert readable(organisation) == REGISTRATIONS

    assert run_rotation(job_id=job.id).status == "running"  # the dead process has the lease yet
    assert versions(organisation) == moved
    lapse_leases()
    with shared_context():
        RotationJob.objects.filter(id=job.id).update(settles_at=now())
    finished = run_rotation(job_id=job.id)

    assert finished.status == "done"
    assert finished.counts["structure.TaxRegistration"] == REGISTRATIONS
    assert versions(organisation) == {2: REGISTRATIONS}
    assert readable(organisation) == REGISTRATIONS
    assert states(organisation.id) == {1: "retired", 2: "active"}


@pytest.mark.processes
def test_writers_go_on_while_their_key_is_replaced(organisation, settings, tmp_path, monkeypatch):
    settings.KEY_CACHE_SECONDS = 2
    monkeypatch.setattr(rotation, "BATCH_ROWS", 5)
    monkeypatch.setattr(rotation, "RETRY_AFTER", timedelta(seconds=0.2))
    stop = tmp_path / "stop"
    writers = [run_child(WRITE_UNTIL_TOLD, organisation.schema_name, str(stop)) for _ in range(2)]
    try:
        for writer in writers:
            assert writer.stdout.readline() == "writing\n"
        (job, _files) = rotate_keys(organisation_id=organisation.id)
        assert (job.status, states(organisation.id)) == ("settling", {1: "retiring", 2: "active"})
        deadline = time.monotonic() + 30
        while job.status != "done" and time.monotonic() < deadline:
            time.sleep(0.3)
            if now() >= job.settles_at:
                job = run_rotation(job_id=job.id)
        time.sleep(0.5)
    finally:
        stop.touch()
        written = [int(writer.communicate(timeout=30)[0]) for writer in writers]

    assert job.status == "done"
    assert [writer.returncode for writer in writers] == [0, 0]
    assert min(written) > 50
    assert versions(organisation) == {2: REGISTRATIONS}
    assert readable(organisation) == REGISTRATIONS
    assert states(organisation.id) == {1: "retired", 2: "active"}
    with organisation_context(organisation):
        assert TaxRegistration.objects.count() == REGISTRATIONS


def test_a_row_that_somebody_holds_is_met_again(organisation, monkeypatch):
    from django.db import connections

    monkeypatch.setattr(rotation, "RETRY_AFTER", timedelta(0))
    with organisation_context(organisation):
        held_id = TaxRegistration.objects.earliest("id").id
    holder = connections.create_connection("default")
    holder.set_tenant(organisation)
    try:
        holder.set_autocommit(False)
        holder.cursor().execute(
            "SELECT 1 FROM structure_taxregistration WHERE id = %s FOR UPDATE", [held_id]
        )
        job = rotate_keys(organisation_id=organisation.id)[0]
        assert (job.status, states(organisation.id)[1]) == ("settling", "retiring")
        assert versions(organisation) == {1: 1, 2: REGISTRATIONS - 1}
        holder.rollback()
    finally:
        holder.close()

    assert run_open_rotations(organisation_id=organisation.id)[0].status == "done"
    assert versions(organisation) == {2: REGISTRATIONS}


def test_a_process_that_lost_its_lease_stops(acme, monkeypatch):
    original = stores.ModelStore.reseal_batch

    def reseal_batch(self, **kwargs):
        with shared_context():
            RotationJob.objects.update(leased_by=uuid4())
        return original(self, **kwargs)

    monkeypatch.setattr(stores.ModelStore, "reseal_batch", reseal_batch)
    job = rotate_keys(organisation_id=acme.id)[0]

    assert job.status == "running"
    assert len(job.cursors) <= 1
