"""Asking for deliveries, sending them again, reminding, and who gets what."""

from tenants.delivery.services.erasing import erase_addressees
from tenants.delivery.services.file_drop import (
    EndpointInput,
    remove_sftp_endpoint,
    set_sftp_endpoint,
)
from tenants.delivery.services.receiving import (
    delivery_behind_link,
    note_mail_event,
    note_opened,
    note_portal_view,
    receive_mail_events,
)
from tenants.delivery.services.recipients import (
    RecipientInput,
    add_recipient,
    allow_address,
    change_recipient,
    remove_recipient,
)
from tenants.delivery.services.reminding import (
    hold_reminders,
    resume_reminders,
    save_levels,
    send_reminders,
)
from tenants.delivery.services.requesting import queue_deliveries, request_deliveries
from tenants.delivery.services.sending import send_invoice
from tenants.delivery.services.steering import cancel, resend, resend_failed
from tenants.delivery.services.webhooks import remove_webhook, set_webhook

__all__ = [
    "EndpointInput",
    "RecipientInput",
    "add_recipient",
    "allow_address",
    "cancel",
    "change_recipient",
    "delivery_behind_link",
    "erase_addressees",
    "hold_reminders",
    "note_mail_event",
    "note_opened",
    "note_portal_view",
    "queue_deliveries",
    "receive_mail_events",
    "remove_recipient",
    "remove_sftp_endpoint",
    "remove_webhook",
    "request_deliveries",
    "resend",
    "resend_failed",
    "resume_reminders",
    "save_levels",
    "send_invoice",
    "send_reminders",
    "set_sftp_endpoint",
    "set_webhook",
]
