"""What went out to customers in a period, and how far each document came."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from shared.kernel.actor import Actor
from tenants.delivery.models import Delivery
from tenants.delivery.selectors import deliveries
from tenants.delivery.wording import refusal_text
from tenants.reporting.reports.base import (
    Column,
    Kind,
    Parameter,
    Parameters,
    Report,
    Row,
    instants,
)


def _rows(actor: Actor, asked: Parameters) -> Iterator[Row]:
    """A row a delivery asked for in the period, oldest first."""
    start, end = instants(asked.period)
    found = deliveries(actor=actor).filter(created_at__gte=start, created_at__lt=end)
    for one in found.order_by("created_at", "pk").iterator():
        yield _row(one)


def _row(one: Delivery) -> Row:
    return (
        one.created_at,
        one.get_kind_display(),
        one.object_code,
        one.customer.name,
        one.get_channel_display(),
        one.recipient_name,
        one.get_status_display(),
        one.attempts,
        one.sent_at,
        one.delivered_at,
        one.opened_at,
        str(refusal_text(one.error)) if one.error else "",
    )


REPORT = Report(
    name="deliveries",
    title=gettext_lazy("Deliveries"),
    text=gettext_lazy("Which document went to whom, how, and whether it arrived and was opened."),
    icon="send",
    permission="delivery.read",
    parameter=Parameter.PERIOD,
    columns=(
        Column("asked_at", gettext_lazy("Asked on"), Kind.INSTANT),
        Column("kind", gettext_lazy("Kind")),
        Column("document", gettext_lazy("Document")),
        Column("customer", gettext_lazy("Customer")),
        Column("channel", gettext_lazy("Channel")),
        Column("recipient", gettext_lazy("To")),
        Column("status", gettext_lazy("Status")),
        Column("attempts", gettext_lazy("Attempts"), Kind.COUNT),
        Column("sent_at", gettext_lazy("Sent on"), Kind.INSTANT),
        Column("delivered_at", gettext_lazy("Arrived on"), Kind.INSTANT),
        Column("opened_at", gettext_lazy("Opened on"), Kind.INSTANT),
        Column("reason", gettext_lazy("Reason")),
    ),
    rows=_rows,
)
