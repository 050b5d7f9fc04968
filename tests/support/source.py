"""The project's source, parsed, for the architecture tests."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE_FOLDERS = ("platform", "tenants", "billing", "connectors")


@dataclass(frozen=True)
class SourceFile:
    """One Python file; `path` is relative to the repository's root."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.as_posix()

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.path.parts

    @property
    def room(self) -> str:
        """`services` for services.py and for every file of a folder services/."""
        parts = self.path.with_suffix("").parts
        app_at = {"platform": 3, "tenants": 2}.get(parts[0], 1)
        return parts[app_at] if len(parts) > app_at else ""

    @cache  # noqa: B019 - a few hundred files, once a run
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


@cache
def python_files(*folders: str) -> tuple[SourceFile, ...]:
    """Every Python file of the folders (default: the product), without migrations."""
    paths = (
        path for folder in folders or SOURCE_FOLDERS for path in ROOT.joinpath(folder).rglob("*.py")
    )
    files = (SourceFile(path.relative_to(ROOT), path.read_text()) for path in sorted(paths))
    return tuple(file for file in files if not file.is_migration)


def calls(node: ast.AST) -> Iterator[str]:
    """The dotted names of everything called below `node`, e.g. `Site.objects.create`."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            yield dotted(call.func)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain; calls and subscripts in it are left out."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case ast.Call(func=func):
            return dotted(func)
        case ast.Subscript(value=value):
            return dotted(value)
        case _:
            return ""
