from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    name = "tenants.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take invoices from runs; tell browsers; ask people about what does not arrive."""
        from shared.kernel.hooks import register_topic
        from tenants.delivery.invoices import INVOICE_DELIVERABLE
        from tenants.delivery.kinds import register_deliverable
        from tenants.delivery.reminders import (
            LETTER_SOURCE,
            MESSAGE_SOURCE,
            REMINDER_DELIVERABLE,
        )
        from tenants.delivery.services import request_deliveries
        from tenants.documents.sources import register_source
        from tenants.invoices.hooks import register_distributor
        from tenants.review.kinds import Kind, register_kind

        register_deliverable(INVOICE_DELIVERABLE)
        register_deliverable(REMINDER_DELIVERABLE)
        register_source(LETTER_SOURCE)
        register_source(MESSAGE_SOURCE)
        register_distributor(request_deliveries)
        register_topic("delivery", "delivery.read")
        register_kind(Kind("delivery", _("Delivery"), "delivery.write", "send"))
