"""Nothing holds a whole file, nothing unpacks without end, two workers do no harm."""

import io
import threading
import zipfile
from datetime import timedelta
from itertools import islice

import pytest
from django.db import connections
from support.billing import make_site
from support.imports import bring, work, workbook

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Invalid
from shared.kernel.tenancy import organisation_context
from shared.keyring.storage import EncryptedStorage
from tenants.activity.models import RevenueRecord
from tenants.imports.errors import Unreadable
from tenants.imports.kinds import REVENUE_COLUMNS
from tenants.imports.models import Import, RevenueRow, RowProblem
from tenants.imports.reading import content, open_table
from tenants.imports.selectors import imports_to_resume
from tenants.imports.services import (
    apply_import,
    checking_revenue,
    holding,
    process_import,
    purge_imports,
)
from tenants.imports.services.holding import Hold, Lost

HEADER = "site_id,day,category,gross_amount\n"


class Endless(io.RawIOBase):
    """A CSV without an end, that counts what was read of it."""

    def __init__(self):
        self.read_bytes = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        row = b"SITE000001,2026-10-01,general,1.00\n"
        piece = (row * (len(buffer) // len(row) + 1))[: len(buffer) - len(buffer) % len(row)]
        buffer[: len(piece)] = piece
        self.read_bytes += len(piece)
        return len(piece)


def rows(site, count):
    lines = [f"{site.site_id},2026-01-01,c{number},1.00" for number in range(count)]
    return HEADER + "\n".join(lines) + "\n"


def test_rows_are_read_one_by_one_and_written_in_chunks(in_acme, monkeypatch):
    site = make_site()
    monkeypatch.setattr(checking_revenue, "CHUNK_ROWS", 10)
    sizes = []
    stage = checking_revenue._stage

    def watch(hold, chunk, *rest):
        sizes.append(len(chunk))
        stage(hold, chunk, *rest)

    monkeypatch.setattr(checking_revenue, "_stage", watch)
    job = bring(rows(site, 25))
    assert sizes == [10, 10, 5]
    assert (job.rows, RevenueRow.objects.count()) == (25, 25)


def test_reading_a_text_takes_no_more_than_it_hands_out():
    endless = Endless()
    form = content.Packing.PLAIN
    source = content.text_opener(endless, form)
    endless.seek = lambda *_args: 0
    from tenants.imports.reading.text import TextForm, rows_of

    found = list(islice(rows_of(source, TextForm("utf-8", ",", 1)), 1000))
    assert len(found) == 1000
    assert endless.read_bytes < 2_000_000


def test_a_zip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(content, "UNPACKED_MAX", 100_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", HEADER + "0" * 1_000_000)
    assert len(packed.getvalue()) < 5_000
    with pytest.raises(Unreadable), open_table(packed, REVENUE_COLUMNS) as table:
        list(table.rows)
    sheet = workbook([["site_id", "day", "gross_amount"], *([["x" * 1000]] * 200)])
    monkeypatch.setattr(content, "UNPACKED_MAX", 1_000)
    with pytest.raises(Unreadable), open_table(io.BytesIO(sheet), REVENUE_COLUMNS):
        pass


@pytest.mark.parametrize("row", ["," * 300_000, '"\n",' * 100_000, "x" * 300_000])
@pytest.mark.parametrize("header", [HEADER, ""])
def test_a_row_as_long_as_the_file_is_refused(header, row):
    """Commas without end would be cells without end; quoted line ends, lines without end."""
    with (
        pytest.raises(Unreadable),
        open_table(io.BytesIO((header + row).encode()), REVENUE_COLUMNS) as table,
    ):
        list(table.rows)


def changed_workbook(*, replace=(), **added):
    """A sound workbook with bytes of its sheet replaced and parts added, each with its type."""
    sound = zipfile.ZipFile(io.BytesIO(workbook([["site_id", "day", "gross_amount"]])))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sound.namelist():
            text = sound.read(name)
            if name == content.PART_TYPES:
                types = "".join(
                    f'<Override PartName="/xl/worksheets/{part}.xml" ContentType="a/{kind}"/>'
                    for part, (kind, _text) in added.items()
                )
                text = text.replace(b"</Types>", types.encode() + b"</Types>")
            if name == "xl/worksheets/sheet1.xml" and replace:
                text = text.replace(*replace)
            archive.writestr(name, text)
        for part, (_kind, text) in added.items():
            archive.writestr(f"xl/worksheets/{part}.xml", text)
    packed.seek(0)
    return packed


def test_a_part_that_is_held_whole_is_small_whatever_its_name(monkeypatch):
    """openpyxl finds the shared texts by their type; they may be called like a sheet."""
    monkeypatch.setattr(content, "WHOLE_PARTS_MAX", 100_000)
    large = f"<sst>{' ' * 200_000}</sst>"
    with open_table(changed_workbook(more=("worksheet+xml", large)), REVENUE_COLUMNS):
        pass
    for kind in ("sharedStrings+xml", "styles+xml"):
        with (
            pytest.raises(Unreadable),
            open_table(changed_workbook(more=(kind, large)), REVENUE_COLUMNS),
        ):
            pass


@pytest.mark.parametrize(
    "rows",
    [
        b"<row r='3'>" + b"<c><v>1</v></c>" * 60_000 + b"</row>",
        b"<row r='3'><c t='inlineStr'><is><t>" + b"x" * 6_000_000 + b"</t></is></c></row>",
        b"<row/>" * (2**20 + 1),
        b"<x/>" * 100_001,
    ],
    ids=["cells", "text", "rows", "others"],
)
def test_a_row_of_a_sheet_and_the_rows_have_an_end(rows):
    book = changed_workbook(replace=(b"</sheetData>", rows + b"</sheetData>"))
    with pytest.raises(Unreadable), open_table(book, REVENUE_COLUMNS):
        pass


def test_the_header_is_not_looked_for_without_end():
    first = b"<row r='1999999999'><c t='inlineStr'><is><t>site_id</t></is></c></row>"
    book = changed_workbook(replace=(b"<sheetData>", b"<sheetData>" + first))
    with pytest.raises(Unreadable, match="blank"), open_table(book, REVENUE_COLUMNS):
        pass


@pytest.mark.parametrize(
    "prolog", [b"<!DOCTYPE a [<!ENTITY b 'bbbb'>]>", b"<!-- far --><!DOCTYPE a>", b" " * 70_000]
)
def test_no_part_of_a_workbook_declares_entities(prolog):
    book = changed_workbook(replace=(b"<worksheet", prolog + b"<worksheet"))
    with pytest.raises(Unreadable), open_table(book, REVENUE_COLUMNS):
        pass


def test_more_files_or_tables_in_a_zip_are_refused():
    for names in ([], ["a.csv", "b.csv"], ["a.exe"]):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name in names:
                archive.writestr(name, HEADER)
        with pytest.raises(Unreadable), open_table(packed, REVENUE_COLUMNS):
            pass


def test_the_limit_of_uploads_holds_for_every_way_in(in_acme, settings):
    settings.UPLOAD_LIMIT_BYTES = 1024
    site = make_site()
    with pytest.raises(Invalid) as refused:
        bring(rows(site, 100))
    assert refused.value.errors[0].code == "too_large"


def test_too_many_rows_fail_and_reasons_are_kept_within_bounds(in_acme, monkeypatch):
    site = make_site()
    monkeypatch.setattr(holding, "PROBLEMS_KEPT", 3)
    job = bring(HEADER + "SITE999999,2026-01-01,a,1\n" * 5 + f"{site.site_id},x,a,1\n" * 5)
    assert (job.bad_rows, RowProblem.objects.count()) == (10, 3)
    kind = checking_revenue.kind_of(job)
    monkeypatch.setattr(
        checking_revenue, "kind_of", lambda _job: type(kind)(kind.columns, kind.area, 4)
    )
    assert bring(rows(site, 5)).status == "failed"


def test_the_file_lies_encrypted_and_goes_after_thirty_days(in_acme, settings, tmp_path):
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": backend, "OPTIONS": {"location": tmp_path}},
    }
    job = bring(rows(make_site(), 3))
    (path,) = (one for one in tmp_path.rglob("*") if one.is_file())
    assert b"general" not in path.read_bytes()
    assert b"site_id" not in path.read_bytes()
    assert EncryptedStorage().open(job.stored_name).read().startswith(b"site_id")
    assert purge_imports() == 0
    Import.objects.update(created_at=now() - timedelta(days=31))
    assert purge_imports() == 1
    job.refresh_from_db()
    assert (job.status, job.stored_name) == ("discarded", "")
    assert not path.exists()
    assert RevenueRow.objects.count() == 0


def test_who_lost_the_job_writes_nothing_more(in_acme):
    job = bring(rows(make_site(), 3))
    apply_import(actor=SYSTEM, import_id=job.pk)
    first = Hold.take(job.pk)
    assert Hold.take(job.pk) is None  # somebody is at it
    Import.objects.update(leased_until=now() - timedelta(seconds=1))
    second = Hold.take(job.pk)
    with pytest.raises(Lost), first.chunk():
        pass
    first.fail("too late")
    with second.chunk():
        pass
    assert Import.objects.get().status == "applying"


def test_a_worker_that_breaks_is_tried_again_and_given_up_at_last(in_acme, monkeypatch):
    job = bring(rows(make_site(), 3))
    apply_import(actor=SYSTEM, import_id=job.pk)

    def break_down(*_args):
        raise RuntimeError("out of order")

    monkeypatch.setattr("tenants.imports.services.applying_revenue.store_revenue", break_down)
    for _attempt in range(5):
        Import.objects.update(leased_until=None)
        work(job)
    assert job.status == "failed"
    assert "(RuntimeError)" in job.failure
    assert RevenueRecord.objects.count() == 0
    monkeypatch.undo()
    work(apply_import(actor=SYSTEM, import_id=job.pk))
    assert RevenueRecord.objects.count() == 3


def test_what_a_worker_left_is_found(in_acme):
    job = bring(rows(make_site(), 3))
    assert imports_to_resume() == []
    apply_import(actor=SYSTEM, import_id=job.pk)
    assert imports_to_resume() == []  # its message is on its way
    Import.objects.update(created_at=now() - timedelta(minutes=1))
    assert imports_to_resume() == [job.pk]
    Hold.take(job.pk)
    assert imports_to_resume() == []


def test_workers_at_once_write_each_row_once(throwaway_organisation):
    with organisation_context(throwaway_organisation):
        job = bring(rows(make_site(), 50))
        apply_import(actor=SYSTEM, import_id=job.pk)

    def go():
        try:
            with organisation_context(throwaway_organisation):
                process_import(import_id=job.pk)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=go) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with organisation_context(throwaway_organisation):
        work(job)
        assert (job.status, job.applied_rows) == ("applied", 50)
        assert RevenueRecord.objects.filter(revision=1).count() == 50
