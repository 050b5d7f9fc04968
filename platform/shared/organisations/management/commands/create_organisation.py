"""`manage.py create_organisation`: provision one and print it as one line of JSON."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Invalid
from shared.organisations.services.jobs import set_up_now
from shared.organisations.services.signup import SignUp


class Command(BaseCommand):
    """Makes an organisation whose owner can sign in at once. Runs as the owner."""

    help = "Provision an organisation and print organisation_id, schema_name, subdomain and url."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Source of the names: `api.md`, For scripts."""
        parser.add_argument("--name", required=True)
        parser.add_argument("--subdomain", required=True)
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-password", required=True)
        parser.add_argument("--plan", default="starter")
        parser.add_argument("--language", default="en")
        parser.add_argument("--time-zone", default="America/Toronto")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError with every wrong value, or with what made the set-up fail."""
        details = SignUp(
            organisation_name=options["name"],
            subdomain=options["subdomain"],
            owner_name=options["admin_email"].split("@")[0],
            email=options["admin_email"],
            password=options["admin_password"],
            plan=options["plan"],
            language=options["language"],
            time_zone=options["time_zone"],
            verified=True,
        )
        try:
            organisation = set_up_now(actor=SYSTEM, details=details)
        except Invalid as error:
            problems = "; ".join(f"{one.field}: {one.message}" for one in error.errors)
            raise CommandError(problems) from error
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            json.dumps(
                {
                    "organisation_id": str(organisation.id),
                    "schema_name": organisation.schema_name,
                    "subdomain": organisation.subdomain,
                    "url": organisation.url,
                }
            )
        )
