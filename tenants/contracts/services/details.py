"""What stands around the terms: who bills, where it is booked, holdback, order and renewal."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.contracts.models import Contract
from tenants.structure.models import Department, LegalEntity, ServiceCategory

HOLDBACK_MAX = Decimal("0.25")
PURCHASE_ORDER_MAX = 100
NOTICE_DAYS_MAX = 730
RENEWAL_MONTHS_MAX = 120
TERMS_DAYS_MAX = 365
EDITABLE = (
    "entity_id",
    "department",
    "is_construction",
    "is_federal",
    "holdback_rate",
    "purchase_order",
    "service_category",
    "renewal_notice_days",
    "auto_renew_months",
    "payment_terms_days",
)


def check_details(given: Mapping[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    """The given details as the contract's fields; problems go to `errors`.

    `entity_id` is a legal entity's id, `department` a department's code; None takes either away.
    """
    errors.extend(
        FieldError(name, "unknown", _("There is no such field."))
        for name in given
        if name not in EDITABLE
    )
    checked = {name: value for name, value in given.items() if name in EDITABLE}
    _check_ranges(checked, errors)
    _check_texts(checked, errors)
    if "entity_id" in checked:
        checked["entity"] = _find_entity(checked.pop("entity_id"), errors)
    if "department" in checked:
        checked["department"] = _find_department(checked["department"], errors)
    return checked


def _check_ranges(checked: Mapping[str, Any], errors: list[FieldError]) -> None:
    rate = checked.get("holdback_rate")
    if rate is not None and not 0 <= rate <= HOLDBACK_MAX:
        errors.append(FieldError("holdback_rate", "range", _("Between 0 and 25 %.")))
    limits = {
        "renewal_notice_days": (0, NOTICE_DAYS_MAX),
        "auto_renew_months": (1, RENEWAL_MONTHS_MAX),
        "payment_terms_days": (0, TERMS_DAYS_MAX),
    }
    for name, (low, high) in limits.items():
        value = checked.get(name)
        if value is None:
            if name in checked and name != "auto_renew_months":
                errors.append(FieldError(name, "required", _("This field is required.")))
        elif not low <= value <= high:
            message = _("Between %(low)s and %(high)s.") % {"low": low, "high": high}
            errors.append(FieldError(name, "range", message))


def _check_texts(checked: dict[str, Any], errors: list[FieldError]) -> None:
    for name in ("purchase_order", "service_category"):
        if name in checked:
            checked[name] = (checked[name] or "").strip()
    errors.extend(
        FieldError(name, "required", _("This field is required."))
        for name in ("is_construction", "is_federal")
        if checked.get(name, False) is None
    )
    if len(checked.get("purchase_order", "")) > PURCHASE_ORDER_MAX:
        message = _("At most %(number)s characters.") % {"number": PURCHASE_ORDER_MAX}
        errors.append(FieldError("purchase_order", "too_long", message))
    category = checked.get("service_category")
    if category and category not in ServiceCategory.values:
        choices = ", ".join(ServiceCategory.values)
        message = _("Use one of: %(choices)s.") % {"choices": choices}
        errors.append(FieldError("service_category", "choice", message))


def check_federal(contract: Contract) -> None:
    """Raise Invalid for federal work that is no construction: only that has a federal law."""
    if contract.is_federal and not contract.is_construction:
        message = _("Only a construction contract can be federal work.")
        raise Invalid(errors=[FieldError("is_federal", "not_construction", message)])


def _find_entity(entity_id: UUID | None, errors: list[FieldError]) -> LegalEntity | None:
    if entity_id is None:
        return None
    entity = LegalEntity.objects.filter(pk=entity_id).first()
    if entity is None:
        errors.append(FieldError("entity_id", "unknown", _("There is no such legal entity.")))
    return entity


def _find_department(code: str | None, errors: list[FieldError]) -> Department | None:
    if not code:
        return None
    department = Department.objects.filter(code=code).first()
    if department is None:
        message = _("There is no department %(code)s.") % {"code": code}
        errors.append(FieldError("department", "unknown", message))
    elif not department.is_active:
        message = _("The department %(code)s is closed.") % {"code": code}
        errors.append(FieldError("department", "inactive", message))
    return department


def details_state(contract: Contract) -> dict[str, object]:
    """The details as the audit log keeps them."""
    return {
        "entity": str(contract.entity_id) if contract.entity_id else None,
        "department": str(contract.department_id) if contract.department_id else None,
        "is_construction": contract.is_construction,
        "is_federal": contract.is_federal,
        "holdback_rate": _text(contract.holdback_rate),
        "purchase_order": contract.purchase_order,
        "service_category": contract.service_category,
        "renewal_notice_days": contract.renewal_notice_days,
        "auto_renew_months": contract.auto_renew_months,
        "payment_terms_days": contract.payment_terms_days,
    }


def _text(value: Decimal | date | None) -> str | None:
    return None if value is None else str(value)
