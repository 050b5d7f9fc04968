"""The ways to a customer. A new one is a module with one function and a line here."""

from collections.abc import Mapping

from tenants.delivery.channels.base import CannotDeliver, Sender, Sent, TryLater
from tenants.delivery.channels.download import send_link
from tenants.delivery.channels.email import send_email
from tenants.delivery.channels.portal import announce
from tenants.delivery.channels.sftp import drop_files
from tenants.delivery.models import Channel

SENDERS: Mapping[str, Sender] = {
    Channel.EMAIL: send_email,
    Channel.PORTAL: announce,
    Channel.DOWNLOAD: send_link,
    Channel.SFTP: drop_files,
}

__all__ = ["SENDERS", "CannotDeliver", "Sender", "Sent", "TryLater"]
