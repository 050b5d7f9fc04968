"""The page that shows what each role may do, generated from the matrix that decides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from shared.accounts.permissions import ACTION_LABELS, AREA_LABELS, PERMISSIONS, permissions_of_role
from shared.accounts.roles import DESCRIPTIONS, Role
from shared.kernel.errors import Text


@dataclass(frozen=True)
class RoleColumn:
    """One role at the head of the table."""

    value: str
    label: Text
    description: Text


@dataclass(frozen=True)
class PermissionRow:
    """One permission and, in the order of the columns, which roles hold it."""

    name: str
    label: Text
    held: Sequence[bool]


@dataclass(frozen=True)
class AreaRows:
    """The permissions of one area."""

    name: str
    label: Text
    rows: Sequence[PermissionRow]


def role_columns() -> list[RoleColumn]:
    """Every role, from most to least."""
    return [RoleColumn(role.value, role.label, DESCRIPTIONS[role]) for role in Role]


def area_rows() -> list[AreaRows]:
    """Every permission, by area; within an area, seeing comes first."""
    areas = []
    for area, names in groupby(PERMISSIONS, key=lambda name: name.split(".")[0]):
        rows = [_row(name) for name in sorted(names, key=_seeing_first)]
        areas.append(AreaRows(area, AREA_LABELS[area], rows))
    return areas


def _row(name: str) -> PermissionRow:
    action = name.split(".")[1]
    held = [name in permissions_of_role(role.value) for role in Role]
    return PermissionRow(name, ACTION_LABELS[action], held)


def _seeing_first(name: str) -> tuple[bool, str]:
    return (not name.endswith(".read"), name)
