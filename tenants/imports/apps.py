from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    name = "tenants.imports"
    label = "imports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the imports in the navigation."""
        from shared.kernel.hooks import NavigationItem, register_navigation

        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Imports"),
                url_name="import_list",
                icon="file-up",
                permission="activity.write",
                order=160,
            )
        )
