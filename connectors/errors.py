"""The two ways an outside system can fail us. Source: `architecture.md`, rule 6."""

from __future__ import annotations

from datetime import timedelta
from typing import Any


class Told(str):
    """An English sentence that remembers what it was made of, so that others can translate it."""

    text: str
    values: dict[str, str | int]


def told(text: str, **values: str | int) -> Told:
    """The marked text with its values, such as `_("%(name)s is no date.", name="day")`.

    Connectors know no Django; import it as `_`, so that the text is found and translated.
    """
    sentence = Told(text % values if values else text)
    sentence.text, sentence.values = text, values
    return sentence


class RetryLater(Exception):
    """It may work again: `after` is the least time to wait, None where the caller chooses.

    `why` is text, best `told`, or whatever else `str` makes a sentence of.
    """

    def __init__(self, why: Any, after: timedelta | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.after = after


class NeedsAttention(Exception):
    """Trying again would fail again: a person has to change `field`, or what `why` tells."""

    def __init__(self, why: Any, field: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.field = field
