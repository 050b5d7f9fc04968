from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from shared.kernel.hooks import ProvisioningStep, register_provisioning_step
from shared.kernel.tenancy import current_organisation_id


class KeyringConfig(AppConfig):
    name = "shared.keyring"
    label = "keyring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A new organisation has its keys before any other step writes a row."""
        register_provisioning_step(
            ProvisioningStep(name="data_keys", label=_("Encryption keys"), run=_make_keys, order=10)
        )


def _make_keys() -> None:
    from shared.keyring.services import create_data_keys

    create_data_keys(current_organisation_id())
