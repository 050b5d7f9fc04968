"""When a schedule is due, also on the days the clocks change."""

from datetime import UTC, date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from billing.periods import Period, month_period
from shared.kernel.errors import Invalid
from tenants.schedules.timing import check_cron, due_times, period_for, zone_named

TORONTO = ZoneInfo("America/Toronto")
ST_JOHNS = ZoneInfo("America/St_Johns")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def times(cron, zone, after, count):
    return [
        f"{one:%Y-%m-%d %H:%M}" for one in islice(due_times(cron, zone, after=at(after)), count)
    ]


@pytest.mark.parametrize(
    ("zone", "cron", "after", "expected"),
    [
        # Toronto springs forward on 8 March 2026 at 02:00: 02:30 is left out and runs at 03:00
        (
            TORONTO,
            "30 2 * * *",
            "2026-03-07 00:00",
            ["2026-03-07 07:30", "2026-03-08 07:00", "2026-03-09 06:30"],
        ),
        # and falls back on 1 November 2026 at 02:00: 01:30 comes twice and runs once
        (
            TORONTO,
            "30 1 * * *",
            "2026-10-31 00:00",
            ["2026-10-31 05:30", "2026-11-01 05:30", "2026-11-02 06:30"],
        ),
        # St. John's is half an hour ahead, on the same days
        (
            ST_JOHNS,
            "30 2 * * *",
            "2026-03-07 00:00",
            ["2026-03-07 06:00", "2026-03-08 05:30", "2026-03-09 05:00"],
        ),
        (
            ST_JOHNS,
            "30 1 * * *",
            "2026-10-31 00:00",
            ["2026-10-31 04:00", "2026-11-01 04:00", "2026-11-02 05:00"],
        ),
        # six in the morning stays six in the morning
        (
            TORONTO,
            "0 6 1 * *",
            "2026-02-15 00:00",
            ["2026-03-01 11:00", "2026-04-01 10:00", "2026-05-01 10:00"],
        ),
        (TORONTO, "0 20 L * *", "2026-01-31 23:59", ["2026-02-01 01:00", "2026-03-01 01:00"]),
    ],
)
def test_times_go_by_the_clock_on_the_wall(zone, cron, after, expected):
    assert times(cron, zone, after, len(expected)) == expected


@pytest.mark.parametrize("minute", range(0, 60, 15))
def test_whenever_it_is_asked_the_hour_that_comes_twice_counts_once(minute):
    """Asked between the two passes of 01:30, the second one is no new time."""
    between = f"2026-11-01 06:{minute:02}"  # 01:xx, the second time
    assert times("30 1 * * *", TORONTO, between, 1) == ["2026-11-02 06:30"]


@pytest.mark.parametrize(
    ("rule", "due", "period"),
    [
        ("previous_month", "2026-03-01 11:00", month_period(2026, 2)),
        ("current_month", "2026-03-01 11:00", month_period(2026, 3)),
        ("previous_quarter", "2026-04-01 10:00", Period(date(2026, 1, 1), date(2026, 3, 31))),
        ("current_quarter", "2026-04-01 10:00", Period(date(2026, 4, 1), date(2026, 6, 30))),
        ("previous_year", "2026-01-01 11:00", Period(date(2025, 1, 1), date(2025, 12, 31))),
        ("current_year", "2026-01-01 11:00", Period(date(2026, 1, 1), date(2026, 12, 31))),
        # 1 April 03:00 UTC is 31 March in Toronto
        ("previous_month", "2026-04-01 03:00", month_period(2026, 2)),
    ],
)
def test_the_period_follows_from_the_day_in_the_zone(rule, due, period):
    assert period_for(rule, at(due), TORONTO) == period


@pytest.mark.parametrize(
    ("cron", "code"),
    [
        ("", "form"),
        ("0 6 1 *", "form"),
        ("0 0 6 1 * *", "form"),
        ("0 25 * * *", "form"),
        ("x 6 1 * *", "form"),
        ("0 6 30 2 *", "form"),
        ("*/5 * * * *", "too_often"),
        ("0,30 6 1 * *", "too_often"),
    ],
)
def test_an_expression_that_cannot_be_is_named(cron, code):
    with pytest.raises(Invalid) as refused:
        check_cron(cron, TORONTO, after=at("2026-01-01 00:00"))
    assert [(one.field, one.code) for one in refused.value.errors] == [("cron", code)]


def test_once_an_hour_is_often_enough():
    check_cron("15 * * * *", TORONTO, after=at("2026-01-01 00:00"))


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "America"])
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(Invalid):
        zone_named(name)
