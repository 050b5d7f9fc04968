"""The database refuses to change the record, whoever asks.

The one named door is `invoicepatch.door = 'keyring'` (see `keyring.door`): lawful erasure may
blank what names a person, nothing else. Source: `architecture.md`, rule 8.
"""

import pgtrigger

from shared.kernel.triggers import Trigger

_ERASABLE = ("actor_label", "object_label", "ip", "payload")
_ERASABLE_SQL = "ARRAY[" + ", ".join(f"'{name}'" for name in _ERASABLE) + "]"
_ALL_BLANK_SQL = " AND ".join(f"NEW.{name} = ''" for name in _ERASABLE)

ENTRIES_ARE_APPEND_ONLY = Trigger(
    name="audit_entries_are_append_only",
    operation=pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.Before,
    func=f"""
        IF TG_OP = 'UPDATE' AND current_setting('invoicepatch.door', true) = 'keyring'
           AND {_ALL_BLANK_SQL}
           AND to_jsonb(OLD) - {_ERASABLE_SQL} = to_jsonb(NEW) - {_ERASABLE_SQL} THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'audit entry % cannot be changed', OLD.sequence
            USING ERRCODE = 'restrict_violation';
    """,
)

ENTRIES_ARE_NOT_TRUNCATED = Trigger(
    name="audit_entries_are_not_truncated",
    operation=pgtrigger.Truncate,
    when=pgtrigger.Before,
    level=pgtrigger.Statement,
    func="""
        RAISE EXCEPTION 'audit entries cannot be removed' USING ERRCODE = 'restrict_violation';
    """,
)

HEAD_STAYS = Trigger(
    name="audit_head_stays",
    operation=pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.Before,
    func="""
        IF TG_OP = 'UPDATE' AND NEW.id = OLD.id AND NEW.sequence > OLD.sequence THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the head of the audit chain only moves forward'
            USING ERRCODE = 'restrict_violation';
    """,
)
