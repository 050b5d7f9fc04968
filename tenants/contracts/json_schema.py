"""`billing_configuration` as JSON Schema, for the OpenAPI document.

It tells people and generated clients what `billing.terms.parse_terms` reads; that function
decides. Fields of a type that may be left out may also be null. Source: `domain.md` 4.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from billing.numbers import (
    AMOUNT_FROM_ZERO,
    FRACTION,
    HOURS,
    MULTIPLIER,
    RATE_PER_HOUR,
    SHARE_RATE,
    TIER_LIMIT,
    NumberRule,
)

JsonSchema = dict[str, Any]
NUMBER_TEXT = r"^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$"
NULL: JsonSchema = {"type": "null"}
DAY: JsonSchema = {"type": "string", "format": "date"}


class ShapeWriter:
    """Writes one direction of the schema: amounts are numbers or text coming, numbers going."""

    def __init__(self, *, is_input: bool) -> None:
        self.is_input = is_input

    def number(self, rule: NumberRule) -> JsonSchema:
        """A number within the rule's bounds."""
        bounds = {
            "minimum": rule.minimum,
            "maximum": rule.maximum,
            "exclusiveMinimum": rule.above,
        }
        given = {name: float(bound) for name, bound in bounds.items() if bound is not None}
        about = {"description": f"Exact, up to {rule.places} decimals."}
        shape = {"type": "number", "exclusiveMaximum": 1e15, **given}
        if not self.is_input:
            return {**shape, **about}
        return {"anyOf": [shape, {"type": "string", "pattern": NUMBER_TEXT}], **about}

    def record(
        self,
        required: Mapping[str, JsonSchema],
        optional: Mapping[str, JsonSchema],
        *,
        title: str = "",
    ) -> JsonSchema:
        """An object with these fields and no others."""
        left_out = {name: {"anyOf": [shape, NULL]} for name, shape in optional.items()}
        return {
            **({"title": title} if title else {}),
            "type": "object",
            "properties": {**required, **left_out},
            "required": [*required],
            "additionalProperties": False,
        }


class ConfigurationShape:
    """The annotation that puts the schema into the document: `Annotated[dict, …]`."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchema:
        """Pydantic's hook."""
        shapes = _Shapes(is_input=handler.mode == "validation")
        return {
            "description": "The terms of the contract type.",
            "anyOf": [*shapes.simple().values(), shapes.hybrid()],
        }


class _Shapes(ShapeWriter):
    def simple(self) -> dict[str, JsonSchema]:
        """Each type but the hybrid."""
        return {
            "revenue_share": self._revenue_share(),
            "per_labor_hour": self._labour_hours(),
            "fixed_fee": self._fixed_fee(),
            "management_agreement": self._management_agreement(),
        }

    def hybrid(self) -> JsonSchema:
        components = []
        for name, shape in self.simple().items():
            own = {"contract_type": {"const": name}}
            components.append(
                {
                    **shape,
                    "properties": {**own, **shape["properties"]},
                    "required": ["contract_type", *shape["required"]],
                }
            )
        listed = {"type": "array", "minItems": 1, "maxItems": 20, "items": {"anyOf": components}}
        return self.record(
            {"components": listed}, {**self._bounds(), **self._escalation()}, title="hybrid"
        )

    def _escalation(self) -> dict[str, JsonSchema]:
        schedule = self.record(
            {"annual_increase": self.number(FRACTION), "effective_date": DAY}, {}
        )
        return {"escalation_schedule": schedule}

    def _bounds(self) -> dict[str, JsonSchema]:
        amount = self.number(AMOUNT_FROM_ZERO)
        return {"minimum_guarantee": amount, "maximum_cap": amount}

    def _tiers(self) -> dict[str, JsonSchema]:
        limit = {"anyOf": [self.number(TIER_LIMIT), NULL]}
        tier = self.record({"rate": self.number(FRACTION)}, {"up_to": limit})
        return {"tiers": {"type": "array", "minItems": 1, "maxItems": 50, "items": tier}}

    def _revenue_share(self) -> JsonSchema:
        amount, rate = self.number(AMOUNT_FROM_ZERO), self.number(FRACTION)
        bonus = self.record({"threshold": amount}, {"rate": rate, "amount": amount})
        return self.record(
            {},
            {
                "revenue_share_rate": self.number(SHARE_RATE),
                **self._tiers(),
                "tier_mode": {"enum": ["marginal", "whole"], "type": "string"},
                **self._bounds(),
                "performance_bonus": bonus,
                **self._escalation(),
            },
            title="revenue_share",
        )

    def _labour_hours(self) -> JsonSchema:
        rate, multiplier = self.number(RATE_PER_HOUR), self.number(MULTIPLIER)
        kinds = ("overtime", "holiday", "double_time")
        rates = self.record(
            {"standard": rate}, {f"{kind}_multiplier": multiplier for kind in kinds}
        )
        job = self.record(
            {"job_code": {"type": "string", "minLength": 1, "maxLength": 50}, "regular": rate},
            dict.fromkeys(kinds, rate),
        )
        bonus = self.record(
            {"budgeted_hours": self.number(HOURS), "savings_share": self.number(FRACTION)}, {}
        )
        return self.record(
            {"hourly_rates": rates},
            {
                "job_rates": {"type": "array", "maxItems": 500, "items": job},
                "efficiency_bonus": bonus,
                **self._escalation(),
            },
            title="per_labor_hour",
        )

    def _fixed_fee(self) -> JsonSchema:
        amount = self.number(AMOUNT_FROM_ZERO)
        return self.record(
            {},
            {"monthly_fee": amount, "annual_fee": amount, **self._escalation()},
            title="fixed_fee",
        )

    def _management_agreement(self) -> JsonSchema:
        amount, rate = self.number(AMOUNT_FROM_ZERO), self.number(FRACTION)
        fee = self.record({}, {"monthly_fee": amount, "revenue_rate": rate, "cost_rate": rate})
        basis = {"enum": ["payroll", "gross_revenue"], "type": "string"}
        mode = {"enum": ["marginal", "whole"], "type": "string"}
        profit = self.record({"threshold": amount, **self._tiers()}, {"tier_mode": mode})
        return self.record(
            {"management_fee": fee},
            {
                "cost_markup_rate": rate,
                "insurance": self.record({"basis": basis, "rate": rate}, {}),
                "profit_share": profit,
                **self._escalation(),
            },
            title="management_agreement",
        )
