"""What happens before a Django command: its role, its servers, its settings."""

import os
import sys
from pathlib import Path

from shared.runtime.embedded import data_folder, servers_of, start_servers

ROOT = Path(__file__).resolve().parents[3]
# These make or change tables, schemas or roles, which only the owner may.
OWNER_COMMANDS = frozenset(
    {
        "create_organisation",
        "demo",
        "migrate",
        "migrate_organisations",
        "migrate_schemas",
        "migration_status",
        "up",
    }
)
COMMANDS_WITHOUT_SERVERS = frozenset(
    {
        "",
        "--help",
        "--version",
        "collectstatic",
        "compilemessages",
        "export_openapi",
        "help",
        "makemessages",
        "version",
    }
)


def run(arguments: list[str]) -> None:
    """Run the command of `manage.py`'s arguments, on embedded servers where none are given.

    DATABASE_URL and REDIS_URL, where set, are used instead. `--data FOLDER`, else
    INVOICEPATCH_DATA, names the folder of the embedded servers.
    """
    command = arguments[1] if len(arguments) > 1 else ""
    if command == "test":
        _run_tests(arguments[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    folder = _option(arguments, "--data")
    if folder:
        os.environ["INVOICEPATCH_DATA"] = str(Path(folder).expanduser().resolve())
    if command == "up":
        port = int(_option(arguments, "--port") or 8000)
        os.environ.setdefault("PUBLIC_PORT", str(port))
        os.environ.setdefault("LIVE_URL", f"http://localhost:{port + 1}")
    if command in OWNER_COMMANDS:
        os.environ.setdefault("INVOICEPATCH_CONNECT_AS", "owner")
    _find_servers(needed=command not in COMMANDS_WITHOUT_SERVERS)
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)


def _find_servers(*, needed: bool) -> None:
    if "DATABASE_URL" in os.environ:
        os.environ.setdefault("OWNER_DATABASE_URL", os.environ["DATABASE_URL"])
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    data = data_folder()
    servers = start_servers(data) if needed else servers_of(data)
    for name, address in servers.environment().items():
        os.environ.setdefault(name, address)


def _option(arguments: list[str], name: str) -> str | None:
    """The value of an option given as `--name value` or `--name=value`."""
    for position, argument in enumerate(arguments):
        if argument == name and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(f"{name}="):
            return argument.split("=", 1)[1]
    return None


def _run_tests(arguments: list[str]) -> None:
    """Become pytest; -P keeps the working folder off the import path."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", *arguments])  # noqa: S606
