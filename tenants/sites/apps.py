from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SitesConfig(AppConfig):
    name = "tenants.sites"
    label = "sites"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the sites in the navigation; browsers hear of changed ones."""
        from shared.kernel.hooks import register_topic
        from tenants.lists.specs import register_list
        from tenants.sites.lists import SITES

        register_list(SITES)
        self._register_pages()
        register_topic("site", "sites.read")
        register_topic("customer", "sites.read")

    def _show_in_settings(self) -> None:
        """The certificates of all customers."""
        from shared.kernel.hooks import NavigationItem, register_navigation

        register_navigation(
            NavigationItem(
                group="settings_company",
                label=_("Tax exemptions"),
                url_name="exemption_list",
                icon="badge-percent",
                permission="sites.read",
                order=712,
                text=_("The customers' certificates, and which of them end soon."),
            )
        )

    def _register_pages(self) -> None:
        from shared.kernel.hooks import NavigationItem, register_navigation

        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Sites"),
                url_name="site_list",
                icon="map-pin",
                permission="sites.read",
                order=100,
            )
        )
        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Customers"),
                url_name="customer_list",
                icon="users",
                permission="sites.read",
                order=105,
            )
        )
        register_navigation(
            NavigationItem(
                group="billing",
                label=_("Territories"),
                url_name="territory_list",
                icon="map",
                permission="sites.read",
                order=107,
            )
        )
        self._show_in_settings()
