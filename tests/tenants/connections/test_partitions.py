"""The sync log's partitions; they are made as the owner of the tables, as the service does."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
from django.db import ProgrammingError, connection, transaction

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.tenancy import organisation_context
from tenants.connections.models import SyncLog
from tenants.connections.services.quality import update_quality_settings
from tenants.connections.work.partitions import add_months, maintain_partitions

MAINTAIN = """
import django; django.setup()
from shared.kernel.tenancy import schema_context
from tenants.connections.work.partitions import maintain_partitions
with schema_context({schema!r}):
    print(*maintain_partitions())
"""


def partition_of(pk):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM connections_synclog WHERE id = %s", [pk]
        )
        return cursor.fetchone()[0]


def partitions():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'connections_synclog'::regclass ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def log(moment):
    return SyncLog.objects.create(process_name="test", execution_date=moment, status="success")


@pytest.mark.django_db
def test_lines_lie_in_their_month_and_none_is_refused(in_acme):
    current = datetime.now(UTC)
    assert partition_of(log(current).pk) == f"connections_synclog_{current:%Y_%m}"
    assert partition_of(log(datetime(1999, 1, 1, tzinfo=UTC)).pk) == "connections_synclog_default"
    assert partition_of(log(datetime(2999, 1, 1, tzinfo=UTC)).pk) == "connections_synclog_default"
    assert SyncLog.objects.count() == 3


@pytest.mark.django_db
def test_the_application_makes_no_tables(in_acme):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mine (id int)")
    with pytest.raises(ProgrammingError), transaction.atomic():
        maintain_partitions()


def test_months_add_up():
    assert add_months(date(2026, 11, 1), 2) == date(2027, 1, 1)
    assert add_months(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert add_months(date(2026, 12, 1), 0) == date(2026, 12, 1)


def maintain(schema):
    """Run the upkeep in a process that connects as the owner; what it added and removed."""
    done = subprocess.run(
        [sys.executable, "-c", MAINTAIN.format(schema=schema)],
        env={
            **os.environ,
            "INVOICEPATCH_CONNECT_AS": "owner",
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    added, removed = done.stdout.split()
    return int(added), int(removed)


def test_months_to_come_are_added_and_old_ones_go(throwaway_organisation):
    schema = throwaway_organisation.schema_name
    with organisation_context(throwaway_organisation):
        before = partitions()
        ahead = add_months(now().date().replace(day=1), 3)
        early = log(datetime(ahead.year, ahead.month, 5, tzinfo=UTC))
        ancient = log(datetime(2001, 1, 1, tzinfo=UTC))
        assert partition_of(early.pk) == "connections_synclog_default"
        connection.close()
    assert maintain(schema) == (1, 0)
    assert maintain(schema) == (0, 0)
    with organisation_context(throwaway_organisation):
        assert set(partitions()) - set(before) == {f"connections_synclog_{ahead:%Y_%m}"}
        assert partition_of(early.pk) == f"connections_synclog_{ahead:%Y_%m}"
        assert not SyncLog.objects.filter(pk=ancient.pk).exists()
        assert SyncLog.objects.filter(pk=early.pk).exists()
        update_quality_settings(actor=SYSTEM, log_months=1)
