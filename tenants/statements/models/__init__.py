"""Statements with their lines, the runs that make them, and how long they are kept."""

from tenants.statements.models.retention import (
    LegalHold,
    RetentionKind,
    RetentionRule,
    StatementSettings,
)
from tenants.statements.models.runs import StatementRun, StatementRunChunk, StatementRunItem
from tenants.statements.models.statements import Statement, StatementLine

__all__ = [
    "LegalHold",
    "RetentionKind",
    "RetentionRule",
    "Statement",
    "StatementLine",
    "StatementRun",
    "StatementRunChunk",
    "StatementRunItem",
    "StatementSettings",
]
