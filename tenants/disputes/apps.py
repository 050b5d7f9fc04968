from django.apps import AppConfig


class DisputesConfig(AppConfig):
    name = "tenants.disputes"
    label = "disputes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Browsers hear of disputes that are raised and closed."""
        from shared.kernel.hooks import register_topic

        register_topic("dispute", "invoices.read")
