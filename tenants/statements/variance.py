"""Statements that are far from the last one are shown to a person before they are sent."""

from collections.abc import Sequence

from django.urls import reverse

from shared.kernel.wording import money
from shared.kernel.wording import worded as _
from tenants.review.services import NewItem, raise_items
from tenants.statements.models import Statement

REVIEW_KIND = "statement_variance"


def raise_unusual(statements: Sequence[Statement]) -> None:
    """A review item for each unusual one, inside the transaction that makes them."""
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
