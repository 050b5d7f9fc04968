"""Rows change in services, and a service asks first whether the actor may."""

import ast
import re

import pytest
from support.source import SourceFile, calls, dotted, python_files

ROW_METHODS = {"save", "delete"}
WRITES = re.compile(
    r"objects(\.\w+)*\.(create|bulk_create|bulk_update|update|delete|"
    r"get_or_create|update_or_create)$"
)
# Where rows may change besides services.
WRITING_ROOMS = {
    "services": "the place for it",
    "models": "managers and row-level methods that services call",
    "migrations": "data migrations",
    "work": "the background's own leases, attempts and results",
}
WRITING_FILES = {
    "platform/shared/organisations/provisioning.py": "schemas and roles, called by services",
    "platform/shared/outbox/relay.py": "ticks off events that were handed on",
    "platform/shared/runtime/test_database.py": "fills the template of test databases",
    "tenants/connections/sides/customers.py": "copies of what the billing system has",
    "tenants/connections/sides/configurations.py": "copies of what the billing system has",
    "platform/shared/organisations/management/commands/create_staff.py": (
        "the first member of staff, whom nobody can have authorised"
    ),
    "tenants/statements/work.py": "the workers' own leases, and the statements of a started run",
    "tenants/documents/work.py": "the renderer's own leases, attempts and results",
}
# Services that ask nobody, because nobody asks for them.
WITHOUT_ACTOR = {
    # Started by beat or a worker for the system itself.
    "process_event",
    "refresh_online_payment",
    "purge_expired_keys",
    "purge_imports",
    "remove_expired_redirects",
    "start_rotation",
    "run_rotation",
    "distribute_run",
    "plan_run",
    "finish_run",
    "mark_notified",
    "archive_old_statements",
    "remove_old_runs",
    "purge_sent",
    # Parts of another service's transaction, which has asked.
    "create_data_keys",
    "shred_keys",
    "insert_terms",
    "delete_unused",
    "request_documents",
    "provide_document",
    "store_correction",
    "erase_addressees",
    "write_off_amount",
    "hand_out_shares",
    "ask_again",
    "raise_item",
    "raise_items",
    "note_delivery",
    "close_many",
    "reword_items",
    "claim_outside_account",
    "release_outside_account",
    # Parts of the set-up of an organisation or of the public schema.
    "create_default_entity",
    "seed_plans",
    "start_subscription",
    # The customer, whose signed link the portal has checked.
    "start_online_payment",
    # The recipient, whose signed link or portal session the page has checked.
    "note_opened",
    # A mail service, whose signature was checked.
    "note_mail_event",
    # A visitor's first step.
    "sign_up",
    "request_link",
    "enter_portal",
}


def writes(node: ast.AST) -> list[str]:
    """Calls that change rows; a save or delete with arguments is a file's or an image's."""
    found = [name for name in calls(node) if WRITES.search(name)]
    for call in ast.walk(node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in ROW_METHODS
            and not call.args
        ):
            found.append(dotted(call.func))
    return found


def is_public(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_")


def changing_services() -> list[tuple[SourceFile, ast.FunctionDef]]:
    return [
        (file, node)
        for file in python_files("platform", "tenants")
        if file.room == "services"
        for node in file.tree().body
        if isinstance(node, ast.FunctionDef) and is_public(node) and writes(node)
        if node.name not in WITHOUT_ACTOR
    ]


@pytest.mark.parametrize("file", python_files("platform", "tenants"), ids=lambda file: file.name)
def test_only_services_change_rows(file: SourceFile) -> None:
    if file.room not in WRITING_ROOMS and file.name not in WRITING_FILES:
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


def test_the_exceptions_are_still_needed() -> None:
    names = {
        node.name
        for file in python_files("platform", "tenants")
        if file.room == "services"
        for node in file.functions()
        if writes(node)
    }
    files = {file.name for file in python_files() if writes(file.tree())}
    assert names >= WITHOUT_ACTOR
    assert files >= set(WRITING_FILES)
