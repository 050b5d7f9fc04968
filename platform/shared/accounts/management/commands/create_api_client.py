"""`manage.py create_api_client --tenant acme --name "Nightly export" --scopes "invoices:read"`."""

import json
from contextlib import nullcontext
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from shared.accounts.permissions import unknown_scopes
from shared.accounts.services.credentials import Grant, create_api_client
from shared.accounts.sites import site_url
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError
from shared.kernel.tenancy import PUBLIC_SCHEMA, Tenant, organisation_context, shared_context

TOKEN_PATH = "/api/v1/oauth/token"  # noqa: S105 - an address


class Command(BaseCommand):
    """Prints one JSON line: client_id, client_secret, token_url. Source: `api.md`, For scripts."""

    help = "Make an OAuth 2.0 client for a tenant and print its credentials as one JSON line."

    def add_arguments(self, parser: CommandParser) -> None:
        """The tenant by schema or subdomain (`public`: the bare domain), a name, the scopes."""
        parser.add_argument("--tenant", required=True, metavar="SCHEMA_OR_SUBDOMAIN")
        parser.add_argument("--name", required=True)
        parser.add_argument("--scopes", required=True, help='such as "sites:read invoices:write"')

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, print it. Raises CommandError with the reason where that is impossible."""
        scopes = options["scopes"].replace(",", " ").split()
        grant = Grant(name=options["name"], scopes=scopes, future_scopes=True)
        for scope in unknown_scopes(scopes, platform=options["tenant"] == PUBLIC_SCHEMA):
            self.stderr.write(f"{scope} grants nothing in this version.")
        with _tenant_context(options["tenant"]):
            try:
                made = create_api_client(actor=SYSTEM, grant=grant)
            except AppError as error:
                reasons = [str(one.message) for one in error.errors] or [str(error.detail)]
                raise CommandError(" ".join(reasons)) from error
            shown = {
                "client_id": made.client.client_id,
                "client_secret": made.secret,
                "token_url": site_url(TOKEN_PATH),
            }
        self.stdout.write(json.dumps(shown))


def _tenant_context(name: str) -> Any:
    if name == PUBLIC_SCHEMA:
        return nullcontext()
    return organisation_context(_find_organisation(name))


def _find_organisation(name: str) -> Tenant:
    model = apps.get_model("organisations", "Organisation")
    with shared_context():
        found = model.objects.filter(Q(schema_name=name) | Q(subdomain=name)).exclude(state="spare")
        matches = sorted(found, key=lambda one: one.subdomain != name)
    if not matches:
        raise CommandError(f"No organisation has the schema or subdomain {name!r}.")
    organisation: Tenant = matches[0]
    return organisation
