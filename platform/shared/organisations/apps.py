from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationsConfig(AppConfig):
    name = "shared.organisations"
    label = "organisations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add the page of the organisation's address."""
        from shared.kernel.hooks import NavigationItem, register_navigation

        register_navigation(
            NavigationItem(
                group="settings_company",
                label=_("Address"),
                url_name="organisation_address",
                icon="globe",
                permission="organisation.write",
                order=860,
                text=_("The subdomain under which your people sign in."),
                also=("/settings/delete",),
            )
        )
