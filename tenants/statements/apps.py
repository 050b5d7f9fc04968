from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatementsConfig(AppConfig):
    name = "tenants.statements"
    label = "statements"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let browsers hear of runs that end, and documents be made of statements."""
        from shared.kernel.hooks import register_topic
        from tenants.documents.sources import register_source
        from tenants.review.kinds import Kind, register_kind
        from tenants.statements.documents import STATEMENT_SOURCE

        register_topic("statement", "statements.read")
        register_topic("statement_run", "statements.read")
        register_kind(
            Kind(
                name="statement_variance",
                label=_("Unusual statement"),
                permission="statements.send",
                icon="trending-up",
            )
        )
        register_source(STATEMENT_SOURCE)
