"""What a period still lacks when statements are made of it. They say so and are made anyway."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.activity.selectors.completeness import missing_revenue_days
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.runs import unbilled_contracts

EXAMPLES = 3
TEXTS: Mapping[str, Any] = {
    "unbilled": ngettext_lazy(
        "%(count)s contract was not billed for the period.",
        "%(count)s contracts were not billed for the period.",
        "count",
    ),
    "drafts": ngettext_lazy(
        "%(count)s invoice of the period is not issued.",
        "%(count)s invoices of the period are not issued.",
        "count",
    ),
    "missing_revenue": ngettext_lazy(
        "Revenue is missing for %(count)s day at a site.",
        "Revenue is missing for %(count)s days at sites.",
        "count",
    ),
}
PAGES: Mapping[str, tuple[str, Promise]] = {
    "unbilled": ("billing_runs", _("Billing runs")),
    "drafts": ("invoice_list", _("Invoices")),
    "missing_revenue": ("site_list", _("Sites")),
}
UNISSUED = (
    Invoice.DocumentStatus.DRAFT,
    Invoice.DocumentStatus.VALIDATED,
    Invoice.DocumentStatus.PENDING_APPROVAL,
    Invoice.DocumentStatus.APPROVED,
)


def period_warnings(period: Period) -> list[dict[str, Any]]:
    """Unbilled contracts, unissued invoices and missing revenue, each with examples.

    Plain JSON: code, count, examples. For the run, whose starter was authorised.
    """
    unbilled = unbilled_contracts(actor=SYSTEM, period=period).order_by("contract_id")
    drafts = Invoice.objects.filter(
        document_status__in=UNISSUED, period_end__range=(period.start_date, period.end_date)
    )
    missing = missing_revenue_days(actor=SYSTEM, period=period, limit=EXAMPLES)
    found: Sequence[tuple[str, int, list[str]]] = (
        ("unbilled", unbilled.count(), [one.contract_id for one in unbilled[:EXAMPLES]]),
        ("drafts", drafts.count(), [one.invoice_id for one in drafts[:EXAMPLES]]),
        ("missing_revenue", missing.days, [gap.site_id for gap in missing.worst]),
    )
    return [
        {"code": code, "count": count, "examples": examples}
        for code, count, examples in found
        if count
    ]


def warning_text(warning: Mapping[str, Any]) -> str:
    """A warning in words."""
    return str(TEXTS[warning["code"]] % {"count": warning["count"]})
