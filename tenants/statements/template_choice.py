"""Which template a run's statements are made with: asked once a segment and worker."""

from uuid import UUID

from tenants.documents.looks import Look
from tenants.documents.rendering import look_for
from tenants.statements.contents import StatementDocument
from tenants.statements.documents import STATEMENT
from tenants.templates.models import TemplateVersion
from tenants.templates.own import look_of

LATEST, DEFAULT = "latest", "default"


class Looks:
    """`latest`: the tenant's active one for contract type and language, else the default.

    `default` is ours; anything else is the id of a version of the tenant's own template.
    """

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._found: dict[tuple[str, str], Look | None] = {}

    def find(self, contract_type: str, language: str, contents: StatementDocument) -> Look | None:
        """The tenant's own template; None for the default."""
        key = (contract_type, language)
        if key not in self._found:
            self._found[key] = self._look_up(language, contents)
        return self._found[key]

    def _look_up(self, language: str, contents: StatementDocument) -> Look | None:
        if self._wanted == DEFAULT:
            return None
        if self._wanted == LATEST:
            return look_for(STATEMENT, contents, language)
        version = known_version(self._wanted)
        if version is None or version.template.language != language:
            return look_for(STATEMENT, contents, language)
        return look_of(version)


def known_version(wanted: str) -> TemplateVersion | None:
    """The version of a statement template with that id."""
    try:
        pk = UUID(wanted)
    except ValueError:
        return None
    found = TemplateVersion.objects.filter(pk=pk, template__kind=STATEMENT)
    return found.select_related("template").first()
