"""Files of payments: read and matched first, recorded when somebody says so, each line once."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse

from billing.application import ALL_RULES
from connectors.bank_files import BankLine
from connectors.bank_files.client import read_bank_file
from connectors.errors import NeedsAttention
from shared.audit.services import record
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import AppError, Conflict, FieldError, Invalid, NotFound, TooLarge
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.wording import money, wording_of
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.payments.matching import match_lines, new_line
from tenants.payments.models import Payment, PaymentFile, PaymentFileLine
from tenants.payments.returns import RETURN_KIND, returned_lines
from tenants.payments.services.checking import PaymentInput, check_payment
from tenants.payments.services.recording import record_customer_payment
from tenants.review.services import NewItem, close_items, raise_items
from tenants.sites.models import Customer
from tenants.structure.models import LegalEntity

REVIEW_KIND = "payment_match"
BYTES_MAX = 5 * 1024 * 1024
NAME_MAX = 200
# How long an application may stand still before the sweep starts it again.
STALE_AFTER = timedelta(minutes=2)

Status, Match = PaymentFileLine.Status, PaymentFileLine.Match


def preview_file(*, actor: Actor, name: str, content: bytes) -> tuple[PaymentFile, bool]:
    """Read and match a file without recording anything; the same file again is the same.

    CSV with a heading, OFX/QFX, CAMT.053 or MT940, up to 5 MiB and 5,000 lines. Raises Invalid
    where it cannot be read, TooLarge.
    """
    authorize(actor, "payments.write")
    if len(content) > BYTES_MAX:
        raise TooLarge(_("A file of payments has at most 5 MiB."))
    digest = hashlib.sha256(content).hexdigest()
    earlier = PaymentFile.objects.filter(digest=digest).first()
    if earlier is not None:
        return earlier, False
    try:
        found = read_bank_file(content)
    except NeedsAttention as error:
        raise Invalid(errors=[FieldError("file", "unreadable", wording_of(error.why))]) from error
    currency = LegalEntity.objects.values_list("currency", flat=True).get(is_default=True)
    numbers = _transaction_numbers(found.lines)
    lines = [
        new_line(line, currency, number) for line, number in zip(found.lines, numbers, strict=True)
    ]
    match_lines(lines)
    for line in lines:
        if line.status == Status.MATCHED:
            _refuse_now(line)
    lines += returned_lines(
        found.outgoing,
        _transaction_numbers(found.outgoing),
        currency=currency,
        after=max((line.position for line in lines), default=0),
    )
    file = PaymentFile(
        name=name.strip()[:NAME_MAX] or found.format,
        digest=digest,
        format=found.format,
        outgoing=len(found.outgoing),
        uploaded_by=actor.label[:200],
    )
    try:
        with transaction.atomic():
            file.save(force_insert=True)
            for line in lines:
                line.file = file
            PaymentFileLine.objects.bulk_create(lines, batch_size=1_000)
            after = {"name": file.name, "lines": str(len(lines))}
            record(actor=actor, action="payment_file.uploaded", target=file, after=after)
    except IntegrityError:  # the same file at the same time
        return PaymentFile.objects.get(digest=digest), False
    return file, True


def start_application(*, actor: Actor, file_id: UUID) -> PaymentFile:
    """Record every matched line in the background; what is not matched goes to review.

    Doing it again has no effect. Raises NotFound.
    """
    from tenants.payments.tasks import apply_file  # the task calls back into this module

    authorize(actor, "payments.write")
    with transaction.atomic():
        file = _lock_file(file_id)
        if file.status == PaymentFile.Status.PREVIEW:
            file.status = PaymentFile.Status.APPLYING
            file.applied_by = actor.label[:200]
            file.save_changes("status", "applied_by")
            enqueue_after_commit(apply_file, file_id=str(file.pk))
            record(actor=actor, action="payment_file.applied", target=file, after={})
    return file


def process_file(*, file_id: UUID) -> None:
    """Record the matched lines, each in a transaction of its own; safe to run twice at once.

    Money of a day whose books are closed meanwhile is recorded on the first open day.
    """
    file = PaymentFile.objects.get(pk=file_id)
    actor = replace(SYSTEM, label=file.applied_by or SYSTEM.label)
    # Each turn takes one line out of the matched ones; there are at most LINES_MAX of them.
    for pk in list(file.lines.filter(status=Status.MATCHED).values_list("pk", flat=True)):
        with transaction.atomic():
            line = (
                PaymentFileLine.objects.select_for_update(of=("self",))
                .select_related("customer", "file")
                .get(pk=pk)
            )
            if line.status == Status.MATCHED:
                _record_or_explain(actor, line)
    with transaction.atomic():
        file = _lock_file(file_id)
        if file.status == PaymentFile.Status.APPLYING:
            raise_items([_review_of(one, file) for one in file.lines.filter(status="unmatched")])
            back = file.lines.filter(status=Status.RETURNED, payment__reversal__isnull=True)
            raise_items([_return_review(one) for one in back.select_related("payment")])
            file.status = PaymentFile.Status.APPLIED
            file.save_changes("status")
            publish(topic="payment.file_applied", key=str(file.pk), payload={"file": str(file.pk)})


def stale_files() -> list[UUID]:
    """Files whose application stands still: a worker was killed or the queue forgot."""
    found = PaymentFile.objects.filter(
        status=PaymentFile.Status.APPLYING, updated_at__lt=now() - STALE_AFTER
    )
    return list(found.values_list("pk", flat=True)[:100])


def assign_line(*, actor: Actor, line_id: UUID, customer_id: str) -> PaymentFileLine:
    """Record an unmatched line as a payment of the customer; closes its review.

    Raises NotFound, Invalid naming `customer_id`, Conflict for a line that is dealt with.
    """
    authorize(actor, "payments.write")
    with transaction.atomic():
        line = _open_line(line_id)
        customer = Customer.objects.filter(customer_id=customer_id.strip().upper()).first()
        if customer is None:
            message = _("There is no customer %(id)s.") % {"id": customer_id[:20]}
            raise Invalid(errors=[FieldError("customer_id", "unknown", message)])
        line.customer, line.match = customer, Match.PERSON
        _record_line(actor, line)
        close_items(actor=actor, kind=REVIEW_KIND, target_id=line.pk)
        after = {"customer": customer.customer_id, "amount": str(line.amount)}
        record(actor=actor, action="payment_line.assigned", target=line, after=after)
    return line


def dismiss_line(*, actor: Actor, line_id: UUID) -> PaymentFileLine:
    """Leave an unmatched line out: it is no customer's payment. Raises NotFound, Conflict."""
    authorize(actor, "payments.write")
    with transaction.atomic():
        line = _open_line(line_id)
        line.status = Status.DISMISSED
        line.save(update_fields=["status"])
        close_items(actor=actor, kind=REVIEW_KIND, target_id=line.pk)
        record(actor=actor, action="payment_line.dismissed", target=line, after={})
    return line


def _record_or_explain(actor: Actor, line: PaymentFileLine) -> None:
    """Record a matched line; what is refused waits for a person with the reason."""
    try:
        with transaction.atomic():
            _record_line(actor, line)
    except AppError as error:
        line.status, line.payment = Status.UNMATCHED, None
        line.problem = error.wording()
        line.save(update_fields=["status", "problem"])


def _refuse_now(line: PaymentFileLine) -> None:
    """What recording would refuse is told in the preview already."""
    try:
        check_payment(_given(line))
    except Invalid as error:
        line.status, line.problem = Status.UNMATCHED, error.wording()


def _given(line: PaymentFileLine) -> PaymentInput:
    assert line.amount is not None
    assert line.received_on is not None
    return PaymentInput(
        amount=line.amount,
        currency=line.currency,
        received_on=line.received_on,
        method="ACH",
        reference=line.reference,
        payer=line.payer,
        transaction_id=line.transaction_id,
    )


def _record_line(actor: Actor, line: PaymentFileLine) -> None:
    assert line.customer is not None
    receipt = record_customer_payment(
        actor=actor,
        customer_id=line.customer.customer_id,
        given=_given(line),
        rules=ALL_RULES,
        into_open_time=True,
    )
    line.payment = receipt.payment
    line.status, line.problem = Status.APPLIED, ""
    line.save(update_fields=["customer", "match", "payment", "status", "problem"])


def _open_line(line_id: UUID) -> PaymentFileLine:
    line = (
        PaymentFileLine.objects.select_for_update(of=("self",))
        .select_related("customer", "file")
        .filter(pk=line_id)
        .first()
    )
    if line is None:
        raise NotFound(_("There is no such line."))
    if line.status != Status.UNMATCHED:
        raise Conflict(_("This line is dealt with already."))
    return line


def _lock_file(file_id: UUID) -> PaymentFile:
    file = PaymentFile.objects.select_for_update().filter(pk=file_id).first()
    if file is None:
        raise NotFound(_("There is no such file."))
    return file


def _review_of(line: PaymentFileLine, file: PaymentFile) -> NewItem:
    amount = f"{line.amount:.2f} {line.currency}"
    return NewItem(
        kind=REVIEW_KIND,
        target_type=PaymentFileLine._meta.label_lower,
        target_id=line.pk,
        target_label=f"{line.received_on} {amount} {line.payer or line.reference}"[:200],
        cause=line.problem or _("No customer could be found for this payment."),
        link=f"{reverse('payment_file', args=[file.pk])}#line-{line.position}",
    )


def _return_review(line: PaymentFileLine) -> NewItem:
    """About the payment, so that two files that tell of it ask once."""
    payment = line.payment
    assert payment is not None
    assert line.amount is not None
    cause = _("%(amount)s went out: %(reference)s. Take this payment back?") % {
        "amount": money(line.amount, line.currency),
        "reference": line.reference or line.payer,
    }
    return NewItem(
        kind=RETURN_KIND,
        target_type=Payment._meta.label_lower,
        target_id=payment.pk,
        target_label=str(payment),
        cause=cause,
        link=reverse("payment_detail", args=[payment.payment_id]),
    )


def _transaction_numbers(lines: Sequence[BankLine]) -> list[str]:
    """The bank's numbers; where there is none, one that the same line has in every file.

    Equal lines of one file are counted, so that two equal payments stay two.
    """
    seen: Counter[str] = Counter()
    numbers = []
    for line in lines:
        if line.transaction_id:
            numbers.append(line.transaction_id)
            continue
        told = "|".join(
            str(one)
            for one in (line.received_on, line.amount, line.currency, line.reference, line.payer)
        )
        seen[told] += 1
        digest = hashlib.sha256(f"{told}|{seen[told]}".encode()).hexdigest()
        numbers.append(f"file-{digest[:24]}")
    return numbers
