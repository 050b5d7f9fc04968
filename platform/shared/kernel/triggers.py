"""Triggers nobody can switch off from a session.

pgtrigger's own let every session pass that names them in `pgtrigger.ignore`, and call a function
of the public schema, which a tenant's role cannot reach. Ours have neither: the one named door
is the one a trigger itself looks for (`keyring.door`). Source: `architecture.md`, rule 8.
"""

from typing import Any

import pgtrigger
from pgtrigger import compiler

_IGNORING = """
                    IF ({ignore_func_name}(TG_NAME) IS TRUE) THEN
                        IF (TG_OP = 'DELETE') THEN
                            RETURN OLD;
                        ELSE
                            RETURN NEW;
                        END IF;
                    END IF;"""


class FirmTriggerSql(compiler.UpsertTriggerSql):
    """pgtrigger's statement without its way around."""

    def get_template(self) -> str:
        """The template. Raises RuntimeError where a new pgtrigger has another one."""
        _ignore_function, start, function = (
            super().get_template().partition("            CREATE OR REPLACE FUNCTION {pgid}()")
        )
        if _IGNORING not in function:
            raise RuntimeError("pgtrigger's template has changed: see shared.kernel.triggers.")
        return start + function.replace(_IGNORING, "")


class Trigger(pgtrigger.Trigger):
    """As pgtrigger's, but firm."""

    def compile(self, model: Any) -> compiler.Trigger:
        """The trigger as migrations know it."""
        compiled = super().compile(model)
        given = {
            name: value for name, value in compiled.sql.kwargs.items() if name != "ignore_func_name"
        }
        return compiler.Trigger(name=compiled.name, sql=FirmTriggerSql(**given))


class Added(pgtrigger.Referencing):
    """The rows that an insert statement added, under the name `added`."""

    def __init__(self) -> None:
        super().__init__(new="added")  # type: ignore[no-untyped-call]


class Protect(Trigger):
    """Refuses the operation on every row."""

    when = pgtrigger.Before
    func = """
        RAISE EXCEPTION 'rows of % cannot be changed or removed', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    """
