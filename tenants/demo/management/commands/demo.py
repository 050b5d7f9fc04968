"""`manage.py demo`: the demo organisations acme and globex, with people, months and mistakes."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation
from shared.organisations.services.jobs import set_up_now
from shared.organisations.services.signup import SignUp
from tenants.demo.acme import ACME
from tenants.demo.build import play
from tenants.demo.globex import GLOBEX
from tenants.demo.story import OrganisationStory
from tenants.sites.models import Site

PASSWORD = "invoicepatch-demo"  # noqa: S105 - printed beside the sign-ins, for the demo only
STORIES = (ACME, GLOBEX)


class Command(BaseCommand):
    """Makes what is missing of the demo; an organisation that exists is left alone."""

    help = "Make the demo organisations. Runs as the owner."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The same seed and day give the same demo."""
        parser.add_argument("--seed", type=int, default=2025)
        parser.add_argument("--today", type=date.fromisoformat, default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each organisation and how to sign in."""
        today = options["today"] or date.today()  # noqa: DTZ011 - the machine's day will do
        for story in STORIES:
            organisation = _find(story) or _provision(story)
            with organisation_context(organisation), transaction.atomic():
                if not Site.objects.exists():  # all of a story is there, or nothing of it
                    _add_people(story)
                    play(story, today=today, seed=options["seed"])
        for story in STORIES:
            self._tell(story)

    def _tell(self, story: OrganisationStory) -> None:
        organisation = Organisation.objects.get(subdomain=story.subdomain)
        self.stdout.write(f"{story.name}: {organisation.url}  (password {PASSWORD})")
        for person in story.people:
            self.stdout.write(f"    {person.email:<26} {person.role.replace('_', ' ')}")


def _find(story: OrganisationStory) -> Organisation | None:
    found: Organisation | None = Organisation.objects.filter(subdomain=story.subdomain).first()
    return found


def _provision(story: OrganisationStory) -> Organisation:
    owner = story.people[0]
    details = SignUp(
        organisation_name=story.name,
        subdomain=story.subdomain,
        owner_name=owner.name,
        email=owner.email,
        password=PASSWORD,
        plan=story.plan,
        language=story.language,
        time_zone=story.time_zone,
        verified=True,
    )
    return set_up_now(actor=SYSTEM, details=details)


def _add_people(story: OrganisationStory) -> None:
    for person in story.people[1:]:
        add_person(
            actor=SYSTEM,
            email=person.email,
            name=person.name,
            role=person.role,
            password=PASSWORD,
            time_zone=story.time_zone,
        )
