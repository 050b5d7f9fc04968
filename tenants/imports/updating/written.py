"""What a row changed of a stored record, for people and for the undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.kernel.models import RevisedRow


@dataclass(frozen=True)
class Written:
    """A stored record after its row.

    `changes` are `{field, before, after}` by column, as text or as a Wording is kept, and none
    where the row says what is stored; `previous` is what `put_back` needs.
    """

    record: RevisedRow
    changes: list[dict[str, Any]]
    previous: dict[str, Any]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields whose texts are not the same, in the order of the columns."""
    return [
        {"field": name, "before": before.get(name, ""), "after": after.get(name, "")}
        for name in dict.fromkeys((*before, *after))
        if before.get(name, "") != after.get(name, "")
    ]
