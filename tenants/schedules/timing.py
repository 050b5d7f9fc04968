"""When a schedule is due. Reads nothing, writes nothing.

Cron expressions have five fields and are read as Debian's cron does, which settles the change of
daylight saving time: a job at a fixed hour runs once on both days, right after the gap where its
hour is left out. Instants are UTC; what is written on the clock is that of the schedule's zone.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from billing.periods import Frequency, Period, calendar_period, previous_period
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.schedules.models import PeriodRule

OFTENEST = timedelta(hours=1)
LOOKED_AT = 48  # times that are looked at to see how often it is due
_FREQUENCIES = {
    "month": Frequency.MONTHLY,
    "quarter": Frequency.QUARTERLY,
    "year": Frequency.ANNUAL,
}


def due_times(cron: str, zone: ZoneInfo, *, after: datetime) -> Iterator[datetime]:
    """The instants (UTC) at which the schedule is due, later than `after`, in order.

    Ends after 50 years without one. Raises Invalid for an expression that cannot be read.
    """
    try:
        times = CronSim(cron, after.astimezone(zone))
    except CronSimError as error:
        message = _("This is no cron expression (%(error)s). Write it like 0 6 1 * *.") % {
            "error": error
        }
        raise Invalid(errors=[FieldError("cron", "form", message)]) from error
    latest = after.astimezone(UTC)
    for wall in times:
        instant = wall.astimezone(UTC)
        if instant > latest:
            latest = instant
            yield instant


def check_cron(cron: str, zone: ZoneInfo, *, after: datetime) -> None:
    """Raise Invalid for an expression that cannot be read, never comes or comes too often."""
    if len(cron.split()) != 5:
        message = _("Write five fields: minute, hour, day, month, day of the week.")
        raise Invalid(errors=[FieldError("cron", "form", message)])
    times = list(islice(due_times(cron, zone, after=after), LOOKED_AT))
    if not times:
        raise _never()
    if any(later - earlier < OFTENEST for earlier, later in pairwise(times)):
        message = _("A schedule runs once an hour at most.")
        raise Invalid(errors=[FieldError("cron", "too_often", message)])


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises Invalid."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = _("There is no time zone %(name)s.") % {"name": name}
        raise Invalid(errors=[FieldError("time_zone", "unknown", message)]) from error


def period_for(rule: str, due_at: datetime, zone: ZoneInfo) -> Period:
    """The calendar period that a run due at this instant bills, by the date of its zone."""
    which, _underscore, unit = PeriodRule(rule).value.partition("_")
    frequency = _FREQUENCIES[unit]
    present = calendar_period(frequency, due_at.astimezone(zone).date())
    return present if which == "current" else previous_period(frequency, present)


def frequency_of(rule: str) -> Frequency:
    """How long the rule's period is."""
    return _FREQUENCIES[PeriodRule(rule).value.partition("_")[2]]


def _never() -> Invalid:
    message = _("This time never comes.")
    return Invalid(errors=[FieldError("cron", "never", message)])
