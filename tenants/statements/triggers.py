"""A statement that was made never changes: the database refuses it, whoever asks.

Delivery and archiving move on. The one named door (`keyring.door`) lets key rotation and lawful
erasure touch the encrypted column. Source: `architecture.md`, rule 8.
"""

import pgtrigger

from shared.kernel.triggers import Added, Trigger

_MOVING = "ARRAY['delivery_status', 'archived_at', 'revision', 'updated_at']"
_ENCRYPTED = "ARRAY['parties']"

STATEMENT_IS_FROZEN = Trigger(
    name="statement_is_frozen",
    operation=pgtrigger.Update,
    when=pgtrigger.Before,
    declare=[("kept_old", "jsonb"), ("kept_new", "jsonb")],
    func=f"""
        kept_old := to_jsonb(OLD) - {_MOVING};
        kept_new := to_jsonb(NEW) - {_MOVING};
        IF current_setting('invoicepatch.door', true) = 'keyring' THEN
            kept_old := kept_old - {_ENCRYPTED};
            kept_new := kept_new - {_ENCRYPTED};
        END IF;
        IF kept_old <> kept_new OR (OLD.archived_at IS NOT NULL
                                    AND NEW.archived_at IS DISTINCT FROM OLD.archived_at) THEN
            RAISE EXCEPTION 'statement % is made and cannot be changed', OLD.statement_code
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    """,
)

STATEMENT_STAYS = Trigger(
    name="statement_stays",
    operation=pgtrigger.Delete,
    when=pgtrigger.Before,
    func="""
        RAISE EXCEPTION 'statement % is made and cannot be deleted', OLD.statement_code
            USING ERRCODE = 'restrict_violation';
    """,
)

# Once a statement of SQL. The statement says how many lines it has, so none can join it later.
NO_LINES_BEYOND_COUNT = Trigger(
    name="no_lines_beyond_count",
    level=pgtrigger.Statement,
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    referencing=Added(),
    declare=[("full_code", "text")],
    func="""
        SELECT max(made.statement_code) INTO full_code
        FROM statements_statement AS made
        JOIN statements_statementline AS line ON line.statement_id = made.id
        WHERE made.id IN (SELECT statement_id FROM added)
        GROUP BY made.id HAVING count(*) > max(made.line_count) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'statement % is made and cannot be changed', full_code
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    """,
)
