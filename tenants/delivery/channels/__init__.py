"""The ways to a customer. A new one is a module with one function and a line here."""

from collections.abc import Mapping

from tenants.delivery.channels.base import CannotDeliver, Sender, Sent, TryLater
from tenants.delivery.channels.download import send_link
from tenants.delivery.channels.email import send_email
from tenants.delivery.channels.portal import announce
from tenants.delivery.models import Channel, Delivery


def drop_files(delivery: Delivery) -> Sent:
    """By SFTP. Raises TryLater and CannotDeliver."""
    from tenants.delivery.channels import sftp  # slow to load, and few customers have a server

    return sftp.drop_files(delivery)


SENDERS: Mapping[str, Sender] = {
    Channel.EMAIL: send_email,
    Channel.PORTAL: announce,
    Channel.DOWNLOAD: send_link,
    Channel.SFTP: drop_files,
}

__all__ = ["SENDERS", "CannotDeliver", "Sender", "Sent", "TryLater"]
