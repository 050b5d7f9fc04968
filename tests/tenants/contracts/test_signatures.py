"""Signatures: bound to exactly one text, encrypted, never changed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from support.billing import make_contract

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.keyring.door import open_door
from tenants.contracts.documents import canonical_document, document_hash
from tenants.contracts.models import ContractSignature
from tenants.contracts.selectors import contract_by_code
from tenants.contracts.services import Signer, record_signature, update_contract

KAREN = Signer("Karen Douglas", "karen@example.com", "Director")


def text_of(contract):
    return canonical_document(contract_by_code(actor=SYSTEM, contract_id=contract.contract_id))


def sign(contract, *, signer=KAREN, digest=None, actor=SYSTEM, **options):
    return record_signature(
        actor=actor,
        contract_id=contract.contract_id,
        signer=signer,
        document_sha256=digest or document_hash(text_of(contract)),
        **options,
    )


def test_the_record_proves_the_text(in_acme, actor_in):
    contract = make_contract()
    signer = actor_in("billing_manager").acting_in(ip="203.0.113.9", request_id=None)
    sign(contract, actor=signer)
    kept = ContractSignature.objects.get()
    assert document_hash(kept.document) == kept.document_sha256
    assert (kept.signer_name, kept.signer_title) == ("Karen Douglas", "Director")
    assert (kept.signer_email, kept.ip_address) == ("karen@example.com", "203.0.113.9")
    assert abs(kept.signed_at - now()) < timedelta(minutes=1)


def test_the_text_is_the_same_until_something_changes(in_acme):
    contract = make_contract()
    before = text_of(contract)
    assert text_of(contract) == before
    update_contract(
        actor=SYSTEM, contract_id=contract.contract_id, changes={"purchase_order": "PO 7"}
    )
    assert text_of(contract) != before
    with pytest.raises(Conflict) as refused:
        sign(contract, digest=document_hash(before))
    assert refused.value.errors[0].field == "document_sha256"


def test_names_lie_encrypted(in_acme):
    sign(make_contract())
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(s)::text FROM contracts_contractsignature s")
        (row,) = cursor.fetchone()
    assert "Karen" not in row
    assert "karen@example.com" not in row


def test_only_the_keyring_may_write_again(in_acme):
    sign(make_contract())
    kept = ContractSignature.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ContractSignature.objects.filter(pk=kept.pk).update(document_sha256="0" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        kept.save()
    with pytest.raises(IntegrityError), transaction.atomic(), open_door():
        kept.delete()
    with transaction.atomic(), open_door():
        kept.save(update_fields=["signer_name"])
    with pytest.raises(IntegrityError), transaction.atomic(), open_door():
        ContractSignature.objects.filter(pk=kept.pk).update(document_sha256="0" * 64)


@pytest.mark.parametrize(
    ("signer", "options", "field"),
    [
        (Signer(" ", "karen@example.com"), {}, "signer_name"),
        (Signer("K" * 256, "karen@example.com"), {}, "signer_name"),
        (Signer("Karen", "nobody"), {}, "signer_email"),
        (KAREN, {"signed_at": datetime(2999, 1, 1, tzinfo=UTC)}, "signed_at"),
        (KAREN, {"signed_at": datetime(1, 1, 1, tzinfo=UTC)}, "signed_at"),
    ],
)
def test_each_wrong_field_is_named(in_acme, signer, options, field):
    with pytest.raises(Invalid) as refused:
        sign(make_contract(), signer=signer, **options)
    assert [error.field for error in refused.value.errors] == [field]


def test_a_viewer_may_not_record_one(in_acme, actor_in):
    with pytest.raises(Forbidden):
        sign(make_contract(), actor=actor_in("viewer"))
