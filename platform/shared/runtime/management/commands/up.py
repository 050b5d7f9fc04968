"""`manage.py up`: the whole service on this machine, in one group of processes."""

from argparse import ArgumentParser
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command, get_commands

from shared.organisations import provisioning
from shared.organisations.models import MigrationState, Organisation
from shared.runtime.embedded import data_folder, release_servers, uses_embedded_servers
from shared.runtime.locks import FileLock
from shared.runtime.processes import Service, read_state
from shared.runtime.supervisor import Supervisor, port_is_free
from shared.runtime.system_packages import ensure_packages

DEMO_COMMAND = "demo"
LOCK_FILE = "up.lock"


class Command(BaseCommand):
    """Migrates, makes the demo, runs web, live, worker, provisioner and beat until Ctrl-C."""

    help = "Run the whole service on this machine: databases, web, workers. Ctrl-C stops it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen and where the data lies."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port of the web; events: + 1")
        parser.add_argument(
            "--data",
            help="folder of the embedded servers and files (else INVOICEPATCH_DATA, .data)",
        )
        parser.add_argument("--no-demo", action="store_true", help="start without demo data")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM. Tells and returns where this data folder is served."""
        service = Service(data=data_folder(), host=options["host"], port=options["port"])
        lock = FileLock(service.data / LOCK_FILE)
        if not lock.try_acquire():
            self._tell_running(service.data)
            return
        try:
            self._serve(service, with_demo=not options["no_demo"])
        except KeyboardInterrupt:  # before there is a supervisor that would hear it
            self.stdout.write("Interrupted. Nothing is lost: the next start goes on from here.")
        finally:
            if uses_embedded_servers(service.data) and not release_servers(service.data):
                self.stdout.write("PostgreSQL and Redis go on: another command uses them.")

    def _serve(self, service: Service, *, with_demo: bool) -> None:
        for port in (service.port, service.live_port):
            if not port_is_free(service.host, port):
                raise CommandError(f"Port {port} is in use. Choose another: up --port {port + 10}")
        ensure_packages(self.stdout.write)
        self.stdout.write("Bringing the schemas up to date")
        migrate()
        sign_ins = self._make_demo() if with_demo else ""
        Supervisor(
            service,
            embedded=uses_embedded_servers(service.data),
            on_ready=lambda: self.stdout.write(_welcome(service.data, sign_ins)),
        ).run()
        self.stdout.write("Stopped.")

    def _make_demo(self) -> str:
        if DEMO_COMMAND not in get_commands():
            return ""
        self.stdout.write("Making what is missing of the demo (--no-demo leaves it out)")
        output = StringIO()
        call_command(DEMO_COMMAND, stdout=output)
        return output.getvalue()

    def _tell_running(self, data: Path) -> None:
        state = read_state(data)
        where = f"port {state['port']}, process {state['supervisor']}" if state else "starting"
        self.stdout.write(f"InvoicePatch already runs on {data} ({where}). Nothing was changed.")


def migrate() -> None:
    """Bring the public schema and every organisation's schema up to date."""
    provisioning.migrate_public()
    done = dict(
        MigrationState.objects.filter(status=MigrationState.Status.DONE).values_list(
            "schema_name", "version"
        )
    )
    for organisation in Organisation.objects.exclude(database_role=""):
        wanted = provisioning.current_version(organisation.schema_name)
        if done.get(organisation.schema_name) != wanted:
            provisioning.migrate_schema(organisation.schema_name)


def _welcome(data: Path, sign_ins: str) -> str:
    address = f"{settings.PUBLIC_SCHEME}://{settings.BASE_DOMAIN}:{settings.PUBLIC_PORT}"
    lines = [
        "",
        f"InvoicePatch is ready: {address}",
        f"  E-mail sent here:    {address}/mail",
        f"  API reference:       {address}/api/v1/docs",
        f"  Data folder:         {data}",
        sign_ins.rstrip(),
        "Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)
