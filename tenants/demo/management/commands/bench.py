"""`manage.py bench rating|invoices|queries|…`: figures from real runs on this machine.

Each benchmark runs in a process of its own, on a fresh copy of the tables that is dropped
afterwards. Nothing else should use the machine meanwhile.
"""

import json
import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shared.runtime import databases, test_database
from shared.runtime.embedded import data_folder
from tenants.demo.benchmarks import BENCHMARKS

DATABASE = "invoicepatch_bench"
SECONDS_MAX = 3 * 60 * 60


class Command(BaseCommand):
    """Measures and prints; asserts nothing."""

    help = "Measure: " + ", ".join(BENCHMARKS)
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Which benchmarks, and how to print them."""
        parser.add_argument("what", nargs="+", choices=[*BENCHMARKS, "all"])
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--repeats", type=int, default=3, help="medians of this many")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run each in turn. Raises CommandError where one fails."""
        wanted = list(BENCHMARKS) if "all" in options["what"] else options["what"]
        for name in wanted:
            figures = self._run(name, options["repeats"])
            if options["json"]:
                self.stdout.write(json.dumps({"benchmark": name, **figures}))
            else:
                self.stdout.write(self.style.SUCCESS(name))
                for key, value in figures.items():
                    self.stdout.write(f"  {key}: {value}")

    def _run(self, name: str, repeats: int) -> dict[str, Any]:
        owner_url = os.environ["OWNER_DATABASE_URL"]
        lock = data_folder() / "bench" / "template.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        test_database.make_test_database(owner_url, DATABASE, lock_file=lock, rebuild_for="")
        try:
            finished = subprocess.run(
                [sys.executable, "-m", "tenants.demo.benchmarks", name, str(repeats)],
                env=_environment(owner_url, BENCHMARKS[name].as_owner),
                stdout=subprocess.PIPE,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
                cwd=settings.ROOT,
            )
        finally:
            databases.drop_database(owner_url, DATABASE)
        if finished.returncode:
            raise CommandError(f"{name} failed; see above.")
        figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
        return figures


def _environment(owner_url: str, as_owner: bool) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": databases.with_database(os.environ["DATABASE_URL"], DATABASE),
        "OWNER_DATABASE_URL": databases.with_database(owner_url, DATABASE),
        "INVOICEPATCH_CONNECT_AS": "owner" if as_owner else "application",
    }
