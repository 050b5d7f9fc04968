"""Checks that sites, customers and contacts share; problems go to `errors`."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from shared.kernel.errors import Conflict, FieldError
from shared.kernel.wording import worded as _

NAME_MAX = 255
EMAIL_MAX = 254
PHONE_MAX = 40


def check_name(name: str, field: str, errors: list[FieldError]) -> None:
    """A name is there and can be stored."""
    if not name.strip():
        errors.append(FieldError(field, "required", _("This field is required.")))
    elif len(name) > NAME_MAX:
        errors.append(FieldError(field, "too_long", _("At most 255 characters.")))


def check_email(email: str, field: str, errors: list[FieldError]) -> None:
    """It is there and has the form of an e-mail address."""
    if not email.strip():
        errors.append(FieldError(field, "required", _("This field is required.")))
        return
    try:
        if len(email) > EMAIL_MAX:
            raise ValidationError("")
        validate_email(email)
    except ValidationError:
        errors.append(FieldError(field, "not_an_email", _("Not an e-mail address.")))


def check_phone(phone: str, field: str, errors: list[FieldError]) -> None:
    """A telephone number can be stored."""
    if len(phone) > PHONE_MAX:
        errors.append(FieldError(field, "too_long", _("At most 40 characters.")))


def taken(code: str, field: str) -> Conflict:
    """The refusal of an id that somebody chose before."""
    message = _("%(code)s exists already.") % {"code": code}
    return Conflict(message, errors=[FieldError(field, "taken", message)])
