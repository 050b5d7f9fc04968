"""What can be delivered: each kind knows its documents, its addressees and its own status."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from tenants.sites.models import Customer


@dataclass(frozen=True)
class Deliverable:
    """A document to deliver, with whom to write to where the customer has no recipients."""

    object_id: UUID
    code: str
    customer: Customer
    site_id: UUID | None
    site_code: str
    contact_name: str
    contact_email: str
    language: str


@dataclass(frozen=True)
class DeliverableKind:
    """`load(ids)` gives the documents; `note(ids, status)` keeps their own delivery status.

    `message` is the kind of e-mail (`invoice_email`) that carries the document.
    """

    name: str
    message: str
    load: Callable[[Sequence[UUID]], Sequence[Deliverable]]
    note: Callable[[Sequence[UUID], str], object]


_kinds: dict[str, DeliverableKind] = {}


def register_deliverable(kind: DeliverableKind) -> None:
    """Add a kind, in AppConfig.ready(); registering again replaces it."""
    _kinds[kind.name] = kind


def deliverable_kind(name: str) -> DeliverableKind:
    """The kind of that name. Raises KeyError for one that nobody registered."""
    return _kinds[name]
