"""The two ways an outside system can fail us. Source: `architecture.md`, rule 6."""

from __future__ import annotations

from datetime import timedelta


class RetryLater(Exception):
    """It may work again: `after` is the least time to wait, None where the caller chooses."""

    def __init__(self, why: str, after: timedelta | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.after = after


class NeedsAttention(Exception):
    """Trying again would fail again: a person has to change `field`, or what `why` tells."""

    def __init__(self, why: str, field: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.field = field
