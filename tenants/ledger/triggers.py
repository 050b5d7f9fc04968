"""What the database itself refuses of the journal."""

import pgtrigger

from shared.kernel.triggers import Added, Trigger

# First key of the lock on a company's books: postings share it, closing has it alone. The second
# is hashtext of the company's id; two companies with one number only wait for each other.
BOOKS_LOCK = 7_301

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

# Of companies: the lock comes before the look, in a statement of its own, for only then is a
# closing that went first seen.
_LOCK_BOOKS = f"PERFORM pg_advisory_xact_lock_shared({BOOKS_LOCK}, hashtext(entity_id::text))"
# The last closing of each company.
_BOOKS = """(SELECT DISTINCT ON (entity_id) entity_id, through FROM ledger_bookclosing
              ORDER BY entity_id, number DESC) AS books"""

# The service refuses first and in words; this holds for whatever else writes.
BOOKS_ARE_OPEN = Trigger(
    name="books_are_open",
    level=pgtrigger.Statement,
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    referencing=Added(),
    declare=[("closed", "date")],
    func=f"""
        {_LOCK_BOOKS}
        FROM (SELECT DISTINCT entity_id FROM added) AS companies;
        SELECT books.through INTO closed FROM added
        JOIN {_BOOKS} ON books.entity_id = added.entity_id
        WHERE added.posted_on <= books.through LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the books are closed through %', closed
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    """,  # noqa: S608 - of constants
)

# A line has the day of its entry, and none is added to an entry of closed time.
LINES_ARE_OF_OPEN_BOOKS = Trigger(
    name="lines_are_of_open_books",
    level=pgtrigger.Statement,
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    referencing=Added(),
    func=f"""
        {_LOCK_BOOKS}
        FROM (SELECT DISTINCT entry.entity_id FROM added
              JOIN ledger_journalentry AS entry ON entry.id = added.entry_id) AS companies;
        PERFORM 1 FROM added
        JOIN ledger_journalentry AS entry ON entry.id = added.entry_id
        LEFT JOIN {_BOOKS} ON books.entity_id = entry.entity_id
        WHERE entry.posted_on <= books.through OR entry.posted_on <> added.posted_on LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'a line has the day of its entry, in open books'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    """,  # noqa: S608 - of constants
)
