"""What each role may do: the one matrix behind page, API and task.

A permission is named `area.action`. An API scope `area:read` grants `area.read`; `area:write`
grants every other action of the area, save those that only an owner holds. Roles hold
permissions, objects narrow them further (a contractor sees only its own): that narrowing lives
in the selectors (`object_rules.visible_rows`).
"""

import re
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from shared.accounts.roles import Role
from shared.kernel.errors import Text

READ_ALL = (
    "sites.read",
    "contracts.read",
    "activity.read",
    "invoices.read",
    "payments.read",
    "statements.read",
    "delivery.read",
    "ledger.read",
    "reports.read",
    "organisation.read",
)
BILLING = (
    *READ_ALL,
    "sites.write",
    "contracts.write",
    "contracts.activate",
    "contracts.approve",
    "activity.write",
    "invoices.generate",
    "invoices.approve",
    "invoices.issue",
    "invoices.void",
    "invoices.dispute",
    "payments.write",
    "payments.refund",
    "ledger.write",
    "ledger.close",
    "payments.write_off",
    "statements.generate",
    "statements.send",
    "delivery.write",
    "connections.read",
    "connections.resolve",
    "audit.read",
    "templates.read",
    "organisation.share",
)
ADMIN = (
    *BILLING,
    "ledger.reopen",
    "organisation.write",
    "templates.write",
    "people.read",
    "people.write",
    "api_clients.read",
    "api_clients.write",
    "connections.write",
    "audit.export",
)
# Never granted to a program: an owner decides about owners and about the organisation's end.
OWNER_ONLY = ("organisation.delete", "people.write_owner")

MATRIX: Mapping[Role, frozenset[str]] = {
    Role.OWNER: frozenset((*ADMIN, *OWNER_ONLY)),
    Role.TENANT_ADMIN: frozenset(ADMIN),
    Role.BILLING_MANAGER: frozenset(BILLING),
    Role.APPROVER: frozenset((*READ_ALL, "contracts.approve", "invoices.approve")),
    Role.DEPARTMENT_MANAGER: frozenset((*READ_ALL, "contracts.approve", "invoices.approve")),
    Role.CONTRACTOR: frozenset(),
    Role.VIEWER: frozenset(READ_ALL),
    Role.CUSTOMER: frozenset(),
}
# Of the bare domain: held by platform staff there and by the platform's own API clients.
PLATFORM = frozenset(
    f"{area}.{action}"
    for area in ("organisations", "plans", "jobs")
    for action in ("read", "write")
) | {"audit.read", "audit.export"}

PERMISSIONS: tuple[str, ...] = tuple(sorted(frozenset().union(*MATRIX.values())))
AREAS: tuple[str, ...] = tuple(sorted({name.split(".")[0] for name in PERMISSIONS}))


SCOPE_FORM = re.compile(r"[a-z][a-z_-]*:(read|write)")
# An area may also be named as in the API's paths, which is what integrators see first.
PATH_AREAS: Mapping[str, tuple[str, ...]] = {
    "billing": ("invoices", "payments"),
    "contacts": ("sites",),
    "customer-sites": ("sites",),
    "customers": ("sites",),
    "revenue": ("activity",),
    "revenue-records": ("activity",),
    "territories": ("sites",),
}


def scope_of(permission: str) -> str:
    """The API scope that grants a permission: invoices.issue is in invoices:write."""
    area, action = permission.split(".")
    return f"{area}:{'read' if action == 'read' else 'write'}"


def _scopes(permissions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({scope_of(name) for name in permissions if name not in OWNER_ONLY}))


SCOPES: tuple[str, ...] = _scopes(PERMISSIONS)
PLATFORM_SCOPES: tuple[str, ...] = _scopes(PLATFORM)

AREA_LABELS: Mapping[str, Text] = {
    "activity": _("Revenue and activity"),
    "api_clients": _("API clients and keys"),
    "audit": _("Audit log"),
    "connections": _("Connections and webhooks"),
    "contracts": _("Contracts"),
    "delivery": _("Delivery"),
    "invoices": _("Invoices"),
    "ledger": _("Ledger"),
    "organisation": _("Organisation"),
    "payments": _("Payments"),
    "people": _("People"),
    "reports": _("Reports"),
    "sites": _("Sites and customers"),
    "statements": _("Statements"),
    "templates": _("Templates of documents and e-mails"),
    "organisations": _("Organisations"),
    "plans": _("Plans"),
    "jobs": _("Jobs"),
}
ACTION_LABELS: Mapping[str, Text] = {
    "activate": _("Activate and terminate"),
    "approve": _("Approve"),
    "close": _("Close the books"),
    "delete": _("Delete"),
    "dispute": _("Record disputes"),
    "export": _("Export"),
    "generate": _("Generate"),
    "issue": _("Issue"),
    "read": _("See"),
    "send": _("Send"),
    "share": _("Share views of lists"),
    "refund": _("Refund and reverse"),
    "reopen": _("Reopen the books"),
    "resolve": _("Resolve conflicts and synchronise"),
    "void": _("Void and credit"),
    "write": _("Add and change"),
    "write_off": _("Write off"),
    "write_owner": _("Make and remove owners"),
}


def permissions_of_role(role: str) -> frozenset[str]:
    """The permissions of a role; none for an unknown one."""
    return MATRIX.get(Role(role), frozenset()) if role in Role.values else frozenset()


def known_scopes(*, platform: bool = False) -> frozenset[str]:
    """Every scope a credential may carry; `platform` means the bare domain's."""
    if platform:
        return frozenset(PLATFORM_SCOPES)
    by_path = (f"{path}:{kind}" for path in PATH_AREAS for kind in ("read", "write"))
    return frozenset((*SCOPES, *by_path))


def unknown_scopes(scopes: Iterable[str], *, platform: bool = False) -> list[str]:
    """The scopes among these that grant nothing here."""
    return sorted(set(scopes) - known_scopes(platform=platform))


def permissions_of_scopes(scopes: Iterable[str], *, platform: bool = False) -> frozenset[str]:
    """The permissions that API scopes grant; unknown scopes grant nothing.

    `platform` chooses the bare domain's permissions instead of a tenant's.
    """
    granted: set[str] = set()
    for scope in scopes:
        path, _colon, kind = scope.partition(":")
        granted.update(f"{area}:{kind}" for area in PATH_AREAS.get(path, (path,)))
    return frozenset(
        name
        for name in (PLATFORM if platform else PERMISSIONS)
        if name not in OWNER_ONLY and scope_of(name) in granted
    )
