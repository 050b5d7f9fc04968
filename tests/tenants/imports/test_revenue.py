"""Revenue files: checked without writing, applied once, undone."""

import gzip
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from support.billing import make_site

from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, Invalid
from tenants.activity.models import RevenueRecord
from tenants.activity.services import DayRevenue, record_revenue
from tenants.imports.models import Import, RevenueRow
from tenants.imports.selectors import preview
from tenants.imports.services import (
    apply_import,
    discard_import,
    process_import,
    start_import,
    undo_import,
)

HEADER = "site_id,day,category,gross_amount,net_amount"


@pytest.fixture
def site(in_acme):
    return make_site()


def bring(content, *, kind="revenue", name="revenue.csv", **options):
    """A file as it is after its check."""
    data = content if isinstance(content, bytes) else content.encode()
    job = start_import(actor=SYSTEM, kind=kind, file=io.BytesIO(data), file_name=name, **options)
    return work(job)


def work(job):
    while process_import(import_id=job.pk):
        pass
    job.refresh_from_db()
    return job


def apply(job):
    return work(apply_import(actor=SYSTEM, import_id=job.pk))


def undo(job):
    return work(undo_import(actor=SYSTEM, import_id=job.pk))


def reasons(job):
    return {
        problem.line: {one["field"]: one["code"] for one in problem.reasons}
        for problem in job.problems.all()
    }


def stored():
    rows = RevenueRecord.objects.order_by("day", "category")
    return [(row.day, row.category, row.gross_amount, row.net_amount) for row in rows]


def test_a_dry_run_finds_every_bad_row_and_writes_no_revenue(site):
    record_revenue(
        actor=SYSTEM,
        site_id=site.site_id,
        records=[
            DayRevenue(date(2026, 10, 1), Decimal("10"), category="valet"),
            DayRevenue(date(2026, 10, 2), Decimal("20")),
        ],
    )
    before = stored()
    tomorrow = today() + timedelta(days=1)
    code = site.site_id
    job = bring(
        "\n".join(
            [
                HEADER,
                f"{code},2026-10-01,valet,11.30,10",  # replaces gross 10
                f"{code},2026-10-02,,20.00,",  # as stored
                f"{code.lower()},2026-10-03,general,-5.25,",  # new
                "SITE999999,2026-10-03,general,1,",  # 5
                f"{code},{tomorrow},general,1,",  # 6
                f"{code},2026-02-30,general,twelve,1.23456",  # 7
                f"{code},2026-10-03,general,7.00,",  # 8: as row 4
                "",  # 9: blank
                f"{code},2026-10-04,{'x' * 61},,",  # 10
            ]
        )
    )
    assert (job.status, job.failure) == ("ready", "")
    assert reasons(job) == {
        5: {"site_id": "unknown"},
        6: {"day": "future"},
        7: {"day": "not_a_day", "gross_amount": "not_a_number", "net_amount": "decimals"},
        8: {"day": "duplicate"},
        10: {"category": "too_long", "gross_amount": "required"},
    }
    assert (job.rows, job.bad_rows) == (8, 5)
    assert (job.new_rows, job.changed_rows, job.same_rows) == (1, 1, 1)
    assert stored() == before
    shown = preview(job)
    assert [(row["row"], row["effect"], row["stored_net_amount"]) for row in shown] == [
        (2, "changed", Decimal("10")),
        (3, "same", Decimal("20")),
        (4, "new", None),
    ]


def test_applying_writes_once_and_counts_revisions(site):
    code = site.site_id
    record_revenue(
        actor=SYSTEM,
        site_id=code,
        records=[DayRevenue(date(2026, 10, day), Decimal("20")) for day in (1, 2)],
    )
    job = bring(
        f"{HEADER}\n{code},2026-10-01,general,22.60,20\n{code},2026-10-02,general,20,20\n"
        f"{code},2026-10-03,general,30,\n"
    )
    job = apply(job)
    assert (job.status, job.applied_rows) == ("applied", 2)
    assert stored() == [
        (date(2026, 10, 1), "general", Decimal("22.60"), Decimal("20")),
        (date(2026, 10, 2), "general", Decimal("20"), Decimal("20")),
        (date(2026, 10, 3), "general", Decimal("30"), Decimal("30")),
    ]
    revisions = RevenueRecord.objects.order_by("day").values_list("revision", flat=True)
    assert list(revisions) == [2, 1, 1]
    assert apply(job).applied_rows == 2  # asking again changes nothing
    assert Entry.objects.filter(action="import.applied").count() == 1


def test_undo_restores_what_was_and_keeps_what_changed_since(site):
    code = site.site_id
    record_revenue(
        actor=SYSTEM,
        site_id=code,
        records=[DayRevenue(date(2026, 10, day), Decimal("20")) for day in (1, 2)],
    )
    before = stored()
    job = apply(
        bring(
            f"{HEADER}\n"
            + "\n".join(f"{code},2026-10-0{day},general,{day}00," for day in range(1, 6))
        )
    )
    later = [DayRevenue(date(2026, 10, day), Decimal("7")) for day in (2, 5)]
    record_revenue(actor=SYSTEM, site_id=code, records=later)
    job = undo(job)
    assert (job.status, job.undone_rows, job.kept_rows) == ("undone", 3, 2)
    assert stored() == [
        before[0],
        (date(2026, 10, 2), "general", Decimal("7"), Decimal("7")),
        (date(2026, 10, 5), "general", Decimal("7"), Decimal("7")),
    ]
    kept = {one.line: one.reasons[0]["code"] for one in job.problems.filter(stage="undo")}
    assert kept == {3: "kept", 6: "kept"}


@pytest.mark.parametrize("packed", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "gzip"])
def test_french_files_in_every_encoding(site, packed):
    rows = (
        "Nº de site;Journée;Catégorie;Revenu avec taxes;Revenu net;Remarque\r\n"
        f"{site.site_id};2026-10-01;Événement;1 149,75 $;1\u00a0000,00;été\r\n"
        f"{site.site_id};2026-10-02;Événement;(12,5);;été\r\n"
    )
    content = gzip.compress(rows.encode()) if packed == "gzip" else rows.encode(packed)
    job = apply(bring(content))
    assert job.ignored == ["Remarque"]
    assert job.columns["gross_amount"] == "Revenu avec taxes"
    assert stored() == [
        (date(2026, 10, 1), "Événement", Decimal("1149.75"), Decimal("1000")),
        (date(2026, 10, 2), "Événement", Decimal("-12.5"), Decimal("-12.5")),
    ]


def test_a_file_without_its_columns_is_refused_at_once(site):
    for content in (
        "a,b\n1,2\n",
        "",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
        b"%PDF-1.7",
        b"PK\x03\x04rubbish",
        gzip.compress(b"site_id,day,gross_amount\n")[:-9],
        "site,site id,day,amount\n",
    ):
        with pytest.raises(Invalid) as refused:
            bring(content)
        assert [one.field for one in refused.value.errors] == ["file"]
    assert Import.objects.count() == 0


def test_what_cannot_be_done_now_is_a_conflict(site):
    job = bring(f"{HEADER}\nSITE999999,2026-10-01,general,1,\n")
    with pytest.raises(Conflict):  # no good row
        apply_import(actor=SYSTEM, import_id=job.pk)
    with pytest.raises(Conflict):
        undo_import(actor=SYSTEM, import_id=job.pk)
    discard_import(actor=SYSTEM, import_id=job.pk)
    with pytest.raises(Conflict):
        apply_import(actor=SYSTEM, import_id=job.pk)
    assert RevenueRow.objects.count() == 0
