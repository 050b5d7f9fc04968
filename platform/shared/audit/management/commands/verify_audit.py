"""`manage.py verify_audit [--organisation NAME]`: was the record changed?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shared.audit.verification import verify_chain
from shared.kernel.tenancy import schema_context, serving_schemas


class Command(BaseCommand):
    """Ends with status 1 where a chain does not hold."""

    help = "Checks the audit chain of every organisation, or of one, and names each break."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--organisation", metavar="SCHEMA", help="only this schema")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError where something is wrong."""
        wanted = options["organisation"]
        broken = [name for name in ([wanted] if wanted else serving_schemas()) if self._check(name)]
        if broken:
            raise CommandError(f"The record was changed in: {', '.join(broken)}.")

    def _check(self, schema: str) -> bool:
        """Print the verdict on one schema; whether it is broken."""
        try:
            with schema_context(schema):
                verdict = verify_chain()
        except LookupError as error:
            raise CommandError(str(error)) from error
        state = "BROKEN" if verdict.problems else "holds"
        erased = f", {verdict.erased} lawfully erased" if verdict.erased else ""
        self.stdout.write(f"{schema}: {state}, {verdict.entries} entries{erased}")
        for problem in verdict.problems:
            self.stdout.write(f"  {problem}")
        return bool(verdict.problems)
