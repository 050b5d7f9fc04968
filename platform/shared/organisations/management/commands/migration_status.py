"""`manage.py migration_status`: which schemas are up to date, which are not, and why."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from shared.organisations.migrating import migration_status


class Command(BaseCommand):
    """Prints a line a schema, those that need attention first."""

    help = "Show how far the migrations of every schema are."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument("--json", action="store_true", help="print JSON instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Never fails because of a schema's state."""
        found = migration_status()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found]))
            return
        for one in found:
            state = "up to date" if one.up_to_date else f"BEHIND ({one.status})"
            self.stdout.write(f"{one.schema_name:<42} {state:<20} {one.finished_at} {one.error}")
        behind = sum(not one.up_to_date for one in found)
        self.stdout.write(f"{len(found)} schemas, {behind} behind")
