"""Signing and publishing plan versions."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.tenancy import shared_context
from shared.kernel.wording import worded as _
from shared.subscriptions.models import Plan, PlanVersion, Subscription
from shared.subscriptions.plans import FIRST_DAY, PLANS, USAGE_FEE_RATE


def seed_plans() -> None:
    """Write version 1 of the plans that are missing; leaves what exists untouched."""
    with shared_context(), transaction.atomic():
        for position, seed in enumerate(PLANS, start=1):
            plan, is_new = Plan.objects.get_or_create(
                code=seed.code, defaults={"name": seed.name, "position": position}
            )
            if is_new:
                PlanVersion.objects.create(
                    plan=plan,
                    number=1,
                    price_per_month=seed.price_per_month,
                    usage_fee_rate=USAGE_FEE_RATE,
                    limits=seed.limits,
                    features=seed.features,
                    highlights=seed.highlights,
                    effective_date=FIRST_DAY,
                )


def start_subscription(*, organisation_id: UUID, version: PlanVersion) -> Subscription:
    """Put a new organisation on the version it signed, with its trial; once only.

    A part of sign-up, which is open to everybody.
    """
    started_at = now()
    subscription, _is_new = Subscription.objects.get_or_create(
        organisation_id=organisation_id,
        defaults={
            "plan_version": version,
            "started_at": started_at,
            "trial_ends_at": started_at + timedelta(days=version.trial_days),
        },
    )
    return subscription


def publish_plan_version(
    *,
    actor: Actor,
    plan_id: UUID,
    price_per_month: Decimal,
    currency: str,
    usage_fee_rate: Decimal,
    trial_days: int,
    limits: dict[str, int | None],
    features: dict[str, Any],
    highlights: dict[str, list[str]],
    effective_date: date,
) -> PlanVersion:
    """The next version of a plan: price per month, fee as a fraction of an invoice's total.

    Customers stay on the version they signed. Raises Invalid for limits that are neither whole
    numbers nor null.
    """
    authorize(actor, "plans.write")
    if any(not (value is None or (type(value) is int and value >= 0)) for value in limits.values()):
        message = _("A limit is a whole number, or null for unlimited.")
        raise Invalid(message, errors=[FieldError("limits", "not_a_limit", message)])
    with transaction.atomic():
        plan = Plan.objects.select_for_update().get(pk=plan_id)
        last = plan.versions.aggregate(last=Max("number"))["last"] or 0
        version = PlanVersion.objects.create(
            plan=plan,
            number=last + 1,
            price_per_month=price_per_month,
            currency=currency,
            usage_fee_rate=usage_fee_rate,
            trial_days=trial_days,
            limits=limits,
            features=features,
            highlights=highlights,
            effective_date=effective_date,
        )
        record(
            actor=actor,
            action="plan.version_published",
            target=version,
            before={},
            after={"plan": plan.code, "version": version.number, "price": str(price_per_month)},
        )
    return version
