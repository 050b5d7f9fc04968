"""What every channel has in common."""

from dataclasses import dataclass
from typing import Protocol

from tenants.delivery.models import Delivery


class TryLater(Exception):
    """The other side does not answer or is busy: the same again later."""


class CannotDeliver(Exception):
    """It will not work until somebody changes something; the text says what."""


@dataclass(frozen=True)
class Sent:
    """Handed over. `arrived` where the channel knows that it has reached the customer."""

    message_id: str = ""
    arrived: bool = False


class Sender(Protocol):
    """Hands one delivery over. Raises TryLater or CannotDeliver."""

    def __call__(self, delivery: Delivery) -> Sent:
        """Hand it over."""
