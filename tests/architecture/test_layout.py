"""The tree of folders and the size of what lies in it."""

import ast

import pytest
from support.source import ROOT, SourceFile, python_files

ROOT_ENTRIES = {
    "platform",
    "tenants",
    "billing",
    "connectors",
    "frontend_templates",
    "docker",
    "tests",
    "manage.py",
    "pyproject.toml",
    "README.md",
    "uv.lock",
}
FILE_LINES = 400
FUNCTION_LINES = 50
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def test_the_root_holds_exactly_what_the_architecture_names() -> None:
    entries = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    generated = {"staticfiles", "htmlcov", "__pycache__"}
    assert entries - generated == ROOT_ENTRIES


@pytest.mark.parametrize("folder", ["platform", "tests"])
def test_no_package_shadows_the_standard_library(folder: str) -> None:
    """platform/__init__.py would hide Python's own `platform`; tests are no packages at all."""
    marked = [ROOT / folder / "__init__.py"]
    if folder == "tests":
        marked = list((ROOT / folder).rglob("__init__.py"))
    assert [str(path) for path in marked if path.exists()] == []


def length_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring: saying more must cost nothing."""
    lines = (node.end_lineno or 0) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        docstring = node.body[0]
        lines -= (docstring.end_lineno or 0) - docstring.lineno + 1
    return lines


@pytest.mark.parametrize("file", python_files(), ids=lambda file: file.name)
def test_files_and_functions_stay_short(file: SourceFile) -> None:
    assert len(file.text.splitlines()) < FILE_LINES
    long = {
        node.name: length
        for node in file.functions()
        if (length := length_of(node)) >= FUNCTION_LINES
    }
    assert long == {}


def test_no_name_says_nothing() -> None:
    vague = [
        file.name
        for file in python_files()
        if file.path.stem in FORBIDDEN_NAMES or FORBIDDEN_NAMES & set(file.path.parts)
    ]
    assert vague == []


def test_every_app_keeps_http_and_rows_in_their_rooms() -> None:
    """Who imports django.http answers requests: a view's, an API's or a middleware's work."""
    http_rooms = {"views", "api", "middleware", "forms", "admin", "oauth", "adapters"}
    strangers = [
        file.name
        for file in python_files("tenants")
        if "from django.http import" in file.text and file.room not in http_rooms
    ]
    assert strangers == []
