"""Every route of a tenant's host, from the URL resolver, so that a new one is covered by itself."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^)]*\))*\)")
VALUES_TRIED = 3

Rows = dict[str, list[Any]]


def tenant_routes() -> list[str]:
    """The patterns of `config.urls_tenant`, as the resolver writes them."""
    return sorted(set(_routes(get_resolver("config.urls_tenant"))))


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern).replace("^", "").removesuffix("$")
        if isinstance(pattern, URLPattern):
            yield path
        else:
            yield from _routes(pattern, path)


def start_of(route: str) -> str:
    """`settings` of `settings/people`, `api/v1/contracts` of the contracts' operations."""
    parts = route.split("/")
    return "/".join(parts[:3]) if parts[0] == "api" else parts[0]


def own_rows() -> Rows:
    """Every row of the present organisation that people or programs can change."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in _own_models()
    }


def _own_models() -> list[type[Model]]:
    labels = ("tenants.", "shared.accounts")
    return [
        model
        for model in apps.get_models()
        if model._meta.app_config and model._meta.app_config.name.startswith(labels)
    ]


def paths_of(route: str, rows: Rows) -> list[str]:
    """The route with what these rows hold in place of each parameter."""
    match = PARAMETER.search(route)
    if match is None:
        return ["/" + route.replace("\\", "")]
    name = match.group(2) or match.group(3)
    return [
        path
        for value in _values(rows, name, match.group(1))
        for path in paths_of(route[: match.start()] + value + route[match.end() :], rows)
    ]


def _values(rows: Rows, name: str, kind: str | None) -> list[str]:
    """What the rows have under a parameter's name; for a name no table has, every primary key."""
    found = {str(row[name]) for table in rows.values() for row in table if row.get(name)}
    keys = {str(row["id"]) for table in rows.values() for row in table if row.get("id")}
    values = sorted(found or keys)
    if kind in ("uuid", "uuidstr"):
        values = [value for value in values if re.fullmatch(r"[0-9a-f-]{36}", value)]
    elif kind == "int":
        values = [value for value in values if value.isdecimal()] or ["1"]
    return values[-VALUES_TRIED:]
