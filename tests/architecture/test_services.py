"""Rows change in services, and a service asks first whether the actor may."""

import ast
import re

import pytest
from support.source import SourceFile, calls, python_files

WRITES = re.compile(
    r"\.(save|delete)$|objects(\.\w+)*\.(create|bulk_create|bulk_update|update|delete|"
    r"get_or_create|update_or_create)$"
)
# Where rows may change besides services.
WRITING_ROOMS = {
    "services": "the place for it",
    "models": "managers and row-level methods that services call",
    "migrations": "data migrations",
}


def writes(node: ast.AST) -> list[str]:
    return [name for name in calls(node) if WRITES.search(name)]


def is_public(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_")


def changing_services() -> list[tuple[SourceFile, ast.FunctionDef]]:
    return [
        (file, node)
        for file in python_files("platform", "tenants")
        if file.room == "services"
        for node in file.tree().body
        if isinstance(node, ast.FunctionDef) and is_public(node) and writes(node)
    ]


@pytest.mark.parametrize("file", python_files("platform", "tenants"), ids=lambda file: file.name)
def test_only_services_change_rows(file: SourceFile) -> None:
    if file.room not in WRITING_ROOMS:
        assert writes(file.tree()) == []


@pytest.mark.parametrize(
    ("file", "service"), changing_services(), ids=lambda value: getattr(value, "name", "")
)
def test_a_service_that_changes_rows_asks_for_permission(
    file: SourceFile, service: ast.FunctionDef
) -> None:
    keywords = {argument.arg for argument in service.args.kwonlyargs}
    assert "actor" in keywords
    assert any("authorize" in name for name in calls(service))
