from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "tenants.documents"
    label = "documents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let pages that wait for a document hear that it is there."""
        from shared.kernel.hooks import register_topic

        register_topic("document", "invoices.read")
