"""What happened to a delivery stays: the database refuses to change it.

The one named door (`keyring.door`) lets lawful erasure empty the words of a mail service, which
may name a person. Source: `architecture.md`, rule 8.
"""

import pgtrigger

from shared.kernel.triggers import Trigger

EVENT_IS_FROZEN = Trigger(
    name="delivery_event_is_frozen",
    operation=pgtrigger.Update,
    when=pgtrigger.Before,
    func="""
        IF current_setting('invoicepatch.door', true) IS DISTINCT FROM 'keyring'
           OR NEW.detail <> '' OR to_jsonb(OLD) - 'detail' <> to_jsonb(NEW) - 'detail' THEN
            RAISE EXCEPTION 'rows of % cannot be changed or removed', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    """,
)
