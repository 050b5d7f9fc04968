from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "tenants.invoices"
    label = "invoices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Documents read invoices through this, and know nothing else of them."""
        from tenants.documents.sources import DocumentSource, register_source
        from tenants.invoices.selectors.documents import printed_invoice

        register_source(DocumentSource(kind="invoice", load=printed_invoice))
