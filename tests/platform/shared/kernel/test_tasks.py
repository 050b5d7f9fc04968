"""Background work runs in its organisation and writes in the right language."""

from django.utils.translation import get_language

from shared.kernel.tasks import tenant_task
from shared.kernel.tenancy import current_organisation


@tenant_task()
def tell_where() -> tuple[str, str | None]:
    """The organisation and the language that work sees."""
    organisation = current_organisation()
    return (organisation.subdomain if organisation else ""), get_language()


def test_work_speaks_the_language_asked_for_else_the_organisations(in_acme):
    schema = in_acme.schema_name
    assert tell_where(schema=schema) == (in_acme.subdomain, in_acme.language)
    assert tell_where(schema=schema, language="fr-ca") == (in_acme.subdomain, "fr-ca")
    assert get_language() == "en"
