"""Departments: cost centres of a legal entity, with the person who answers for each."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tenants.structure.models import Department, LegalEntity

CODE_PATTERN = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,19}\Z")
NAME_MAX = 255
EDITABLE = ("name", "entity_id", "manager_id", "is_active")


def create_department(
    *,
    actor: Actor,
    code: str,
    name: str,
    entity_id: UUID | None = None,
    manager_id: UUID | None = None,
) -> Department:
    """A department of an entity, the default one unless told otherwise.

    Raises Invalid naming each wrong field, Conflict where the code is taken.
    """
    authorize(actor, "organisation.write")
    errors: list[FieldError] = []
    code = code.strip().upper()
    if not CODE_PATTERN.match(code):
        message = _("Up to 20 capital letters, digits, dots, hyphens and underscores.")
        errors.append(FieldError("code", "form", message))
    checked = _check({"name": name, "entity_id": entity_id, "manager_id": manager_id}, errors)
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        department = Department(code=code, **checked)
        try:
            with transaction.atomic():
                department.save(force_insert=True)
        except IntegrityError as error:
            message = _("%(code)s exists already.") % {"code": code}
            raise Conflict(message, errors=[FieldError("code", "taken", message)]) from error
        record(
            actor=actor, action="department.created", target=department, after=_state(department)
        )
    return department


def update_department(
    *,
    actor: Actor,
    code: str,
    changes: Mapping[str, Any],
    expected_revision: int | None = None,
) -> Department:
    """Change name, entity or manager, close or open it again; contracts keep theirs.

    Raises Invalid naming each wrong field, NotFound, PreconditionFailed when stale.
    """
    authorize(actor, "organisation.write")
    errors = [
        FieldError(name, "unknown", _("There is no such field."))
        for name in changes
        if name not in EDITABLE
    ]
    checked = _check({name: changes[name] for name in changes if name in EDITABLE}, errors)
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        department = (
            Department.objects.select_for_update(of=("self",))
            .select_related("entity")
            .filter(code=code)
            .first()
        )
        if department is None:
            raise NotFound(_("There is no department %(code)s.") % {"code": code})
        department.require_revision(expected_revision)
        before = _state(department)
        for name, value in checked.items():
            setattr(department, name, value)
        department.save_changes(*checked)
        record(
            actor=actor,
            action="department.changed",
            target=department,
            before=before,
            after=_state(department),
        )
    return department


def _check(given: Mapping[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    """The given values as the department's fields; problems go to `errors`."""
    checked = dict(given)
    if "name" in checked:
        checked["name"] = (checked["name"] or "").strip()
        if not checked["name"]:
            errors.append(FieldError("name", "required", _("This field is required.")))
        elif len(checked["name"]) > NAME_MAX:
            errors.append(FieldError("name", "too_long", _("At most 255 characters.")))
    if "entity_id" in checked:
        checked["entity"] = _find_entity(checked.pop("entity_id"), errors)
    manager_id = checked.get("manager_id")
    if manager_id and not get_user_model().objects.filter(pk=manager_id, is_active=True).exists():
        errors.append(FieldError("manager_id", "unknown", _("There is no such person.")))
    if checked.get("is_active", True) is None:
        errors.append(FieldError("is_active", "required", _("This field is required.")))
    return checked


def _find_entity(entity_id: UUID | None, errors: list[FieldError]) -> LegalEntity | None:
    wanted = {"is_default": True} if entity_id is None else {"pk": entity_id}
    entity = LegalEntity.objects.filter(**wanted).first()
    if entity is None:
        errors.append(FieldError("entity_id", "unknown", _("There is no such legal entity.")))
    return entity


def _state(department: Department) -> dict[str, object]:
    return {
        "code": department.code,
        "name": department.name,
        "entity": department.entity.name,
        "manager": str(department.manager_id) if department.manager_id else None,
        "is_active": department.is_active,
    }
