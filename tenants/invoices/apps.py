from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicesConfig(AppConfig):
    name = "tenants.invoices"
    label = "invoices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show invoices and runs in the navigation; browsers hear of issued ones."""
        from shared.kernel.hooks import NavigationItem, register_navigation, register_topic

        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Invoices"),
                url_name="invoice_list",
                icon="receipt",
                permission="invoices.read",
                order=120,
            )
        )
        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Billing runs"),
                url_name="billing_runs",
                icon="calendar-check",
                permission="invoices.generate",
                order=130,
            )
        )
        register_topic("invoice", "invoices.read")
        from tenants.documents.presentation import invoice_source
        from tenants.documents.sources import register_source
        from tenants.invoices.selectors.documents import load_invoice_document

        register_source(invoice_source(load_invoice_document))
