from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportingConfig(AppConfig):
    name = "tenants.reporting"
    label = "reporting"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The home page stands first, for everybody; closing the books asks what it shows."""
        from shared.kernel.hooks import NavigationItem, register_navigation
        from tenants.ledger.open_points import register_open_points
        from tenants.reporting.models import REVIEW_KIND
        from tenants.reporting.open_points import points_of_month
        from tenants.review.kinds import Kind, register_kind

        register_navigation(
            NavigationItem(
                group="",
                label=_("Home"),
                url_name="home",
                icon="house",
                permission="",
                order=0,
                on_phone=True,
            )
        )
        register_navigation(
            NavigationItem(
                group="money",
                label=_("Reports"),
                url_name="report_list",
                icon="chart-column",
                permission="reports.read",
                order=240,
            )
        )
        register_open_points("month", points_of_month)
        register_kind(Kind(REVIEW_KIND, _("Report by e-mail"), "delivery.write", "file-chart-pie"))
