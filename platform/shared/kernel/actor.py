"""Who acts: a person, an API client, a member of platform staff or the system itself."""

from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

ActorKind = Literal["user", "client", "system", "staff", "anonymous"]


@dataclass(frozen=True)
class Actor:
    """The identity every service and selector is called with; what it may do is in it."""

    kind: ActorKind
    id: str
    label: str
    role: str | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    user_id: UUID | None = None
    ip: str | None = None
    request_id: str | None = None

    def may(self, permission: str) -> bool:
        """Whether the actor holds the permission `area.action`."""
        return self.kind == "system" or permission in self.permissions

    def acting_in(self, *, ip: str | None, request_id: str | None) -> "Actor":
        """The same actor, seen from this address in this request."""
        return replace(self, ip=ip, request_id=request_id)


SYSTEM = Actor(kind="system", id="system", label="InvoicePatch")
ANONYMOUS = Actor(kind="anonymous", id="anonymous", label="anonymous")
