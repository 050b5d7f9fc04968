from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "shared.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Write sign-ins and changes of second factors into the audit log."""
        from shared.accounts import signals

        signals.connect()
