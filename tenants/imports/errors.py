"""Why a file cannot be read at all."""


class Unreadable(Exception):
    """The file is no table that can be read; `reason` tells a person what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
