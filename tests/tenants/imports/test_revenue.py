"""Revenue files: checked without writing, applied once, undone."""

import gzip
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from support.billing import make_site
from support.imports import apply, bring, reasons, undo, workbook

from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, Invalid
from tenants.activity.models import RevenueRecord
from tenants.activity.services import DayRevenue, record_revenue
from tenants.imports.models import Import, RevenueRow
from tenants.imports.selectors import preview
from tenants.imports.services import apply_import, discard_import, undo_import
from tenants.imports.services.applying_revenue import apply_revenue
from tenants.imports.services.holding import Hold

HEADER = "site_id,day,category,gross_amount,net_amount"


@pytest.fixture
def site(in_acme):
    return make_site()


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


def test_excel_dates_numbers_and_texts(site):
    code = site.site_id
    content = workbook(
        [
            [],
            ["Site", "Date", "Type", "Amount", "Net"],
            [code, datetime(2026, 10, 1), "valet", 1149.75, 1000],  # noqa: DTZ001
            [code, date(2026, 10, 2), None, 0.1 + 0.2, None],  # 0.30000000000000004
            [None, None],
            [code, "2026-10-03", 7, "1 234,5", True],
            [code, "yesterday", "", "=1+1", None],
        ]
    )
    job = bring(content, file_name="r\u00e9sum\u00e9.xlsx")
    assert reasons(job) == {
        6: {"net_amount": "not_a_number"},
        7: {"day": "not_a_day", "gross_amount": "required"},  # a formula nobody calculated
    }
    apply(job)
    assert stored() == [
        (date(2026, 10, 1), "valet", Decimal("1149.75"), Decimal("1000")),
        (date(2026, 10, 2), "general", Decimal("0.3"), Decimal("0.3")),
    ]


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("iso", "2026-10-05", 5),
        ("iso", "20261005", 5),
        ("iso", "2026-10-05T00:00:00", 5),
        ("iso", "05/10/2026", None),
        ("iso", "2026105", None),
        ("day_first", "05/10/2026", 5),
        ("day_first", "5.10.2026", 5),
        ("month_first", "10/05/2026", 5),
        ("month_first", "30/10/2026", None),
    ],
)
def test_days_are_read_as_the_form_says(site, form, text, day):
    job = bring(f"site,date,amount\n{site.site_id},{text},1\n", day_form=form)
    if day is None:
        assert reasons(job) == {2: {"day": "not_a_day"}}
    else:
        assert apply(job).applied_rows == 1
        assert RevenueRecord.objects.get().day == date(2026, 10, day)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.5"),
        ("-12", "-12"),
        ("(12.50)", "-12.5"),
        ("$1,234.56", "1234.56"),
        ("1\u202f234,56 $", "1234.56"),
        ("1.234.567,89", "1234567.89"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        (".5", "0.5"),
        ("1e5", None),
        ("NaN", None),
        ("1,23,456", None),
        ("٣", None),
        ("9" * 16, None),
        ("0.00001", None),
    ],
)
def test_amounts_as_people_write_them(site, text, amount):
    job = bring(f"site|date|amount\n{site.site_id}|2026-10-01|{text}\n")
    if amount is None:
        assert list(reasons(job)) == [2]
        assert list(reasons(job)[2]) == ["gross_amount"]
    else:
        apply(job)
        assert RevenueRecord.objects.get().gross_amount == Decimal(amount)


def test_a_row_s_number_is_that_of_the_spreadsheet(site):
    code = site.site_id
    content = f'site,date,category,amount\n{code},2026-10-01,"two\nlines",1\n\n{code},x,general,1\n'
    assert reasons(bring(content)) == {2: {"category": "characters"}, 4: {"day": "not_a_day"}}


def test_a_broken_quotation_fails_the_import_with_the_row(site):
    rows = "\n".join(f"{site.site_id},2026-10-01,c{n},1" for n in range(40))
    job = bring(f'{HEADER}\n{rows}\n{site.site_id},2026-10-01,"open,{"x" * 200_000}\n')
    assert job.status == "failed"
    assert "42" in job.failure
    assert stored() == []


def test_undo_after_an_interrupted_import_takes_back_what_was_written(site, monkeypatch):
    monkeypatch.setattr("tenants.imports.services.applying_revenue.CHUNK_LINES", 2)
    rows = "\n".join(f"{site.site_id},2026-10-{day:02},general,1," for day in range(1, 8))
    job = apply_import(actor=SYSTEM, import_id=bring(f"{HEADER}\n{rows}\n").pk)
    hold = Hold.take(job.pk)
    monkeypatch.setattr(Hold, "is_over", True)
    assert apply_revenue(hold) is False
    hold.fail("the machine was struck by lightning")
    assert len(stored()) == 1  # the header's line counts
    assert undo(Import.objects.get(pk=job.pk)).status in ("undone", "undoing")
    assert stored() == []


def test_net_above_gross_is_a_bad_row(site):
    rows = f"{site.site_id},2026-10-01,,10.00,10.01\n{site.site_id},2026-10-02,,-10,-9.99\n"
    job = bring(f"{HEADER}\n{rows}")
    assert reasons(job) == {2: {"net_amount": "over_gross"}}
    assert job.new_rows == 1
