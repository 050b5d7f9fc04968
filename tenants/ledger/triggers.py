"""What the database itself refuses of the journal."""

import pgtrigger

from shared.kernel.triggers import Added, Trigger

# Once a statement, over the rows it added: an entry's lines arrive in one statement, and no line
# can be added to an entry later without breaking its balance.
ENTRIES_BALANCE = Trigger(
    name="entries_balance",
    level=pgtrigger.Statement,
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    referencing=Added(),
    declare=[("unbalanced", "uuid")],
    func="""
        SELECT entry_id INTO unbalanced FROM added GROUP BY entry_id
        HAVING sum(amount) <> 0 OR sum(base_amount) <> 0 LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'journal entry % does not balance', unbalanced
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    """,
)
