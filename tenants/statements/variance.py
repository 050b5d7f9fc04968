"""Statements that are far from the last one are shown to a person before they are sent."""

from collections.abc import Sequence

from django.urls import reverse

from shared.kernel.actor import SYSTEM
from shared.kernel.wording import money
from shared.kernel.wording import worded as _
from tenants.review.services import NewItem, close_many, raise_items
from tenants.statements.models import Statement

REVIEW_KIND = "statement_variance"


def raise_unusual(statements: Sequence[Statement]) -> None:
    """A review item for each unusual one, inside the transaction that makes them.

    What asked about a statement that one of these replaces is over.
    """
    replaced = [one.replaces_id for one in statements if one.replaces_id]
    if replaced:
        note = _("A later statement took its place.")
        close_many(actor=SYSTEM, kinds=[REVIEW_KIND], target_ids=replaced, note=note)
    raise_items([_item(one) for one in statements if one.is_unusual])


def _item(statement: Statement) -> NewItem:
    words = {
        "now": money(statement.total_amount, statement.currency),
        "before": money(statement.previous_total or 0, statement.currency),
        "customer": statement.customer.name,
    }
    return NewItem(
        kind=REVIEW_KIND,
        target_type=Statement._meta.label_lower,
        target_id=statement.pk,
        target_label=statement.statement_code,
        cause=_("%(customer)s: %(now)s billed, %(before)s in the period before.") % words,
        field="total_amount",
        link=reverse("statement_detail", args=[statement.pk]),
        details={"total": str(statement.total_amount), "previous": str(statement.previous_total)},
    )
