"""Kinds of work that wait for a person: the app that raises them registers them."""

from dataclasses import dataclass

from shared.kernel.errors import Text


@dataclass(frozen=True)
class Kind:
    """One kind of review item: who may see and close it, and how it is shown."""

    name: str
    label: Text
    permission: str
    icon: str = "circle-alert"


_kinds: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    """Add a kind, in AppConfig.ready(). Raises ValueError where the name has another kind."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"two kinds of review item are named {kind.name}")


def kind_of(name: str) -> Kind:
    """The kind of that name. Raises KeyError for one that nobody registered."""
    return _kinds[name]


def kinds() -> list[Kind]:
    """All kinds, by name."""
    return [_kinds[name] for name in sorted(_kinds)]
