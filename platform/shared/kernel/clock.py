"""Time: instants are UTC with zone, dates are the tenant's."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from shared.kernel.tenancy import current_organisation


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present date in the current organisation's time zone (UTC without one)."""
    organisation = current_organisation()
    zone = ZoneInfo(organisation.time_zone) if organisation else UTC
    return datetime.now(zone).date()
