from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "shared.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the record in the navigation."""
        from shared.kernel.hooks import NavigationItem, register_navigation

        register_navigation(
            NavigationItem(
                group="settings_access",
                label=_("Audit log"),
                url_name="audit",
                icon="scroll-text",
                permission="audit.read",
                order=900,
                text=_("Who did what and when, with the values before and after."),
            )
        )
