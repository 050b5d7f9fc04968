"""Typed access to environment variables; the only reader of os.environ for settings."""

import os
from pathlib import Path


class MissingSetting(RuntimeError):
    """A setting that has no default is not given."""


def text(name: str, default: str | None = None) -> str:
    """The variable's value, else the default. Raises MissingSetting where both are absent."""
    value = os.environ.get(name, default)
    if value is None:
        raise MissingSetting(f"Set the environment variable {name}.")
    return value


def secret(name: str, default: str | None = None) -> str:
    """As text(), or the content of the file named by NAME_FILE (a mounted secret)."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else text(name, default)


def flag(name: str, default: bool = False) -> bool:
    """true/1/yes/on against anything else."""
    value = os.environ.get(name)
    return default if value is None else value.lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    """A whole number. Raises ValueError where it is none."""
    return int(os.environ.get(name, default))


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks removed."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]
