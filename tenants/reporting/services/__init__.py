"""Changing the schedules of reports."""

from tenants.reporting.services.schedules import (
    ReportScheduleInput,
    create_report_schedule,
    delete_report_schedule,
)

__all__ = ["ReportScheduleInput", "create_report_schedule", "delete_report_schedule"]
