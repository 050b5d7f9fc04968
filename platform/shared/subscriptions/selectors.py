"""Which plans are offered and what an organisation's plan allows."""

from datetime import date
from typing import Any
from uuid import UUID

from shared.kernel.errors import FieldError, Invalid
from shared.kernel.tenancy import shared_context
from shared.kernel.wording import worded as _
from shared.subscriptions.models import PlanVersion, Subscription


def offered_versions(*, on: date) -> list[PlanVersion]:
    """The version of each offered plan that a customer signs on that day, in page order.

    Open to everybody: it is the price list.
    """
    with shared_context():
        return list(
            PlanVersion.objects.filter(plan__is_offered=True, effective_date__lte=on)
            .select_related("plan")
            .order_by("plan__position", "plan__code", "-number")
            .distinct("plan__position", "plan__code")
        )


def offered_version(*, code: str, on: date) -> PlanVersion:
    """The version of one plan that a customer signs on that day. Raises Invalid for none."""
    for version in offered_versions(on=on):
        if version.plan.code == code:
            return version
    message = _("Choose one of the plans we offer.")
    raise Invalid(message, errors=[FieldError("plan", "unknown_plan", message)])


def subscription_of(organisation_id: UUID) -> Subscription:
    """An organisation's subscription with its version and plan.

    Raises Subscription.DoesNotExist before its set-up is done.
    """
    with shared_context():
        return Subscription.objects.select_related("plan_version__plan").get(
            organisation_id=organisation_id
        )


def limit_of(organisation_id: UUID, name: str) -> int | None:
    """How many of `name` (contractors, …) the signed version allows; None is unlimited.

    Raises KeyError for something the version does not limit: a typing error in the caller.
    """
    limit: int | None = subscription_of(organisation_id).plan_version.limits[name]
    return limit


def feature_of(organisation_id: UUID, name: str) -> Any:
    """The value of a feature in the signed version; None where the plan lacks it."""
    return subscription_of(organisation_id).plan_version.features.get(name)
