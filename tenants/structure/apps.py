"""Legal entities, and later departments, budgets and ledger accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StructureConfig(AppConfig):
    """Registers the first legal entity of a new organisation."""

    name = "tenants.structure"
    label = "structure"

    def ready(self) -> None:
        """A new organisation bills under its own name until told otherwise."""
        from shared.kernel.hooks import ProvisioningStep, register_provisioning_step
        from tenants.structure.services import create_default_entity

        register_provisioning_step(
            ProvisioningStep(
                name="legal_entity",
                label=_("Billing company"),
                run=create_default_entity,
                order=10,
            )
        )
