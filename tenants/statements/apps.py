from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatementsConfig(AppConfig):
    name = "tenants.statements"
    label = "statements"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show statements in the navigation; browsers hear of runs that end."""
        from shared.kernel.hooks import NavigationItem, register_navigation, register_topic
        from tenants.documents.sources import register_source
        from tenants.review.kinds import Kind, register_kind
        from tenants.statements.documents import statement_source
        from tenants.statements.selectors.statements import statement_examples

        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Statements"),
                url_name="statement_list",
                icon="scroll-text",
                permission="statements.read",
                order=135,
                also=("/statement-runs",),
            )
        )
        register_navigation(
            NavigationItem(
                group="settings_documents",
                label=_("Rules for statements"),
                url_name="statement_keeping",
                icon="archive",
                permission="organisation.read",
                order=720,
                text=_(
                    "What a person looks at before it is sent, how long it is kept, legal holds."
                ),
            )
        )
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
        register_source(statement_source(statement_examples))
