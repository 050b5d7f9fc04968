"""Asking for deliveries, sending them again, reminding, and who gets what."""

from tenants.delivery.services.reminding import (
    hold_reminders,
    resume_reminders,
    save_levels,
    send_reminders,
)
from tenants.delivery.services.requesting import request_deliveries, request_documents_delivery

__all__ = [
    "hold_reminders",
    "request_deliveries",
    "request_documents_delivery",
    "resume_reminders",
    "save_levels",
    "send_reminders",
]
