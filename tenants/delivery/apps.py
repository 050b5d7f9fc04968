from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    name = "tenants.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take invoices from runs; tell browsers; ask people about what does not arrive."""
        from shared.kernel.hooks import register_topic
        from tenants.delivery import reminders, statements
        from tenants.delivery.invoices import INVOICE_DELIVERABLE
        from tenants.delivery.kinds import register_deliverable
        from tenants.delivery.models import COMPLAINT_KIND
        from tenants.delivery.services import erase_addressees, request_deliveries
        from tenants.documents.sources import register_source
        from tenants.invoices.hooks import register_distributor
        from tenants.review.kinds import Kind, register_kind
        from tenants.statements import hooks as statement_hooks

        for kind in (
            INVOICE_DELIVERABLE,
            statements.STATEMENT_DELIVERABLE,
            reminders.REMINDER_DELIVERABLE,
        ):
            register_deliverable(kind)
        for source in (
            reminders.LETTER_SOURCE,
            reminders.MESSAGE_SOURCE,
            statements.MESSAGE_SOURCE,
        ):
            register_source(source)
        register_distributor(request_deliveries)
        statement_hooks.register_distributor(statements.distribute_statements)
        statement_hooks.register_eraser(erase_addressees)
        self._register_pages()
        register_topic("delivery", "delivery.read")
        register_kind(Kind("delivery", _("Delivery"), "delivery.write", "send"))
        register_kind(Kind(COMPLAINT_KIND, _("Spam report"), "delivery.write", "mail-warning"))

    def _register_pages(self) -> None:
        from shared.kernel.hooks import NavigationItem, register_navigation

        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Deliveries"),
                url_name="delivery_list",
                icon="send",
                permission="delivery.read",
                order=140,
                also=("/reminders",),
            )
        )
        register_navigation(
            NavigationItem(
                group="settings_documents",
                label=_("Delivery of e-mails"),
                url_name="delivery_settings",
                icon="mail-check",
                permission="organisation.write",
                order=740,
                text=_("How your mail service tells what arrived and what bounced."),
            )
        )
        register_navigation(
            NavigationItem(
                group="settings_documents",
                label=_("Levels of reminders"),
                url_name="reminder_settings",
                icon="bell",
                permission="delivery.read",
                order=730,
                text=_("After how many days customers are reminded, and who is due today."),
            )
        )
