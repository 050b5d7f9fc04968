"""A tenant's own templates, as far as documents need to know them.

`tenants.templates` keeps them and registers a finder; without one, or where it finds nothing,
the default template of the kind is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shared.kernel.errors import Text


class LookBroken(Exception):
    """A tenant's own template cannot make the document; says why, for the tenant's admin."""


@dataclass(frozen=True)
class LookKey:
    """Which template is wanted: the first of `kinds` that the tenant has one of.

    One for the contract type goes before one for all of them.
    """

    kinds: Sequence[str]
    contract_type: str = ""


class Look(Protocol):
    """One version of a tenant's own template. All three raise LookBroken."""

    @property
    def version_id(self) -> UUID:
        """The row of the version."""

    @property
    def css(self) -> str:
        """Rules added to our stylesheets; checked, and without anything to fetch."""

    def write_body(self, context: Mapping[str, object], language: str) -> str:
        """What stands in the page's body: clean HTML."""

    def write_text(self, context: Mapping[str, object], language: str) -> str:
        """The plain text."""

    def write_subject(self, context: Mapping[str, object], language: str) -> str:
        """The subject of an e-mail, of one line."""


class LookFinder(Protocol):
    """What the app that keeps templates registers."""

    def find(self, wanted: LookKey, language: str) -> Look | None:
        """The active version; None where the default is to be used. One statement."""

    def report_broken(self, look: Look, *, cause: Text, code: str) -> None:
        """Tell the tenant's admin that the document `code` was made with the default instead."""


_finder: LookFinder | None = None


def register_looks(finder: LookFinder) -> None:
    """Let documents be made with templates of the tenant; registering again replaces."""
    global _finder
    _finder = finder


def find_look(wanted: LookKey, language: str) -> Look | None:
    """The tenant's own template, active now; None for the default."""
    return _finder.find(wanted, language) if _finder else None


def report_broken(look: Look, *, cause: Text, code: str) -> None:
    """Tell the tenant's admin why the default was used for the document `code`."""
    if _finder:
        _finder.report_broken(look, cause=cause, code=code)
