"""Bringing files in: start, apply, undo, throw away; and the work behind it."""

from tenants.imports.services.cleaning import purge_imports
from tenants.imports.services.deciding import apply_import, discard_import, undo_import
from tenants.imports.services.processing import process_import
from tenants.imports.services.starting import start_import

__all__ = [
    "apply_import",
    "discard_import",
    "process_import",
    "purge_imports",
    "start_import",
    "undo_import",
]
