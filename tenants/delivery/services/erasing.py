"""Forgetting to whom documents went, once the documents themselves are erased."""

from collections.abc import Sequence
from uuid import UUID

from shared.kernel.wording import worded as _
from shared.keyring.door import open_door
from tenants.delivery.addressing import UNSENT
from tenants.delivery.models import COMPLAINT_KIND, Delivery, DeliveryEvent, DocumentKind
from tenants.review.services import reword_items

AT_ONCE = 500


def erase_addressees(*, statement_ids: Sequence[UUID]) -> int:
    """Blank name and address in the deliveries of erased statements; how many there were.

    So are the words of mail servers, which repeat them, and who complained in manual review.
    Part of the transaction that erases the statements. What still waits is given up, for there
    is nothing to send any more; when and how it went out stays.
    """
    found = list(
        Delivery.objects.select_for_update(of=("self",)).filter(
            kind=DocumentKind.STATEMENT, object_id__in=list(statement_ids)
        )
    )
    for one in found:
        one.recipient_name, one.address = "", ""
        # Without their addresses two deliveries of one request would be the same.
        one.request_key = f"erased-{one.pk.hex}"
        if one.status in UNSENT:
            one.status, one.next_attempt_at = Delivery.Status.CANCELLED, None
            one.leased_until = None
    Delivery.objects.bulk_update(
        found,
        [
            "recipient_name",
            "address",
            "request_key",
            "status",
            "next_attempt_at",
            "leased_until",
        ],
        batch_size=AT_ONCE,
    )
    told = DeliveryEvent.objects.filter(delivery__in=found, provider_id__isnull=False)
    with open_door():
        told.exclude(detail="").update(detail="")
    reword_items(
        kind=COMPLAINT_KIND,
        about="delivery_id",
        values=[str(one.pk) for one in found],
        cause=_("Somebody marked an e-mail as spam. To whom it went is erased."),
    )
    return len(found)
