from datetime import UTC, datetime

import pytest
from django.db import connection

from tenants.connections.models import SyncLog

pytestmark = pytest.mark.django_db


def partition_of(pk):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM connections_synclog WHERE id = %s", [pk]
        )
        return cursor.fetchone()[0]


def log(moment):
    return SyncLog.objects.create(process_name="test", execution_date=moment, status="success")


def test_lines_lie_in_their_month_and_none_is_refused(in_acme):
    current = datetime.now(UTC)
    assert partition_of(log(current).pk) == f"connections_synclog_{current:%Y_%m}"
    assert partition_of(log(datetime(1999, 1, 1, tzinfo=UTC)).pk) == "connections_synclog_default"
    assert partition_of(log(datetime(2999, 1, 1, tzinfo=UTC)).pk) == "connections_synclog_default"
    assert SyncLog.objects.count() == 3
