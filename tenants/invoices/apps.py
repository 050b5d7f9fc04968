from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicesConfig(AppConfig):
    name = "tenants.invoices"
    label = "invoices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show invoices and runs in the navigation; browsers hear of issued ones."""
        from shared.kernel.hooks import register_topic
        from tenants.invoices.lists import INVOICES
        from tenants.lists.specs import register_list

        register_list(INVOICES)

        self._show_in_navigation()
        register_topic("invoice", "invoices.read")
        register_topic("billing_run", "invoices.read")
        self._register_review_kinds()
        from tenants.activity.hooks import on_revenue_changed
        from tenants.invoices.services.healing import heal_after_registration, heal_after_revenue
        from tenants.invoices.services.late_revenue import review_invoiced_days
        from tenants.structure.hooks import on_registrations_changed

        on_revenue_changed(review_invoiced_days)
        on_revenue_changed(heal_after_revenue)
        on_registrations_changed(heal_after_registration)
        from tenants.documents.messages import invoice_message_source
        from tenants.documents.presentation import invoice_source
        from tenants.documents.sources import register_source
        from tenants.invoices.selectors.documents import (
            invoice_examples,
            load_invoice_document,
            load_invoice_message,
        )

        register_source(invoice_source(load_invoice_document, examples=invoice_examples))
        register_source(invoice_message_source(load_invoice_message, invoice_examples))

    def _register_review_kinds(self) -> None:
        """What a run could not settle waits for whoever may bill."""
        from tenants.invoices.models import ErrorKind
        from tenants.ledger.rates import REVIEW_KIND
        from tenants.review.kinds import Kind, register_kind

        for name, label, icon in (
            (ErrorKind.DATA_VALIDATION, _("Billing data"), "triangle-alert"),
            (ErrorKind.CALCULATION, _("Calculation"), "calculator"),
            (ErrorKind.DISTRIBUTION, _("Handing over to delivery"), "mail-warning"),
        ):
            register_kind(Kind(str(name), label, "invoices.generate", icon))
        register_kind(Kind(REVIEW_KIND, _("Exchange rate"), "ledger.write", "coins"))

    def _show_in_navigation(self) -> None:
        """Invoices and runs under billing, the rules under the company's settings."""
        from shared.kernel.hooks import NavigationItem, register_navigation

        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Invoices"),
                url_name="invoice_list",
                icon="receipt",
                permission="invoices.read",
                order=120,
                on_phone=True,
            )
        )
        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Billing runs"),
                url_name="billing_runs",
                icon="calendar-check",
                permission="invoices.generate",
                order=115,
                also=("/billing-schedules",),
            )
        )
        register_navigation(
            NavigationItem(
                group="settings_documents",
                label=_("Invoice checks"),
                url_name="invoice_checks",
                icon="list-checks",
                permission="organisation.read",
                order=710,
                text=_("Which rules hold an invoice back, and which only warn."),
            )
        )
