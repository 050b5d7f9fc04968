"""What a demo organisation is made of; the stories themselves are in acme.py and globex.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

PayingHabit = Literal["early", "on_time", "late", "slow", "part", "disputes"]


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    name: str
    email: str
    role: str


@dataclass(frozen=True)
class ContractStory:
    """A contract and how its months go.

    `monthly_inputs` are the average billing data of a month; amounts and hours in them move with
    the season and a little chance. `daily_revenue` is the site's average day.
    """

    contract_type: str
    configuration: Mapping[str, Any]
    starts_months_ago: int = 14
    frequency: str = "monthly"
    monthly_inputs: Mapping[str, Any] = field(default_factory=dict)
    daily_revenue: Decimal | None = None
    draft: bool = False
    construction: bool = False
    ended_months_ago: int | None = None
    new_terms: tuple[int, Mapping[str, Any]] | None = None  # months ago, configuration


@dataclass(frozen=True)
class SiteStory:
    """A site, its customer's habit of paying, and its contracts."""

    name: str
    street: str
    city: str
    province: str
    postal_code: str
    contact: str
    territory: str
    contracts: Sequence[ContractStory]
    habit: PayingHabit = "on_time"
    language: str = "en"
    season: Literal["flat", "summer", "winter", "building", "terms"] = "flat"


@dataclass(frozen=True)
class OrganisationStory:
    """One demo organisation."""

    name: str
    subdomain: str
    plan: str
    language: str
    time_zone: str
    entity: Mapping[str, object]
    registrations: Mapping[str, str]
    people: Sequence[Person]
    territories: Sequence[str]
    sites: Sequence[SiteStory]


# Twelve factors of the year, January first.
SEASONS: Mapping[str, Sequence[str]] = {
    "flat": ("1",) * 12,
    "summer": ("0.7", "0.7", "0.8", "0.9", "1.1", "1.3", "1.5", "1.5", "1.2", "1", "0.8", "0.8"),
    "winter": ("1.4", "1.4", "1.2", "0.9", "0.8", "0.7", "0.7", "0.7", "0.8", "1", "1.1", "1.4"),
    "building": ("0.6", "0.6", "0.8", "1", "1.2", "1.3", "1.2", "1.2", "1.3", "1.2", "1", "0.7"),
    "terms": ("1.1", "1.1", "1", "1", "0.7", "0.5", "0.5", "0.6", "1.3", "1.2", "1.1", "0.8"),
}
