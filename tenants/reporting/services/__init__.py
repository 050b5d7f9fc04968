"""Changing the schedules of reports."""

from tenants.reporting.services.schedules import (
    ReportScheduleInput,
    change_report_schedule,
    create_report_schedule,
    delete_report_schedule,
    send_report_now,
)

__all__ = [
    "ReportScheduleInput",
    "change_report_schedule",
    "create_report_schedule",
    "delete_report_schedule",
    "send_report_now",
]
