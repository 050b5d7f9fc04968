from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "tenants.contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the contracts in the navigation; browsers hear of changed ones."""
        from shared.kernel.hooks import NavigationItem, register_navigation, register_topic
        from tenants.contracts.lists import CONTRACTS
        from tenants.lists.specs import register_list

        register_list(CONTRACTS)

        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Contracts"),
                url_name="contract_list",
                icon="file-pen-line",
                permission="contracts.read",
                order=110,
            )
        )
        register_topic("contract", "contracts.read")
        from tenants.review.kinds import Kind, register_kind

        register_kind(
            Kind("recalculation", _("Recalculate"), "invoices.generate", icon="calculator")
        )
