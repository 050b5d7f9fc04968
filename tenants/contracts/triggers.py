"""What was signed or decided stays as it is: the database refuses the change, whoever asks.

Key rotation and lawful erasure may touch the encrypted columns of a signature, nothing else.
Source: `architecture.md`, rule 8.
"""

import pgtrigger

from shared.kernel.triggers import Trigger

_PERSONAL = "ARRAY['signer_name', 'signer_title', 'signer_email', 'ip_address', 'document']"

SIGNATURES_ARE_APPEND_ONLY = Trigger(
    name="signatures_are_append_only",
    operation=pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.Before,
    func=f"""
        IF TG_OP = 'UPDATE' AND current_setting('invoicepatch.door', true) = 'keyring'
           AND to_jsonb(NEW) - {_PERSONAL} = to_jsonb(OLD) - {_PERSONAL} THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a signature cannot be changed or removed'
            USING ERRCODE = 'restrict_violation';
    """,
)

DECIDED_ADJUSTMENT_STAYS = Trigger(
    name="decided_adjustment_stays",
    operation=pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.Before,
    condition=pgtrigger.Q(old__status__in=("approved", "rejected")),
    func="""
        RAISE EXCEPTION 'adjustment % is decided and cannot be changed', OLD.adjustment_id
            USING ERRCODE = 'restrict_violation';
    """,
)
