"""Sign-up: reserve the address, note what was signed, leave the rest to a job."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shared.accounts.models import User
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.clock import now
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.tenancy import shared_context
from shared.organisations.limits import count_attempt
from shared.organisations.models import Domain, Organisation, ProvisioningJob
from shared.organisations.selectors import is_subdomain_free
from shared.organisations.subdomains import clean_subdomain, subdomain_error
from shared.subscriptions.models import PlanVersion
from shared.subscriptions.selectors import offered_version
from shared.subscriptions.services import start_subscription

NAME_LENGTH_MAX = 200
PERSON_LENGTH_MAX = 150
EMAIL_LENGTH_MAX = 254
PASSWORD_LENGTH_MAX = 128  # a longer one only makes hashing slow


@dataclass(frozen=True)
class SignUp:
    """What a visitor fills in; `verified` where the e-mail address needs no proof."""

    organisation_name: str
    subdomain: str
    owner_name: str
    email: str
    password: str
    plan: str = "starter"
    language: str = "en"
    time_zone: str = "America/Toronto"
    verified: bool = False


def sign_up(*, actor: Actor, details: SignUp) -> ProvisioningJob:
    """Reserve the organisation's address, sign the plan and queue its set-up.

    Open to everybody, so there is no permission to check; each address may try
    SIGN_UPS_PER_MINUTE times. Raises Invalid with every wrong field, TooManyRequests.
    """
    if actor.kind != "system":
        count_attempt(f"sign-up:{actor.ip}", limit=settings.SIGN_UPS_PER_MINUTE)
    with shared_context():
        subdomain, version = _check(details)
        with transaction.atomic():
            organisation = _reserve(details, subdomain)
            start_subscription(organisation_id=organisation.id, version=version)
            job = ProvisioningJob.objects.create(
                organisation=organisation,
                organisation_name=organisation.name,
                subdomain=subdomain,
                owner_name=details.owner_name.strip(),
                owner_email=organisation.owner_email,
                owner_password=make_password(details.password),
                owner_verified=details.verified,
            )
            _enqueue(job)
            record(
                actor=actor,
                action="organisation.signed_up",
                target=organisation,
                after={"subdomain": subdomain, "plan": str(version)},
            )
    return job


def _enqueue(job: ProvisioningJob) -> None:
    from shared.organisations.tasks import run_provisioning_job  # the task calls our neighbour

    enqueue_after_commit(run_provisioning_job, job_id=str(job.id))


def _reserve(details: SignUp, subdomain: str) -> Organisation:
    """The rows that make the address ours. Raises Invalid where somebody was faster."""
    try:
        with transaction.atomic():
            organisation = Organisation.objects.create(
                name=details.organisation_name.strip(),
                subdomain=subdomain,
                schema_name=subdomain,
                language=details.language,
                time_zone=details.time_zone,
                owner_email=details.email.strip().lower(),
            )
            Domain.objects.create(tenant=organisation, domain=organisation.host, is_primary=True)
    except (IntegrityError, ValidationError) as error:
        raise _taken() from error
    return cast(Organisation, organisation)


def _taken() -> Invalid:
    return subdomain_error("taken", _("Somebody already has this address. Choose another."))


def _check(details: SignUp) -> tuple[str, PlanVersion]:
    """Subdomain and plan version. Raises one Invalid that names every wrong field."""
    errors: list[FieldError] = [*_check_texts(details), *_check_password(details)]
    subdomain, version = "", None
    try:
        subdomain = clean_subdomain(details.subdomain)
        if not is_subdomain_free(subdomain):
            raise _taken()
    except Invalid as error:
        errors.extend(error.errors)
    try:
        version = offered_version(code=details.plan, on=now().date())
    except Invalid as error:
        errors.extend(error.errors)
    if errors or version is None:
        raise Invalid(errors=errors)
    return subdomain, version


def _check_texts(details: SignUp) -> list[FieldError]:
    errors = []
    for field, value, length_max in (
        ("organisation_name", details.organisation_name, NAME_LENGTH_MAX),
        ("owner_name", details.owner_name, PERSON_LENGTH_MAX),
    ):
        if not value.strip():
            errors.append(FieldError(field, "required", _("Fill this in.")))
        elif len(value.strip()) > length_max or not value.isprintable():
            message = _("Use at most %(count)d printable characters.") % {"count": length_max}
            errors.append(FieldError(field, "text", message))
    try:
        if len(details.email) > EMAIL_LENGTH_MAX:
            raise ValidationError("too long")
        validate_email(details.email.strip())
    except ValidationError:
        errors.append(FieldError("email", "email", _("Enter an e-mail address.")))
    if details.language not in dict(settings.LANGUAGES):
        errors.append(FieldError("language", "unknown", _("Choose English or French.")))
    if details.time_zone not in _time_zones():
        errors.append(FieldError("time_zone", "unknown", _("Choose a time zone.")))
    return errors


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    """Read from the system's files once."""
    return frozenset(available_timezones())


def _check_password(details: SignUp) -> list[FieldError]:
    if len(details.password) > PASSWORD_LENGTH_MAX:
        message = _("Use at most %(count)d characters.") % {"count": PASSWORD_LENGTH_MAX}
        return [FieldError("password", "too_long", message)]
    try:
        validate_password(details.password, User(email=details.email, name=details.owner_name))
    except ValidationError as error:
        return [FieldError("password", "too_weak", message) for message in error.messages]
    return []
