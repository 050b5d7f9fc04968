"""What a handler may raise, as problem+json. Source: RFC 9457; `api.md` Errors."""

from collections.abc import Sequence
from typing import Any

import structlog
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.errors import HttpError, ValidationError

from shared.kernel.api.etags import NotModified
from shared.kernel.errors import (
    AppError,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    TooManyRequests,
    Unauthenticated,
)
from shared.kernel.problems import problem_response, unexpected_response
from shared.kernel.tenancy import current_schema

logger = structlog.get_logger(__name__)

ERRORS_SHOWN_MAX = 100
# PostgreSQL's class 23 codes that a request can cause against what is already there.
FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION = "23503", "23505"
RESTRICT_VIOLATION, EXCLUSION_VIOLATION = "23001", "23P01"
STATE_CODES = {FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION, RESTRICT_VIOLATION, EXCLUSION_VIOLATION}
CHECK_VIOLATION, NOT_NULL_VIOLATION = "23514", "23502"


def on_app_error(request: HttpRequest, error: AppError) -> HttpResponse:
    """An expected failure carries its own status."""
    return problem_response(request, error)


def on_invalid_input(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """422 with the path of each field. A wrong path parameter is 404: no such resource."""
    fields = [_field_error(one) for one in error.errors[:ERRORS_SHOWN_MAX]]
    if any(one["loc"][0] == "path" for one in error.errors):
        return problem_response(request, NotFound())
    return problem_response(request, Invalid(_summary(fields), errors=fields))


def _field_error(found: dict[str, Any]) -> FieldError:
    return FieldError(
        field=_written(_path(found["loc"])),
        code=str(found["type"]),
        message=_message(found),
    )


def _path(location: Sequence[Any]) -> Sequence[Any]:
    """Without ninja's source and, in a body, without the handler's parameter name.

    A form's single field and a file are named by that parameter itself.
    """
    if location[0] == "body" or (location[0] in ("form", "file") and len(location) > 2):
        return location[2:]
    return location[1:]


def _written(path: Sequence[Any]) -> str:
    """As in `records[0].day`, the form that `billing` uses too."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _message(found: dict[str, Any]) -> str:
    context = found.get("ctx") or {}
    texts = {
        "missing": _("This field is required."),
        "extra_forbidden": _("This field is not known here."),
        "string_type": _("This is text."),
        "int_type": _("This is a whole number."),
        "int_parsing": _("This is a whole number."),
        "bool_type": _("This is true or false."),
        "bool_parsing": _("This is true or false."),
        "uuid_parsing": _("This is a UUID."),
        "list_type": _("This is a list."),
        "model_type": _("This is an object."),
        "date_form": _("Write a date as YYYY-MM-DD."),
        "date_from_datetime_parsing": _("There is no such date."),
        "date_parsing": _("There is no such date."),
        "instant_form": _("Write an instant as 2026-11-21T09:30:00-05:00 (RFC 3339)."),
        "number_expected": _("This is a number."),
        "text_expected": _("This is text."),
        "decimal_max_places": _("Use at most %(decimal_places)s decimals.") % _Known(context),
        "decimal_max_digits": _("Use at most %(max_digits)s digits.") % _Known(context),
        "decimal_whole_digits": _("Use at most %(whole_digits)s digits before the point.")
        % _Known(context),
        "string_too_long": _("Use at most %(max_length)s characters.") % _Known(context),
        "string_too_short": _("Use at least %(min_length)s characters.") % _Known(context),
        "greater_than": _("This must be more than %(gt)s.") % _Known(context),
        "greater_than_equal": _("This must be %(ge)s or more.") % _Known(context),
        "less_than": _("This must be less than %(lt)s.") % _Known(context),
        "less_than_equal": _("This must be %(le)s or less.") % _Known(context),
        "literal_error": _("Use one of: %(expected)s.") % _Known(context),
        "enum": _("Use one of: %(expected)s.") % _Known(context),
    }
    return texts.get(found["type"]) or str(found["msg"]).removeprefix("Value error, ")


class _Known(dict[str, Any]):
    """Values for a message; only the message of the error's own type is used."""

    def __missing__(self, key: str) -> str:
        return ""


def _summary(fields: Sequence[FieldError]) -> str:
    names = [one.field for one in fields if one.field]
    if not names:
        return _("The request lacks a body, or its body is no object.")
    return _("Look at: %(names)s.") % {"names": ", ".join(dict.fromkeys(names))}


def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja's own errors; a body that could not be read carries ours as its cause."""
    if isinstance(error.__cause__, AppError):
        return problem_response(request, error.__cause__)
    kinds: dict[int, type[AppError]] = {
        400: Malformed,
        401: Unauthenticated,
        403: Forbidden,
        404: NotFound,
        409: Conflict,
    }
    if error.status_code == TooManyRequests.status:
        return problem_response(request, TooManyRequests(retry_after=1))
    return problem_response(request, kinds.get(error.status_code, Malformed)())


def on_not_found(request: HttpRequest, error: Exception) -> HttpResponse:
    """404 without naming what was looked for."""
    return problem_response(request, NotFound())


def on_forbidden(request: HttpRequest, error: Exception) -> HttpResponse:
    """403."""
    return problem_response(request, Forbidden())


def on_suspicious(request: HttpRequest, error: Exception) -> HttpResponse:
    """400: Django refused the request."""
    return problem_response(request, Malformed())


def on_model_invalid(request: HttpRequest, error: DjangoValidationError) -> HttpResponse:
    """422 for what a model's full_clean found."""
    if hasattr(error, "error_dict"):
        found = error.error_dict
    else:
        found = {NON_FIELD_ERRORS: error.error_list}
    fields = [
        FieldError(
            "" if name == NON_FIELD_ERRORS else name, str(one.code or "invalid"), one.messages[0]
        )
        for name, errors in found.items()
        for one in errors
    ]
    return problem_response(request, Invalid(_summary(fields), errors=fields))


def on_integrity_error(request: HttpRequest, error: IntegrityError) -> HttpResponse:
    """409 against what is already there, 422 for a value the database refuses.

    Services check before they write, so this is the last net, seen under concurrency.
    """
    code = _sqlstate(error)
    logger.warning("integrity_error", sqlstate=code, schema=current_schema())
    if code in STATE_CODES:
        detail = _("It was refused because of what is already there. Nothing was saved.")
        return problem_response(request, Conflict(detail))
    if code in (CHECK_VIOLATION, NOT_NULL_VIOLATION):
        return problem_response(request, Invalid(_("A value is not allowed. Nothing was saved.")))
    return on_unexpected(request, error)


def on_data_error(request: HttpRequest, error: DataError) -> HttpResponse:
    """422: a value is out of its column's range."""
    logger.warning("data_error", sqlstate=_sqlstate(error), schema=current_schema())
    return problem_response(request, Invalid(_("A value is out of range. Nothing was saved.")))


def _sqlstate(error: Exception) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or "")


def on_not_modified(request: HttpRequest, error: NotModified) -> HttpResponse:
    """304 with the tag the caller has."""
    headers = {"ETag": error.etag, "Cache-Control": "private, no-cache"}
    return HttpResponse(status=304, headers=headers)


def on_unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """500 without a word about the cause, which is in the log under the request's id."""
    logger.exception("unhandled_error", path=request.path, method=request.method, exc_info=error)
    return unexpected_response(request)
