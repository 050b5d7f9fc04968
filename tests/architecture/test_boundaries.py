"""What may stand where: rows, money, output, schemas."""

import ast
import sys

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey, ManyToManyField
from support.source import SourceFile, calls, dotted, python_files

STANDARD_LIBRARY = sys.stdlib_module_names | {"billing"}


@pytest.mark.parametrize("file", python_files("billing"), ids=lambda file: file.name)
def test_billing_uses_the_standard_library_only(file: SourceFile) -> None:
    imported = set()
    for node in ast.walk(file.tree()):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert imported - STANDARD_LIBRARY == set()


@pytest.mark.parametrize("file", python_files("billing"), ids=lambda file: file.name)
def test_billing_has_no_float_no_clock_and_no_settings(file: SourceFile) -> None:
    """To ask whether an input is a float is allowed: it is then read by its spelling."""
    asked = {
        name
        for node in ast.walk(file.tree())
        if isinstance(node, ast.Call) and dotted(node.func) == "isinstance"
        for name in ast.walk(node)
    }
    found = [
        ast.unparse(node)
        for node in set(ast.walk(file.tree())) - asked
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    clocks = {"datetime.now", "date.today", "datetime.utcnow", "time.time", "os.environ"}
    found += [name for name in calls(file.tree()) if name in clocks]
    assert found == []


@pytest.mark.parametrize("file", python_files("connectors"), ids=lambda file: file.name)
def test_connectors_have_no_models_and_no_settings(file: SourceFile) -> None:
    assert "django" not in file.text


@pytest.mark.parametrize("file", python_files(), ids=lambda file: file.name)
def test_nothing_prints(file: SourceFile) -> None:
    """Commands write to self.stdout, the service to its log."""
    assert "print" not in set(calls(file.tree()))


def test_tenant_tables_are_in_tenant_schemas_only() -> None:
    both = set(settings.BOTH)
    assert set(settings.TENANT_APPS) & set(settings.SHARED_APPS) == both
    assert not [app for app in settings.SHARED_APPS if app.startswith("tenants.")]


def test_no_foreign_key_joins_public_and_tenant_schemas() -> None:
    """The tenant schemas can be spread over servers only as long as nothing points out of one."""
    both = {_label(name) for name in settings.BOTH}
    only_public = {_label(name) for name in settings.SHARED_APPS} - both
    only_tenant = {_label(name) for name in settings.TENANT_APPS} - both
    crossing = []
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey | ManyToManyField):
                target = field.related_model
                assert not isinstance(target, str)
                here, there = model._meta.app_label, target._meta.app_label
                one_way = here in only_public and there in only_tenant
                # A table in both lists stands in each tenant's schema: it must not leave it.
                other_way = here in (only_tenant | both) and there in only_public
                if one_way or other_way:
                    crossing.append(f"{model._meta.label}.{field.name}")
    assert crossing == []


def _label(name: str) -> str:
    return next((c.label for c in apps.get_app_configs() if c.name == name), name)


def test_dotted_reads_through_calls() -> None:
    call = ast.parse("Site.objects.filter(x=1).update(y=2)").body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert dotted(call.value.func) == "Site.objects.filter.update"
