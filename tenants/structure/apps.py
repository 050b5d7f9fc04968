"""Legal entities, and later departments, budgets and ledger accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

_SETTINGS = (
    (
        _("Departments"),
        "department_list",
        "network",
        705,
        _("Cost centres that contracts belong to, each with its manager."),
    ),
    (
        _("Taxes"),
        "taxes",
        "percent",
        710,
        _("The table of rates by province, your own rates, what is left out."),
    ),
    (
        _("Construction"),
        "construction_rules",
        "hard-hat",
        715,
        _("Holdback and its release by province, prompt payment, your own rules."),
    ),
)


class StructureConfig(AppConfig):
    """Registers the first legal entity of a new organisation, and its brand."""

    name = "tenants.structure"
    label = "structure"

    def ready(self) -> None:
        """A new organisation bills under its own name until told otherwise."""
        from shared.kernel.hooks import (
            NavigationItem,
            ProvisioningStep,
            register_brand,
            register_navigation,
            register_provisioning_step,
        )
        from tenants.structure.selectors import organisation_brand
        from tenants.structure.services import create_default_entity

        register_provisioning_step(
            ProvisioningStep(
                name="legal_entity",
                label=_("Billing company"),
                run=create_default_entity,
                order=10,
            )
        )
        register_brand(organisation_brand)
        register_navigation(
            NavigationItem(
                group="settings_company",
                label=_("Billing company"),
                url_name="legal_entity",
                icon="building-2",
                permission="organisation.read",
                order=700,
                text=_("Name and address, logo and colour, tax numbers, numbering of documents."),
                also=("/settings/companies",),
            )
        )
        for label, url_name, icon, order, text in _SETTINGS:
            register_navigation(
                NavigationItem(
                    group="settings_company",
                    label=label,
                    url_name=url_name,
                    icon=icon,
                    permission="organisation.read",
                    order=order,
                    text=text,
                )
            )
