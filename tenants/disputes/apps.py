from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DisputesConfig(AppConfig):
    name = "tenants.disputes"
    label = "disputes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the disputes in the navigation; keep them to what is open of their invoices."""
        from shared.kernel.hooks import NavigationItem, register_navigation, register_topic
        from tenants.disputes.services import cap_disputes
        from tenants.payments.hooks import register_settled_listener

        register_navigation(
            NavigationItem(
                group="money",
                label=_("Disputes"),
                url_name="dispute_list",
                icon="message-circle-warning",
                permission="invoices.read",
                order=205,
            )
        )
        register_topic("dispute", "invoices.read")
        register_settled_listener(cap_disputes)
