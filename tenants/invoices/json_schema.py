"""`billing_data` as JSON Schema, for the OpenAPI document; `billing.activity` decides.

Source: `domain.md` 4, Inputs.
"""

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from billing.activity import (
    MAX_CATEGORY,
    MAX_CHARGES,
    MAX_COMPONENT_NAME,
    MAX_COMPONENT_NAMES,
    MAX_COSTS,
    MAX_JOB_CODE,
    MAX_LABOR_ROWS,
)
from billing.numbers import AMOUNT, HOURS
from billing.reading import MAX_TEXT
from tenants.contracts.json_schema import JsonSchema, ShapeWriter

HOUR_CLASSES = ("regular", "overtime", "holiday", "double_time")


class BillingDataShape:
    """The annotation that puts the schema into the document: `Annotated[dict, …]`."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _core: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchema:
        """Pydantic's hook."""
        write = ShapeWriter(is_input=True)
        amount, hours = write.number(AMOUNT), write.number(HOURS)
        classes = dict.fromkeys(HOUR_CLASSES, hours)
        code = _text(MAX_JOB_CODE)
        charge = {"description": _text(MAX_TEXT), "amount": amount}
        day = {"type": "string", "format": "date"}
        cost = write.record(
            charge,
            {
                "category": {"type": "string", "maxLength": MAX_CATEGORY},
                "payroll": {"type": "boolean"},
                "taxable": _taxable(),
                "incurred_on": day,
            },
        )
        # Without a code, at the standard rates; then the day is required.
        row = write.record({}, {"job_code": code, **classes, "worked_on": day})
        return write.record(
            {},
            {
                "revenue_amount": amount,
                "labor_hours": write.record({}, classes),
                "labor": _list(row, MAX_LABOR_ROWS),
                "costs": _list(cost, MAX_COSTS),
                "additional_charges": _list(
                    write.record(charge, {"taxable": _taxable()}), MAX_CHARGES
                ),
            },
        )


def _text(longest: int) -> JsonSchema:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _list(items: JsonSchema, most: int) -> JsonSchema:
    return {"type": "array", "maxItems": most, "items": items}


def _taxable() -> JsonSchema:
    names = _list(_text(MAX_COMPONENT_NAME), MAX_COMPONENT_NAMES)
    return {"anyOf": [{"type": "boolean"}, names]}
