"""Who looks at the portal, and the only things they may do."""

from dataclasses import dataclass

from shared.accounts.roles import Role
from shared.kernel.actor import Actor
from tenants.portal.models import PortalLink
from tenants.sites.models import Customer

# Held by nobody's account and granted by no scope: only a portal session carries them. Each
# service and selector of the portal narrows what they mean to the session's own customer.
PERMISSIONS = frozenset({"portal.read", "portal.pay", "invoices.dispute"})


@dataclass(frozen=True)
class Access:
    """A portal session: its customer, and the actor in whose name things are done."""

    customer: Customer
    actor: Actor


def access_by(link: PortalLink, *, ip: str | None, request_id: str | None) -> Access:
    """The access that a used link gives. `link.customer` must be loaded."""
    actor = Actor(
        kind="user",
        id=str(link.pk),
        label=f"{link.name}, {link.customer.name}" if link.name else link.customer.name,
        role=Role.CUSTOMER,
        permissions=PERMISSIONS,
        ip=ip,
        request_id=request_id,
    )
    return Access(customer=link.customer, actor=actor)
