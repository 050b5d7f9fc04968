from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "tenants.payments"
    label = "payments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the payments in the navigation; browsers hear of new ones."""
        from shared.kernel.hooks import NavigationItem, register_navigation, register_topic

        register_navigation(
            NavigationItem(
                group="money",
                label=_("Payments"),
                url_name="payment_list",
                icon="banknote",
                permission="payments.read",
                order=200,
                on_phone=True,
            )
        )
        register_navigation(
            NavigationItem(
                group="money",
                label=_("Ageing"),
                url_name="ageing",
                icon="hourglass",
                permission="payments.read",
                order=210,
                also=("/receivables",),
            )
        )
        register_navigation(
            NavigationItem(
                group="settings_documents",
                label=_("Payments online"),
                url_name="online_settings",
                icon="credit-card",
                permission="organisation.write",
                order=750,
                text=_("The Stripe account that customers pay into by card or bank debit."),
            )
        )
        register_topic("payment", "payments.read")
        from tenants.review.kinds import Kind, register_kind

        register_kind(Kind("ledger_difference", _("Ledger"), "ledger.read", "book-open-check"))
        from tenants.payments.returns import RETURN_KIND
        from tenants.payments.services.files import REVIEW_KIND
        from tenants.payments.services.linking import REVIEW_KIND as ACCOUNT_KIND

        register_kind(
            Kind(REVIEW_KIND, _("Payment to match"), "payments.write", "circle-question-mark")
        )
        register_kind(Kind(RETURN_KIND, _("Payment that went out"), "payments.refund", "undo-2"))
        register_kind(Kind(ACCOUNT_KIND, _("Payments online"), "organisation.write", "credit-card"))
