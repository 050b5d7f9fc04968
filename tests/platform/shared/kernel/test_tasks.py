"""Background work runs in its organisation and writes in the right language."""

from django.db import connection, transaction
from django.utils.translation import get_language

from shared.kernel.tasks import enqueue_after_commit, tenant_task
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


def test_a_queue_that_does_not_answer_spoils_nothing_that_was_committed(in_acme):
    """Django logs what a hook raised under the hook's name, and fails where it has none."""
    with transaction.atomic():
        enqueue_after_commit(tell_where)
        _savepoints, send, is_robust = connection.run_on_commit[-1]
    assert is_robust
    assert send.__qualname__ == tell_where.name
