"""One step of a run: how far it came, and what it counted."""

from dataclasses import dataclass, field


@dataclass
class Step:
    """A page that was done; an empty cursor ends the phase."""

    cursor: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, number: int = 1) -> None:
        """Add to one of the counts."""
        self.counts[name] = self.counts.get(name, 0) + number
