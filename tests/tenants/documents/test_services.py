"""Asking for documents and links to them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from shared.kernel.errors import Gone, NotFound
from shared.kernel.tenancy import organisation_context
from tenants.documents import services
from tenants.documents.models import Document
from tenants.documents.services import (
    provide_document,
    read_link,
    request_documents,
    signed_link,
)

KIND = "pamphlet"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def token_of(link):
    return link.removeprefix("/documents/")


def test_documents_are_rendered_after_commit(
    in_acme, shelf, invoice, django_capture_on_commit_callbacks
):
    ids = [shelf.put(replace(invoice, code=f"INV{number:09}")) for number in range(23)]
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        request_documents(ids, kind=KIND)
        assert shelf.loads == 0
    renders = [one for one in callbacks if "document_ids" in str(getattr(one, "keywords", ""))]
    assert len(renders) == 2  # 20 and 3
    assert Document.objects.filter(status="ready").count() == 23


def test_asking_twice_queues_once(in_acme, shelf, invoice):
    object_id = shelf.put(invoice)
    request_documents([object_id], kind=KIND)
    request_documents([object_id, object_id], kind=KIND)
    assert Document.objects.count() == 1


def test_asking_is_one_statement_however_many(in_acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        request_documents([uuid4() for _ in range(200)], kind=KIND)


def test_a_missing_document_is_made_at_once(in_acme, shelf, invoice):
    object_id = shelf.put(invoice)
    made = provide_document(kind=KIND, object_id=object_id)
    assert made.status == "ready"
    assert provide_document(kind=KIND, object_id=object_id).pk == made.pk
    shelf.objects[object_id] = replace(invoice, state="paid")
    assert provide_document(kind=KIND, object_id=object_id).pk != made.pk


def test_a_long_one_is_left_to_a_worker(in_acme, shelf, invoice, monkeypatch):
    monkeypatch.setattr(services, "LINES_AT_ONCE", 4)
    object_id = shelf.put(invoice)
    assert provide_document(kind=KIND, object_id=object_id) is None
    assert Document.objects.get().status == "waiting"


def test_one_that_a_worker_holds_is_waited_for(in_acme, shelf, invoice):
    object_id = shelf.put(invoice)
    Document.objects.create(
        kind=KIND,
        object_id=object_id,
        status="rendering",
        attempts=1,
        leased_until=services.now() + timedelta(minutes=1),
    )
    assert provide_document(kind=KIND, object_id=object_id) is None
    assert Document.objects.count() == 1


def test_a_failed_one_is_tried_again(in_acme, shelf, invoice):
    object_id = shelf.put(invoice)
    Document.objects.create(kind=KIND, object_id=object_id, status="failed", attempts=5)
    assert provide_document(kind=KIND, object_id=object_id).status == "ready"


def test_a_link_leads_back(in_acme):
    invoice_pk = uuid4()
    linked = read_link(token_of(signed_link(invoice_pk=invoice_pk)))
    assert (linked.kind, linked.object_id) == ("invoice", invoice_pk)


def test_a_link_is_the_same_all_day(in_acme):
    invoice_pk = uuid4()
    with time_machine.travel(NOON, tick=False) as clock:
        link = signed_link(invoice_pk=invoice_pk)
        clock.shift(timedelta(hours=11))
        assert signed_link(invoice_pk=invoice_pk) == link
        clock.shift(timedelta(hours=2))
        assert signed_link(invoice_pk=invoice_pk) != link


def test_a_link_expires(in_acme):
    with time_machine.travel(NOON, tick=False) as clock:
        token = token_of(signed_link(invoice_pk=uuid4(), valid_for=timedelta(days=2)))
        clock.shift(timedelta(days=2))
        read_link(token)
        clock.shift(timedelta(days=1))
        with pytest.raises(Gone):
            read_link(token)


def test_an_altered_link_leads_nowhere(in_acme):
    token = token_of(signed_link(invoice_pk=uuid4()))
    other = token_of(signed_link(invoice_pk=uuid4()))
    payload, signature = token.split(":")
    altered = [
        "",
        "nonsense",
        payload,
        f"{payload}:",
        f"{payload}:{signature[:-1]}",
        f"{other.split(':')[0]}:{signature}",
        f"{payload}:{other.split(':')[1]}",
        f"x{token}",
    ]
    for wrong in altered:
        with pytest.raises(NotFound):
            read_link(wrong)


def test_a_link_of_another_organisation_leads_nowhere(acme, globex):
    with organisation_context(acme):
        token = token_of(signed_link(invoice_pk=uuid4()))
    with organisation_context(globex), pytest.raises(NotFound):
        read_link(token)
