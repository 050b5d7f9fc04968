"""Making and changing customers, and their tax exemptions."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.codes import next_code
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.tenancy import require_organisation
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.sites.checks import check_name, taken
from tenants.sites.models import Customer, TaxExemption

CUSTOMER_ID = re.compile(r"CUS[0-9]{6}\Z")
COMPONENT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}\Z")
CERTIFICATE_MAX = 100
TERMS_DAYS_MAX = 365
EDITABLE = ("name", "language", "payment_terms_days")


def create_customer(
    *,
    actor: Actor,
    name: str,
    customer_id: str | None = None,
    language: str | None = None,
    payment_terms_days: int | None = None,
) -> Customer:
    """A billed party; without a language, the organisation's.

    Raises Invalid naming each wrong field, Conflict where the id is taken.
    """
    authorize(actor, "sites.write")
    given = {
        "name": name,
        "language": language or require_organisation().language,
        "payment_terms_days": payment_terms_days,
    }
    errors: list[FieldError] = []
    if customer_id is not None and not CUSTOMER_ID.match(customer_id):
        errors.append(FieldError("customer_id", "form", _("Use the form CUS######.")))
    _check(given, errors)
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        customer = Customer(
            customer_id=customer_id or next_code(Customer, "customer_id"),
            **{**given, "name": name.strip()},
        )
        try:
            with transaction.atomic():
                customer.save(force_insert=True)
        except IntegrityError as error:
            raise taken(customer.customer_id, "customer_id") from error
        record(actor=actor, action="customer.created", target=customer, after=_state(customer))
    return customer


def update_customer(
    *,
    actor: Actor,
    customer_id: str,
    changes: Mapping[str, Any],
    expected_revision: int | None = None,
) -> Customer:
    """Change name, language or terms; issued invoices keep what they were issued with.

    Without own terms (None) those of each contract count. Raises Invalid naming each wrong
    field, NotFound, PreconditionFailed when stale.
    """
    authorize(actor, "sites.write")
    errors = [
        FieldError(name, "unknown", _("There is no such field."))
        for name in changes
        if name not in EDITABLE
    ]
    _check(changes, errors)
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        customer = _lock(customer_id)
        customer.require_revision(expected_revision)
        before = _state(customer)
        for name, value in changes.items():
            setattr(customer, name, value.strip() if name == "name" else value)
        customer.save_changes(*changes)
        publish(topic="customer.changed", key=customer_id, payload={"customer_id": customer_id})
        record(
            actor=actor,
            action="customer.changed",
            target=customer,
            before=before,
            after=_state(customer),
        )
    return customer


def add_exemption(
    *,
    actor: Actor,
    customer_id: str,
    component: str,
    certificate_number: str,
    expires_on: date | None = None,
) -> TaxExemption:
    """A certificate that a tax is not charged to the customer, to its last day.

    Raises Invalid naming each wrong field, NotFound, Conflict where there is one of the tax.
    """
    authorize(actor, "sites.write")
    errors: list[FieldError] = []
    if not COMPONENT.match(component):
        errors.append(FieldError("component", "form", _("One to ten letters and digits.")))
    if not certificate_number.strip():
        errors.append(FieldError("certificate_number", "required", _("This field is required.")))
    elif len(certificate_number) > CERTIFICATE_MAX:
        message = _("At most %(number)s characters.") % {"number": CERTIFICATE_MAX}
        errors.append(FieldError("certificate_number", "too_long", message))
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        customer = _lock(customer_id)
        if customer.tax_exemptions.filter(component=component).exists():
            message = _("There is a certificate for this tax already; end or remove it first.")
            raise Conflict(message, errors=[FieldError("component", "taken", message)])
        exemption = TaxExemption.objects.create(
            customer=customer,
            component=component,
            certificate_number=certificate_number.strip(),
            expires_on=expires_on,
        )
        customer.save_changes()
        _note_exemption(actor, customer, "customer.exemption_added", exemption)
    return exemption


def end_exemption(
    *, actor: Actor, customer_id: str, exemption_id: UUID, expires_on: date
) -> TaxExemption:
    """Set the last day of an exemption. Raises NotFound."""
    authorize(actor, "sites.write")
    with transaction.atomic():
        customer = _lock(customer_id)
        exemption = _find_exemption(customer, exemption_id)
        exemption.expires_on = expires_on
        exemption.save(update_fields=["expires_on"])
        customer.save_changes()
        _note_exemption(actor, customer, "customer.exemption_ended", exemption)
    return exemption


def remove_exemption(*, actor: Actor, customer_id: str, exemption_id: UUID) -> None:
    """Take a certificate away; what is invoiced keeps its taxes. Raises NotFound."""
    authorize(actor, "sites.write")
    with transaction.atomic():
        customer = _lock(customer_id)
        exemption = _find_exemption(customer, exemption_id)
        TaxExemption.objects.filter(pk=exemption.pk).delete()
        customer.save_changes()
        _note_exemption(actor, customer, "customer.exemption_removed", exemption)


def _lock(customer_id: str) -> Customer:
    customer = Customer.objects.select_for_update().filter(customer_id=customer_id).first()
    if customer is None:
        raise NotFound(_("There is no customer %(id)s.") % {"id": customer_id})
    return customer


def _find_exemption(customer: Customer, exemption_id: UUID) -> TaxExemption:
    exemption = customer.tax_exemptions.filter(pk=exemption_id).first()
    if exemption is None:
        raise NotFound(_("The customer has no such certificate."))
    return exemption


def _check(given: Mapping[str, Any], errors: list[FieldError]) -> None:
    if "name" in given:
        check_name(given["name"], "name", errors)
    languages = [code for code, _label in settings.LANGUAGES]
    if "language" in given and given["language"] not in languages:
        message = _("Use one of: %(choices)s.") % {"choices": ", ".join(languages)}
        errors.append(FieldError("language", "choice", message))
    days = given.get("payment_terms_days")
    if days is not None and not 0 <= days <= TERMS_DAYS_MAX:
        errors.append(FieldError("payment_terms_days", "range", _("Between 0 and 365 days.")))


def _note_exemption(actor: Actor, customer: Customer, action: str, exemption: TaxExemption) -> None:
    publish(
        topic="customer.changed",
        key=customer.customer_id,
        payload={"customer_id": customer.customer_id},
    )
    record(
        actor=actor,
        action=action,
        target=customer,
        after={
            "component": exemption.component,
            "expires_on": str(exemption.expires_on) if exemption.expires_on else None,
        },
    )


def _state(customer: Customer) -> dict[str, object]:
    return {
        "name": customer.name,
        "language": customer.language,
        "payment_terms_days": customer.payment_terms_days,
    }
