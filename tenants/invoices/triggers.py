"""Issued money is never edited: the database refuses it, whoever asks.

The one named door is `invoicepatch.door = 'keyring'` (see `keyring.door`): key rotation and
lawful erasure may touch the encrypted columns, nothing else. Source: `architecture.md`, rule 8.
"""

import pgtrigger

from shared.kernel.triggers import Added, Trigger

# What moves on after the issue: payment, delivery, and a void before any payment.
_MOVING = (
    "ARRAY['payment_status', 'delivery_status', 'amount_paid', 'amount_credited',"
    " 'amount_written_off', 'amount_disputed', 'revision', 'updated_at']"
)
_VOIDING = "ARRAY['document_status', 'voided_on', 'void_reason']"
_ENCRYPTED = "ARRAY['parties']"

ISSUED_INVOICE_IS_FROZEN = Trigger(
    name="issued_invoice_is_frozen",
    operation=pgtrigger.Update,
    when=pgtrigger.Before,
    condition=pgtrigger.Q(old__document_status__in=("issued", "void")),
    declare=[("kept_old", "jsonb"), ("kept_new", "jsonb")],
    func=f"""
        kept_old := to_jsonb(OLD) - {_MOVING};
        kept_new := to_jsonb(NEW) - {_MOVING};
        IF current_setting('invoicepatch.door', true) = 'keyring' THEN
            kept_old := kept_old - {_ENCRYPTED};
            kept_new := kept_new - {_ENCRYPTED};
        END IF;
        IF OLD.document_status = 'issued' AND NEW.document_status = 'void'
           AND OLD.amount_paid = 0 AND NEW.amount_paid = 0
           AND NEW.amount_credited = 0 AND NEW.amount_written_off = 0 THEN
            kept_old := kept_old - {_VOIDING};
            kept_new := kept_new - {_VOIDING};
        END IF;
        IF kept_old <> kept_new THEN
            RAISE EXCEPTION 'invoice % is issued and cannot be changed', OLD.number
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    """,
)

ISSUED_INVOICE_STAYS = Trigger(
    name="issued_invoice_stays",
    operation=pgtrigger.Delete,
    when=pgtrigger.Before,
    condition=pgtrigger.Q(old__number__isnull=False),
    func="""
        RAISE EXCEPTION 'invoice % is issued and cannot be deleted', OLD.number
            USING ERRCODE = 'restrict_violation';
    """,
)


NUMBERS_ONLY_GROW = Trigger(
    name="numbers_only_grow",
    operation=pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.Before,
    func="""
        IF TG_OP = 'UPDATE' AND NEW.last_sequence > OLD.last_sequence
           AND NEW.prefix = OLD.prefix AND NEW.year = OLD.year THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the series %-% only goes forward', OLD.prefix, OLD.year
            USING ERRCODE = 'restrict_violation';
    """,
)


def _frozen_with_invoice(name: str) -> Trigger:
    """Refuse to change or remove the rows of an invoice that has its number."""
    return Trigger(
        name=name,
        operation=pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        declare=[("issued_number", "text")],
        func="""
            SELECT number INTO issued_number FROM invoices_invoice
            WHERE number IS NOT NULL AND (id = OLD.invoice_id
                  OR (TG_OP = 'UPDATE' AND id = NEW.invoice_id)) LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'invoice % is issued and cannot be changed', issued_number
                    USING ERRCODE = 'restrict_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )


def _none_added_to_issued(name: str) -> Trigger:
    """Refuse rows for an invoice that has its number; asked once a statement, not once a row.

    Rows that are stored before their invoice, in one transaction, belong to none yet.
    """
    return Trigger(
        name=name,
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert,
        when=pgtrigger.After,
        referencing=Added(),
        declare=[("issued_number", "text")],
        func="""
            SELECT number INTO issued_number FROM invoices_invoice
            WHERE number IS NOT NULL AND id IN (SELECT invoice_id FROM added) LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'invoice % is issued and cannot be changed', issued_number
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        """,
    )


LINES_OF_ISSUED_ARE_FROZEN = _frozen_with_invoice("lines_of_issued_are_frozen")
TAXES_OF_ISSUED_ARE_FROZEN = _frozen_with_invoice("taxes_of_issued_are_frozen")
NO_LINES_ADDED_TO_ISSUED = _none_added_to_issued("no_lines_added_to_issued")
NO_TAXES_ADDED_TO_ISSUED = _none_added_to_issued("no_taxes_added_to_issued")
