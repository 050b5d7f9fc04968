"""`manage.py migrate_organisations --workers 4`: public first, then every tenant in parallel."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shared.organisations.migrating import migrate_all


class Command(BaseCommand):
    """Migrates every schema; may be killed and run again. Needs INVOICEPATCH_CONNECT_AS=owner."""

    help = "Bring the public schema and every organisation's schema up to date."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument("--workers", type=int, default=2, help="processes, 1 to 32")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError where a schema failed; the others were still migrated."""
        workers = int(options["workers"])
        if not 1 <= workers <= 32:
            raise CommandError("--workers is 1 to 32.")
        failed = 0
        for outcome in migrate_all(workers=workers):
            if outcome.error:
                failed += 1
                self.stderr.write(f"{outcome.schema_name}: {outcome.error}")
            elif options["verbosity"] > 0:
                self.stdout.write(f"{outcome.schema_name}: up to date")
        if failed:
            raise CommandError(f"{failed} schemas failed; see migration_status, then run again.")
