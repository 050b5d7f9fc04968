"""The library of reports, in the order it is shown."""

from django.utils.translation import gettext as _

from shared.kernel.errors import NotFound
from tenants.reporting.reports import (
    ageing,
    controls,
    deliveries,
    generation,
    quality,
    revenue,
    trail,
    weeks,
)
from tenants.reporting.reports.base import Report

LIBRARY: dict[str, Report] = {
    report.name: report
    for report in (
        revenue.BY_TYPE,
        revenue.BY_CUSTOMER,
        ageing.REPORT,
        generation.REPORT,
        quality.REPORT,
        deliveries.REPORT,
        weeks.REPORT,
        trail.REPORT,
        controls.REPORT,
    )
}


def report_named(name: str) -> Report:
    """The report of that name. Raises NotFound."""
    report = LIBRARY.get(name)
    if report is None:
        raise NotFound(_("There is no such report."))
    return report
