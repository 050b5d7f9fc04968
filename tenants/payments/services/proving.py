"""The nightly proof that journal and documents agree: what was compared is kept."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.urls import reverse

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.wording import Wording
from shared.kernel.wording import worded_plural as ngettext
from tenants.ledger.models import LedgerProof
from tenants.payments.control import Difference, prove
from tenants.review.models import ReviewItem
from tenants.review.services import close_items, raise_item
from tenants.structure.models import LegalEntity

KIND = "ledger_difference"
KEPT_MAX = 200
PROVEN_AGAIN_MAX = 7


def prove_ledger(*, actor: Actor, on: date) -> LedgerProof:
    """Compare at the end of a day and keep the result; a difference is put before a person.

    Proving a day again replaces its result, and closes the question where all agrees now.
    """
    authorize(actor, "ledger.read")
    result = prove(actor=actor, on=on)
    with transaction.atomic():
        proof, _made = LedgerProof.objects.select_for_update().update_or_create(
            on=on,
            defaults={
                "checked_at": now(),
                "compared": result.compared,
                "differences": _as_json(result.differences[:KEPT_MAX]),
            },
        )
        if result.differences:
            raise_item(
                kind=KIND,
                target=proof,
                cause=_cause(result.differences),
                link=f"{reverse('ledger_balance')}?on={on.isoformat()}",
                details={"differences": proof.differences[:5]},
            )
        else:
            close_items(actor=actor, kind=KIND, target_id=proof.pk)
        record(
            actor=actor,
            action="ledger.proved",
            target=proof,
            after={"compared": result.compared, "differences": len(result.differences)},
        )
    return proof


def differing_days() -> list[date]:
    """The days whose difference waits for a person, the oldest first and seven at most."""
    waiting = ReviewItem.objects.filter(kind=KIND, status=ReviewItem.Status.OPEN)
    proofs = LedgerProof.objects.filter(pk__in=waiting.values("target_id"))
    return list(proofs.order_by("on").values_list("on", flat=True)[:PROVEN_AGAIN_MAX])


def _cause(differences: tuple[Difference, ...]) -> Wording:
    first = differences[0]
    text = ngettext(
        "The journal and the documents differ on %(number)d balance: %(account)s, "
        "%(ledger)s in the journal, %(documents)s by the documents.",
        "The journal and the documents differ on %(number)d balances, among them %(account)s: "
        "%(ledger)s in the journal, %(documents)s by the documents.",
        len(differences),
    )
    return text % {
        "number": len(differences),
        "account": first.key.account,
        "ledger": first.ledger,
        "documents": first.documents,
    }


def _as_json(differences: Sequence[Difference]) -> list[dict[str, str | None]]:
    """As the proof keeps them, each with the name of its company."""
    companies = {one.key.entity_id for one in differences}
    rows = LegalEntity.objects.filter(pk__in=companies).values_list("pk", "name")
    names = dict(rows) if companies else {}
    return [
        {
            "account": str(one.key.account),
            "detail": one.key.detail,
            "company": names.get(one.key.entity_id, ""),
            "entity_id": str(one.key.entity_id),
            "customer_id": str(one.key.customer_id) if one.key.customer_id else None,
            "currency": one.key.currency,
            "in_books": str(one.key.in_books),
            "ledger": str(one.ledger),
            "documents": str(one.documents),
        }
        for one in differences
    ]
