"""The plans a new installation starts with. Source: `product.md`, Plans.

Staff publish later versions at `/staff`; what stands here is only ever version 1.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

USAGE_FEE_RATE = Decimal("0.005")
FIRST_DAY = date(2026, 1, 1)


@dataclass(frozen=True)
class PlanSeed:
    """Version 1 of a plan; the price is per month in Canadian dollars."""

    code: str
    name: str
    price_per_month: Decimal
    limits: dict[str, int | None]
    features: dict[str, Any] = field(default_factory=dict)
    highlights: dict[str, list[str]] = field(default_factory=dict)


STARTER = PlanSeed(
    code="starter",
    name="Starter",
    price_per_month=Decimal(49),
    limits={"contractors": 10},
    features={
        "accounting": ["quickbooks_online"],
        "dashboard": "basic",
        "support": ["email"],
    },
    highlights={
        "en": ["Up to 10 contractors", "QuickBooks Online", "Basic dashboard", "E-mail support"],
        "fr-ca": [
            "Jusqu’à 10 entrepreneurs",
            "QuickBooks en ligne",
            "Tableau de bord de base",
            "Assistance par courriel",
        ],
    },
)
PROFESSIONAL = PlanSeed(
    code="professional",
    name="Professional",
    price_per_month=Decimal(149),
    limits={"contractors": 50},
    features={
        "accounting": [
            "quickbooks_online",
            "quickbooks_desktop",
            "sage50ca",
            "xero",
            "netsuite",
            "business_central",
            "sap",
            "oracle",
        ],
        "dashboard": "advanced",
        "real_time_tracking": True,
        "support": ["email", "phone"],
    },
    highlights={
        "en": [
            "Up to 50 contractors",
            "All accounting systems",
            "Advanced dashboard, real-time tracking",
            "Phone support",
        ],
        "fr-ca": [
            "Jusqu’à 50 entrepreneurs",
            "Tous les systèmes comptables",
            "Tableau de bord avancé, suivi en temps réel",
            "Assistance téléphonique",
        ],
    },
)
ENTERPRISE = PlanSeed(
    code="enterprise",
    name="Enterprise",
    price_per_month=Decimal(399),
    limits={"contractors": None},
    features={
        "accounting": [*PROFESSIONAL.features["accounting"], "custom_erp"],
        "dashboard": "advanced",
        "real_time_tracking": True,
        "white_label": True,
        "sso": True,
        "support": ["email", "phone", "success_manager", "sla"],
    },
    highlights={
        "en": [
            "Unlimited contractors",
            "All accounting systems and your own ERP",
            "White label and single sign-on",
            "Success manager and service level agreement",
        ],
        "fr-ca": [
            "Entrepreneurs illimités",
            "Tous les systèmes comptables et votre propre PGI",
            "Marque blanche et authentification unique",
            "Gestionnaire de succès et entente de niveau de service",
        ],
    },
)
PLANS = (STARTER, PROFESSIONAL, ENTERPRISE)
