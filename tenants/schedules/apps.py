from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulesConfig(AppConfig):
    name = "tenants.schedules"
    label = "schedules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A schedule that could not start its run asks a person."""
        from tenants.review.kinds import Kind, register_kind
        from tenants.schedules.models import REVIEW_KIND

        register_kind(Kind(REVIEW_KIND, _("Schedule"), "invoices.generate", "calendar-clock"))
