"""What the database itself refuses of payments, whoever asks.

The services look first, with the payment locked; these hold where one of them forgets to.
Source: `architecture.md`, rule 8.
"""

import pgtrigger

from shared.kernel.triggers import Trigger

# Two at once: the second waits for the payment's row and then sees what the first gave.
_GIVEN = """
    SELECT amount INTO whole FROM payments_payment
    WHERE id = NEW.payment_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM payments_reversal WHERE payment_id = NEW.payment_id) THEN
        RAISE EXCEPTION 'a reversed payment has nothing to give'
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT whole
        - coalesce((SELECT sum(amount) FROM payments_allocation
                    WHERE payment_id = NEW.payment_id), 0)
        - coalesce((SELECT sum(amount) FROM payments_refund
                    WHERE payment_id = NEW.payment_id), 0) INTO whole;
    IF whole < 0 THEN
        RAISE EXCEPTION 'a payment cannot give more than it is'
            USING ERRCODE = 'restrict_violation';
    END IF;
"""

ALLOCATION_IS_COVERED = Trigger(
    name="allocation_is_covered",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    declare=[("whole", "numeric")],
    func=f"""
        PERFORM 1 FROM invoices_invoice AS invoice
        LEFT JOIN payments_payment AS payment ON payment.id = NEW.payment_id
        LEFT JOIN invoices_invoice AS note ON note.id = NEW.credit_note_id
        WHERE invoice.id = NEW.invoice_id
          AND (NEW.write_off_id IS NOT NULL
               OR (invoice.customer_id, invoice.currency)
                = (coalesce(payment.customer_id, note.customer_id),
                   coalesce(payment.currency, note.currency)));
        IF NOT FOUND THEN
            RAISE EXCEPTION 'an invoice is settled by its customer, in its currency'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.payment_id IS NOT NULL THEN
            {_GIVEN}
        END IF;
        RETURN NULL;
    """,
)

REFUND_IS_COVERED = Trigger(
    name="refund_is_covered",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    declare=[("whole", "numeric")],
    func=f"""
        IF NEW.reverses_id IS NOT NULL THEN
            PERFORM 1 FROM payments_refund AS refund
            WHERE refund.id = NEW.reverses_id AND refund.reverses_id IS NULL
              AND refund.amount = -NEW.amount
              AND refund.payment_id IS NOT DISTINCT FROM NEW.payment_id
              AND refund.credit_note_id IS NOT DISTINCT FROM NEW.credit_note_id;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'a refund is taken back whole, where it came from'
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END IF;
        IF NEW.payment_id IS NOT NULL THEN
            {_GIVEN}
        END IF;
        RETURN NULL;
    """,
)

REVERSED_ONCE_TAKEN_BACK = Trigger(
    name="reversed_once_taken_back",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    declare=[("given", "numeric")],
    func="""
        PERFORM 1 FROM payments_payment WHERE id = NEW.payment_id FOR NO KEY UPDATE;
        SELECT coalesce((SELECT sum(amount) FROM payments_allocation
                         WHERE payment_id = NEW.payment_id), 0)
             + coalesce((SELECT sum(amount) FROM payments_refund
                         WHERE payment_id = NEW.payment_id), 0) INTO given;
        IF given <> 0 THEN
            RAISE EXCEPTION 'a payment that still settles something cannot be reversed'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    """,
)
