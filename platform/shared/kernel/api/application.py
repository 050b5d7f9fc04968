"""The NinjaAPI of tenants and of the bare domain: exact JSON, problems for every failure."""

from collections.abc import Callable
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
from shared.kernel.errors import AppError, FieldError, Invalid

VERSION = "1.0.0"
PARAMETER_SHOWN_MAX = 100
Run = Callable[..., HttpResponseBase]


class Api(NinjaAPI):
    """NinjaAPI whose document tells the whole truth about failures and headers."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """OpenAPI 3.1 with the problems every operation may answer."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        return complete_schema(schema)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The handler's name: clients are generated from it."""
        return str(operation.view_func.__name__)


def refuse_unknown_parameters(run: Run) -> Run:
    """Around an operation: a query parameter it does not have is 422, by name.

    A filter with a slip in its name would otherwise answer with every row.
    """
    operation: Operation = run.__self__  # type: ignore[attr-defined]
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


def make_api(*, title: str, description: str, namespace: str) -> Api:
    """An API at which every operation needs an actor unless it says `auth=None`."""
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
    api.add_decorator(refuse_unknown_parameters, mode="view")
    return api
