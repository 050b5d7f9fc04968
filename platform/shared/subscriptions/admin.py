"""Plans, their versions and who signed them in the staff console."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from shared.kernel.console import ConsoleAdmin, staff_site
from shared.subscriptions import services
from shared.subscriptions.models import Plan, PlanVersion, Subscription


@admin.register(Plan, site=staff_site)
class PlanAdmin(ConsoleAdmin):
    """Plans; what they cost is in their versions."""

    permission = "plans.read"
    list_display = ("name", "code", "position", "is_offered")
    fields = ("code", "name", "position", "is_offered")


@admin.register(PlanVersion, site=staff_site)
class PlanVersionAdmin(ConsoleAdmin):
    """Versions: a new one is published, an old one is never changed."""

    permission = "plans.read"
    list_display = (
        "plan",
        "number",
        "price_per_month",
        "currency",
        "usage_fee_rate",
        "trial_days",
        "effective_date",
    )
    list_filter = ("plan",)
    list_select_related = ("plan",)
    fields = (
        "plan",
        "price_per_month",
        "currency",
        "usage_fee_rate",
        "trial_days",
        "limits",
        "features",
        "highlights",
        "effective_date",
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Publishing a version is adding one."""
        return bool(request.actor.may("plans.write"))  # type: ignore[attr-defined]

    def save_model(
        self, request: HttpRequest, obj: PlanVersion, form: ModelForm[PlanVersion], change: bool
    ) -> None:
        """Publish by the service, which numbers and records it."""
        values = {name: form.cleaned_data[name] for name in self.fields if name != "plan"}
        made = services.publish_plan_version(
            actor=request.actor,  # type: ignore[attr-defined]
            plan_id=form.cleaned_data["plan"].pk,
            **values,
        )
        obj.pk, obj.number = made.pk, made.number


@admin.register(Subscription, site=staff_site)
class SubscriptionAdmin(ConsoleAdmin):
    """Which version each organisation signed."""

    permission = "plans.read"
    list_display = ("organisation", "plan_version", "started_at", "trial_ends_at")
    list_filter = ("plan_version__plan",)
    search_fields = ("organisation__name", "organisation__subdomain")
    list_select_related = ("organisation", "plan_version__plan")
    fields = ("organisation", "plan_version", "started_at", "trial_ends_at")
