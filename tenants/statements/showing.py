"""A stored statement as a page or as text, with the template that it was made with."""

from uuid import UUID

from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.errors import Gone
from tenants.documents.rendering import Output, Rendered, render_contents
from tenants.statements.contents import load_statement_document
from tenants.statements.documents import STATEMENT
from tenants.statements.selectors.statements import statement_by_id
from tenants.statements.template_choice import known_version
from tenants.templates.own import look_of


def show_statement(*, actor: Actor, statement_id: UUID, output: Output) -> tuple[str, Rendered]:
    """Its code, and the statement as HTML or text.

    Raises NotFound, and Gone once names and addresses were erased.
    """
    statement = statement_by_id(actor=actor, statement_id=statement_id)
    if statement.archived_at is not None:
        raise Gone(_("The statement is archived; its file is gone."))
    contents, language = load_statement_document(statement.pk)
    version = known_version(str(statement.own_version_id or ""))
    look = look_of(version) if version and not statement.fell_back else None
    rendered = render_contents(
        contents, kind=STATEMENT, language=language, output=output, look=look
    )
    return statement.statement_code, rendered
