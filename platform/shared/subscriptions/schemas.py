"""How the price list reads in the API."""

from datetime import date
from typing import Any

from shared.kernel.api.schemas import Fraction, Money, Schema
from shared.subscriptions.models import PlanVersion


class PlanOut(Schema):
    """A plan as it is offered; a limit of null is unlimited."""

    code: str
    name: str
    version: int
    price_per_month: Money
    currency: str
    usage_fee_rate: Fraction
    trial_days: int
    limits: dict[str, int | None]
    features: dict[str, Any]
    effective_date: date

    @classmethod
    def of(cls, version: PlanVersion) -> "PlanOut":
        """The answer for one version, which has its plan joined."""
        own = {
            name: getattr(version, name)
            for name in cls.model_fields
            if name not in ("code", "name", "version")
        }
        return cls(code=version.plan.code, name=version.plan.name, version=version.number, **own)
