"""Reading files of payments."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.payments.models import PaymentFile, PaymentFileLine


def payment_files(*, actor: Actor) -> QuerySet[PaymentFile]:
    """Files brought in, newest first."""
    authorize(actor, "payments.read")
    return PaymentFile.objects.order_by("-created_at")


def payment_file(*, actor: Actor, file_id: UUID) -> PaymentFile:
    """One file. Raises NotFound."""
    found = payment_files(actor=actor).filter(pk=file_id).first()
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


def file_lines(*, actor: Actor, file: PaymentFile, status: str = "") -> QuerySet[PaymentFileLine]:
    """The lines of a file in its order, of one status where it is named."""
    authorize(actor, "payments.read")
    found = file.lines.select_related("customer", "payment").order_by("position")
    return found.filter(status=status) if status else found


def counts_of(files: Iterable[PaymentFile]) -> dict[UUID, dict[str, int]]:
    """By file how many lines of each status there are, every status present; one query."""
    found = {file.pk: dict.fromkeys(PaymentFileLine.Status.values, 0) for file in files}
    rows = PaymentFileLine.objects.filter(file_id__in=found).order_by()
    for file_id, status, number in rows.values_list("file_id", "status").annotate(n=Count("pk")):
        found[file_id][status] = number
    return found
