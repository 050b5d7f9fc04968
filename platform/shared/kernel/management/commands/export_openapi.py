"""`manage.py export_openapi [--check]`: the OpenAPI documents as files in platform/docs."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from django.utils.module_loading import import_string

FOLDER = Path(settings.ROOT) / "platform" / "docs"
DOCUMENTS = (
    ("openapi.json", "config.api.tenant_api"),
    ("openapi-platform.json", "config.api.platform_api"),
)
PATH_PREFIX = "/api/v1/"


class Command(BaseCommand):
    """Writes both documents; with --check only says whether they are current."""

    help = "Writes the OpenAPI documents of tenants and of the bare domain to platform/docs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--check", action="store_true", help="fail where a file is not current")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError where --check finds an old file."""
        stale = []
        for name, api in DOCUMENTS:
            path, text = FOLDER / name, self._document(api)
            if path.exists() and path.read_text() == text:
                continue
            stale.append(name)
            if not options["check"]:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
                self.stdout.write(f"written: {name}")
        if stale and options["check"]:
            raise CommandError(
                f"Not current: {', '.join(stale)}. Run manage.py export_openapi and commit it."
            )

    def _document(self, api: str) -> str:
        with translation.override("en"):
            schema = import_string(api).get_openapi_schema(path_prefix=PATH_PREFIX)
            return json.dumps(schema, indent=1, sort_keys=True, default=str) + "\n"
