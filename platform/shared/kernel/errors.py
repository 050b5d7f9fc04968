"""Errors a person can act on, mapped once to problem+json (API) and to a page (web).

Source: `api.md` Conventions, Errors (RFC 9457).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise

from billing.errors import FieldProblem
from shared.kernel.problem_texts import problem_text
from shared.kernel.wording import Wording, joined
from shared.kernel.wording import worded as _

Text = str | Promise


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of the input, by its path."""

    field: str
    code: str
    message: Text


class AppError(Exception):
    """An expected failure. `detail` tells what happened, what was kept and what to do."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "error"
    title: ClassVar[Text] = _("The request could not be carried out")

    def __init__(
        self,
        detail: Text = "",
        *,
        errors: Sequence[FieldError] = (),
        extra: dict[str, object] | None = None,
    ) -> None:
        self.detail = detail or self.title
        super().__init__(self.detail)
        self.errors = tuple(errors)
        self.extra = extra or {}

    def wording(self) -> Wording:
        """What is wrong with each field, else what it says as a whole: a reason to keep."""
        return joined([one.message for one in self.errors] or [self.detail])


class Malformed(AppError):
    """400: the request itself cannot be read."""

    status = 400
    code = "malformed"
    title = _("The request cannot be read")


class Unauthenticated(AppError):
    """401: no valid credentials."""

    status = 401
    code = "unauthenticated"
    title = _("Sign in first")


class Forbidden(AppError):
    """403: known, but not allowed."""

    status = 403
    code = "forbidden"
    title = _("You may not do this")


class NotFound(AppError):
    """404: does not exist, or the reader must not know that it does."""

    status = 404
    code = "not_found"
    title = _("Not found")


class Conflict(AppError):
    """409: the present state does not allow it."""

    status = 409
    code = "conflict"
    title = _("This conflicts with what is already there")


class Gone(AppError):
    """410: was here and has expired."""

    status = 410
    code = "gone"
    title = _("This link has expired")


class PreconditionFailed(AppError):
    """412: somebody changed it since it was read."""

    status = 412
    code = "stale"
    title = _("It has changed since you read it")


class TooLarge(AppError):
    """413: the body is over its limit."""

    status = 413
    code = "too_large"
    title = _("The request is too large")


class Invalid(AppError):
    """422: readable, but wrong; `errors` names each field. Nothing was saved."""

    status = 422
    code = "invalid"
    title = _("Some fields need attention")


def invalid_fields(problems: Iterable[FieldProblem]) -> Invalid:
    """The 422 answer to problems that `billing` found."""
    return Invalid(errors=[FieldError(one.field, one.code, problem_text(one)) for one in problems])


class TooManyRequests(AppError):
    """429: over the limit; try again after `retry_after` seconds."""

    status = 429
    code = "too_many_requests"
    title = _("Too many requests")

    def __init__(self, detail: Text = "", *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(AppError):
    """503: a part of the service does not answer just now."""

    status = 503
    code = "unavailable"
    title = _("Not available just now")
