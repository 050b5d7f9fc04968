from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "shared.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Write sign-ins and changes of second factors into the audit log; add the pages."""
        from shared.accounts import signals
        from shared.kernel.hooks import NavigationItem, register_navigation

        signals.connect()
        register_navigation(
            NavigationItem(
                group="settings_access",
                label=_("People"),
                url_name="people",
                icon="users",
                permission="people.read",
                order=800,
                text=_("Who may sign in, what their roles let them do, access for programs."),
                also=("/settings/roles", "/settings/api"),
            )
        )
