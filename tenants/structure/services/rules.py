"""What dated rules of the organisation's own have in common: adding, ending, removing them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound, Text
from shared.kernel.wording import worded as _
from tenants.structure.models import ConstructionRule, TaxExclusion, TaxRule

SOURCE_MAX = 300
RULES_MAX = 500
Rule = TypeVar("Rule", TaxRule, TaxExclusion, ConstructionRule)
State = Mapping[str, object]


def check_basis(source: str, starts_on: date, ends_on: date | None) -> list[FieldError]:
    """What is wrong with where a rule is laid down and when it counts."""
    errors: list[FieldError] = []
    if not source.strip():
        message = _("Say where it is laid down, or who decided it.")
        errors.append(FieldError("source", "required", message))
    elif len(source) > SOURCE_MAX:
        message = _("At most %(number)s characters.") % {"number": SOURCE_MAX}
        errors.append(FieldError("source", "too_long", message))
    if ends_on is not None and ends_on < starts_on:
        errors.append(FieldError("ends_on", "before_start", _("Ends before it starts.")))
    return errors


def add_rule(
    *,
    actor: Actor,
    rule: Rule,
    action: str,
    state: Callable[[Rule], State],
    taken: Text = "",
) -> Rule:
    """Store a checked rule. Raises Conflict where there are as many as there may be.

    Also, with the text `taken`, where one of its kind starts on the day already.
    """
    authorize(actor, "organisation.write")
    with transaction.atomic():
        number = type(rule).objects.count()
        if number >= RULES_MAX:
            message = _("There are %(number)s rules, which is the limit.")
            raise Conflict(message % {"number": number})
        try:
            with transaction.atomic():
                rule.save(force_insert=True)
        except IntegrityError as error:
            if not taken:
                raise
            raise Conflict(taken, errors=[FieldError("starts_on", "taken", taken)]) from error
        record(actor=actor, action=action, target=rule, after=state(rule))
    return rule


def end_rule(
    *,
    actor: Actor,
    model: type[Rule],
    rule_id: UUID,
    ends_on: date,
    action: str,
    state: Callable[[Rule], State],
    expected_revision: int | None = None,
) -> Rule:
    """The last day of a rule. Raises NotFound, Invalid, PreconditionFailed when stale."""
    authorize(actor, "organisation.write")
    with transaction.atomic():
        rule = _locked(model, rule_id)
        rule.require_revision(expected_revision)
        if ends_on < rule.starts_on:
            message = _("Ends before it starts.")
            raise Invalid(errors=[FieldError("ends_on", "before_start", message)])
        before = state(rule)
        rule.ends_on = ends_on
        rule.save_changes("ends_on")
        record(actor=actor, action=action, target=rule, before=before, after=state(rule))
    return rule


def remove_rule(
    *,
    actor: Actor,
    model: type[Rule],
    rule_id: UUID,
    action: str,
    state: Callable[[Rule], State],
) -> None:
    """Take a rule away. Raises NotFound."""
    authorize(actor, "organisation.write")
    with transaction.atomic():
        rule = _locked(model, rule_id)
        before = state(rule)
        model.objects.filter(pk=rule_id).delete()
        record(actor=actor, action=action, target=rule, before=before)


def _locked(model: type[Rule], rule_id: UUID) -> Rule:
    rule = model.objects.select_for_update().filter(pk=rule_id).first()
    if rule is None:
        raise NotFound(_("There is no such rule."))
    return rule
