"""Why a file cannot be read at all."""

from shared.kernel.errors import Text


class Unreadable(Exception):
    """The file is no table that can be read; `reason` tells a person what to do."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason
