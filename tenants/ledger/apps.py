from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "tenants.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the journal in the navigation."""
        from shared.kernel.hooks import NavigationItem, register_navigation

        register_navigation(
            NavigationItem(
                group="money",
                label=_("Ledger"),
                url_name="ledger",
                icon="book-open",
                permission="ledger.read",
                order=230,
            )
        )
