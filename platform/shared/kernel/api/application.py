"""The NinjaAPI of tenants and of the bare domain: exact JSON, problems for every failure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from shared.kernel.actor import Actor
from shared.kernel.api import failures
from shared.kernel.api.auth import actor_auth
from shared.kernel.api.etags import NotModified
from shared.kernel.api.json import ExactParser, ExactRenderer
from shared.kernel.api.openapi import complete_schema
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError, FieldError, Forbidden, Invalid

VERSION = "1.0.0"
PARAMETER_SHOWN_MAX = 100
INPUT_REFUSED = (400, 422)
Run = Callable[..., HttpResponseBase]


class Api(NinjaAPI):
    """NinjaAPI whose document tells the whole truth about failures and headers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._documents: dict[str | None, OpenAPISchema] = {}

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """OpenAPI 3.1 with the problems every operation may answer.

        Made once a process: it takes a second or more, and anybody may ask for it.
        """
        if path_prefix not in self._documents:
            made = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
            self._documents[path_prefix] = complete_schema(made)
        return self._documents[path_prefix]

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The handler's name: clients are generated from it."""
        return str(operation.view_func.__name__)


def guard(rights: Mapping[str, str]) -> Callable[[Run], Run]:
    """Around every operation: what is wrong with the input is told to who may use it only.

    `rights` names the right, or several with spaces between, by the operation's id.
    """

    def around(run: Run) -> Run:
        operation: Operation = run.__self__  # type: ignore[attr-defined]
        needed = rights.get(operation.view_func.__name__, "").split()
        checked = refuse_unknown_parameters(operation, run)
        return tell_right_first(operation, needed, checked) if needed else checked

    return around


def tell_right_first(operation: Operation, rights: Sequence[str], run: Run) -> Run:
    """Around an operation: a refused input is 403 for whoever lacks a right it takes.

    The body is read before the service asks for the right; without this, who may not use an
    operation would learn what it takes, and be told to mend what would be refused all the same.
    """

    def checked(request: HttpRequest, **path: Any) -> HttpResponseBase:
        answer = run(request, **path)
        if answer.status_code not in INPUT_REFUSED or _is_anonymous(request):
            return answer
        try:
            for right in rights:
                authorize(request.actor, right)  # type: ignore[attr-defined]
        except Forbidden as error:
            return operation.api.on_exception(request, error)
        return answer

    return checked


def refuse_unknown_parameters(operation: Operation, run: Run) -> Run:
    """Around an operation: a query parameter it does not have is 422, by name.

    A filter with a slip in its name would otherwise answer with every row.
    """
    known = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }

    def checked(request: HttpRequest, **path: Any) -> HttpResponseBase:
        unknown = sorted(set(request.GET) - known)
        may_ask = not operation.auth_callbacks or not _is_anonymous(request)
        if unknown and may_ask:
            message = _("This operation has no such parameter.")
            errors = [
                FieldError(name[:PARAMETER_SHOWN_MAX], "unknown", message) for name in unknown
            ]
            return operation.api.on_exception(request, Invalid(errors=errors))
        return run(request, **path)

    return checked


def _is_anonymous(request: HttpRequest) -> bool:
    actor: Actor | None = getattr(request, "actor", None)
    return actor is None or actor.kind == "anonymous"


def make_api(*, title: str, description: str, namespace: str, rights: Mapping[str, str]) -> Api:
    """An API at which every operation needs an actor unless it says `auth=None`.

    `rights`: see `guard`.
    """
    api = Api(
        title=title,
        version=VERSION,
        description=description,
        urls_namespace=namespace,
        auth=actor_auth,
        renderer=ExactRenderer(),
        parser=ExactParser(),
    )
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        AppError: failures.on_app_error,
        ValidationError: failures.on_invalid_input,
        HttpError: failures.on_http_error,
        Http404: failures.on_not_found,
        PermissionDenied: failures.on_forbidden,
        SuspiciousOperation: failures.on_suspicious,
        DjangoValidationError: failures.on_model_invalid,
        IntegrityError: failures.on_integrity_error,
        DataError: failures.on_data_error,
        NotModified: failures.on_not_modified,
        Exception: failures.on_unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)
    api.add_decorator(guard(rights), mode="view")
    return api
