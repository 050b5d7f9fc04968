"""The one door through the triggers that freeze issued and append-only rows.

Key rotation and lawful erasure change encrypted columns of rows that nothing else may change.
They do it inside `open_door()`, which sets a flag for the rest of the transaction's block.

For authors of triggers: let an UPDATE pass where the door is open **and** nothing but the
encrypted columns differs. In plpgsql, for a table whose encrypted columns are `note` and `iban`:

    IF current_setting('invoicepatch.door', true) = 'keyring'
       AND to_jsonb(NEW) - ARRAY['note', 'iban'] = to_jsonb(OLD) - ARRAY['note', 'iban']
    THEN RETURN NEW; END IF;

A DELETE never passes. Source: `architecture.md`, Where does it go, rule 8.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg.pq import TransactionStatus

SETTING = "invoicepatch.door"
KEYRING = "keyring"


@contextmanager
def open_door() -> Iterator[None]:
    """Let the block change encrypted columns of frozen rows.

    Needs an open transaction: the flag ends with it, also when it rolls back. Raises
    RuntimeError without one.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Open the door inside a transaction, so that it closes with it.")
    _set(KEYRING)
    try:
        yield
    finally:
        # A failed transaction accepts no statement; its rollback closes the door.
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            _set("")


def _set(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, value])
