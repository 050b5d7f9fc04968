"""What happens before a Django command: its role, its servers, its settings."""

import os
import sys
from pathlib import Path

from shared.runtime.embedded import begin_servers, data_folder, servers_of, wait_for_servers
from shared.runtime.processes import read_state

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
    elif "PUBLIC_PORT" not in os.environ and (running := read_state(data_folder()).get("port")):
        os.environ["PUBLIC_PORT"] = str(running)  # the addresses it prints are those of `up`
    if command in OWNER_COMMANDS:
        os.environ.setdefault("INVOICEPATCH_CONNECT_AS", "owner")
    _execute(arguments, with_servers=command not in COMMANDS_WITHOUT_SERVERS)


def _execute(arguments: list[str], *, with_servers: bool) -> None:
    if "DATABASE_URL" in os.environ:
        os.environ.setdefault("OWNER_DATABASE_URL", os.environ["DATABASE_URL"])
    embedded = not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys()
    if embedded:
        data = data_folder()
        servers = begin_servers(data) if with_servers else servers_of(data)
        for name, address in servers.environment().items():
            os.environ.setdefault(name, address)
    import django
    from django.core.management import execute_from_command_line

    django.setup()  # takes about as long as the servers
    if embedded and with_servers:
        wait_for_servers(data)
    execute_from_command_line(arguments)


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
