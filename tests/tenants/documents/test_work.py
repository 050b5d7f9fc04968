"""One document to its end: once, resumed, given up, never doubled."""

import os
import signal
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from support.documents import page_of, print_page

from shared.kernel.clock import now
from shared.kernel.tenancy import organisation_context
from shared.keyring.storage import EncryptedStorage
from shared.outbox.models import Event
from tenants.documents import work
from tenants.documents.models import Document
from tenants.documents.tasks import render_documents, sweep_schema
from tenants.documents.work import ATTEMPTS_MAX, render_document

KIND = "pamphlet"


def ask(object_id):
    return Document.objects.create(kind=KIND, object_id=object_id)


def lapse(document):
    """As if the lease, or the pause after a failure, had gone by."""
    Document.objects.filter(pk=document.pk).update(leased_until=now() - timedelta(seconds=1))


def stored(document):
    with EncryptedStorage().open(document.file_name) as file:
        return file.read()


def events():
    return list(Event.objects.filter(topic="document.rendered").values_list("key", flat=True))


def break_down(*args, **kwargs):
    raise RuntimeError("out of paper")


@pytest.fixture
def files(settings, tmp_path):
    """A folder on disk, so that what was left behind can be seen."""
    storages = dict(settings.STORAGES)
    backend = "django.core.files.storage.FileSystemStorage"
    storages["default"] = {"BACKEND": backend, "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = storages
    return lambda: sorted(path.name for path in tmp_path.rglob("*.pdf"))


def test_a_document_is_rendered_and_stored_encrypted(in_acme, shelf, invoice, files, tmp_path):
    document = render_document(document_id=ask(shelf.put(invoice)).pk)
    document.refresh_from_db()
    expected = print_page(page_of(invoice, "en"))
    assert stored(document) == expected
    assert (document.status, document.pages, document.language) == ("ready", 1, "en")
    assert document.object_code == "INV000001234"
    assert document.size_bytes == len(expected)
    assert document.sha256 == sha256(expected).hexdigest()
    assert len(document.template_version) == 12
    assert events() == ["INV000001234"]
    (path,) = tmp_path.rglob("*.pdf")
    assert b"%PDF" not in path.read_bytes()


def test_rendering_twice_is_one_document(in_acme, shelf, invoice, files):
    object_id = shelf.put(invoice)
    first = render_document(document_id=ask(object_id).pk)
    assert render_document(document_id=first.pk) is None
    again = render_document(document_id=ask(object_id).pk)
    assert again.pk == first.pk
    assert Document.objects.count() == 1
    assert len(files()) == 1
    assert len(events()) == 1


def test_other_contents_are_another_document(in_acme, shelf, invoice):
    object_id = shelf.put(invoice)
    first = render_document(document_id=ask(object_id).pk)
    shelf.objects[object_id] = replace(invoice, state="paid")
    second = render_document(document_id=ask(object_id).pk)
    shelf.language = "fr-ca"
    third = render_document(document_id=ask(object_id).pk)
    assert len({first.pk, second.pk, third.pk}) == 3
    assert stored(first) != stored(second)
    assert third.language == "fr-ca"


def test_only_one_is_in_work_for_an_object(in_acme, shelf, invoice):
    object_id = shelf.put(invoice)
    ask(object_id)
    with pytest.raises(IntegrityError, match="one_document_in_work"), transaction.atomic():
        ask(object_id)


def test_nobody_takes_what_somebody_works_on(in_acme, shelf, invoice):
    document = ask(shelf.put(invoice))
    Document.objects.update(status="rendering", attempts=1, leased_until=now() + work.LEASE)
    assert render_document(document_id=document.pk) is None
    assert shelf.loads == 0
    lapse(document)
    assert render_document(document_id=document.pk).attempts == 2


def test_a_failure_waits_longer_each_time_and_is_kept(in_acme, shelf, invoice, monkeypatch):
    document = ask(shelf.put(invoice))
    monkeypatch.setattr(work, "render_contents", break_down)
    pauses = []
    for _attempt in range(ATTEMPTS_MAX - 1):
        with pytest.raises(RuntimeError):
            render_document(document_id=document.pk)
        document.refresh_from_db()
        assert document.status == "waiting"
        pauses.append(round((document.leased_until - now()).total_seconds()))
        assert render_document(document_id=document.pk) is None, "it pauses"
        lapse(document)
    assert pauses == [10, 20, 40, 80]
    with pytest.raises(RuntimeError):
        render_document(document_id=document.pk)
    document.refresh_from_db()
    assert (document.status, document.error) == ("failed", "RuntimeError: out of paper")
    assert events() == []


def test_one_that_kills_its_worker_each_time_is_given_up(in_acme, shelf, invoice):
    document = ask(shelf.put(invoice))
    Document.objects.update(status="rendering", attempts=ATTEMPTS_MAX)
    lapse(document)
    assert render_document(document_id=document.pk) is None
    document.refresh_from_db()
    assert document.status == "failed"
    assert "interrupted" in document.error
    assert shelf.loads == 0


def test_a_late_worker_spoils_nothing(in_acme, shelf, invoice, files, monkeypatch):
    """Its lease ended while it printed, and another one finished the document."""
    document = ask(shelf.put(invoice))
    slow_print, results = work.render_contents, []

    def print_late(*args, **kwargs):
        if not results:
            results.append("overtaken")
            lapse(document)
            results.append(render_document(document_id=document.pk))
        return slow_print(*args, **kwargs)

    monkeypatch.setattr(work, "render_contents", print_late)
    assert render_document(document_id=document.pk) is None
    document.refresh_from_db()
    assert (document.status, document.attempts) == ("ready", 2)
    assert files() == [f"{document.pk}-2.pdf"]
    assert len(events()) == 1
    assert stored(document).startswith(b"%PDF")


def test_a_failed_one_does_not_stop_the_others(in_acme, shelf, invoice, monkeypatch):
    good, gone = ask(shelf.put(invoice)), ask(uuid4())
    render_documents(document_ids=[str(gone.pk), str(good.pk)], schema=in_acme.schema_name)
    good.refresh_from_db()
    gone.refresh_from_db()
    assert (good.status, gone.status) == ("ready", "waiting")


def test_the_sweep_finds_what_was_left(in_acme, in_schema_of_globex, shelf, invoice):
    left, fresh, held = (ask(shelf.put(invoice)) for _ in range(3))
    old = now() - timedelta(minutes=5)
    Document.objects.filter(pk__in=(left.pk, held.pk)).update(created_at=old)
    Document.objects.filter(pk=held.pk).update(
        status="rendering", leased_until=now() + timedelta(minutes=1)
    )
    sweep_schema(schema=in_acme.schema_name)
    states = dict(Document.objects.values_list("pk", "status"))
    assert states == {left.pk: "ready", fresh.pk: "waiting", held.pk: "rendering"}
    with in_schema_of_globex():
        assert not Document.objects.exists()


@pytest.mark.parametrize("moment", ["before the file", "after the file"])
def test_a_killed_worker_is_resumed(
    throwaway_organisation, django_db_blocker, shelf, invoice, files, monkeypatch, moment
):
    """A real process dies by SIGKILL; the next one makes the document once."""
    object_id = shelf.put(invoice)
    with django_db_blocker.unblock(), organisation_context(throwaway_organisation):
        document = ask(object_id)
        connections.close_all()
        child = os.fork()
        if child == 0:
            _die_at_work(document, moment)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        document.refresh_from_db()
        assert (document.status, document.attempts) == ("rendering", 1)
        assert render_document(document_id=document.pk) is None, "the lease holds"
        assert len(files()) == (moment == "after the file")
        lapse(document)
        finished = render_document(document_id=document.pk)
        assert (finished.pk, finished.status, finished.attempts) == (document.pk, "ready", 2)
        assert stored(finished) == print_page(page_of(invoice, "en"))
        assert files() == [f"{document.pk}-2.pdf"]
        assert events() == ["INV000001234"]


def _die_at_work(document, moment):
    """In the child process: be killed in the middle."""
    try:
        target = "render_contents" if moment == "before the file" else "_finish"
        setattr(work, target, lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL))
        render_document(document_id=document.pk)
    finally:
        os._exit(1)
