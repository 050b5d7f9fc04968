"""What closing a month asks about. Apps above the ledger register what they know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.wording import Wording
from tenants.structure.models import LegalEntity


@dataclass(frozen=True)
class OpenPoint:
    """Something that a person may want to finish before; `url` is where."""

    text: Wording
    url: str = ""


Finder = Callable[[LegalEntity, date], Sequence[OpenPoint]]
_finders: dict[str, Finder] = {}


def register_open_points(name: str, finder: Finder) -> None:
    """Have `finder` asked for the open points of the month that ends with a closing."""
    _finders[name] = finder


def open_points(*, actor: Actor, entity: LegalEntity, through: date) -> list[OpenPoint]:
    """What is still open of a company's month, whatever else who closes it may see."""
    authorize(actor, "ledger.close")
    return [point for finder in _finders.values() for point in finder(entity, through)]
