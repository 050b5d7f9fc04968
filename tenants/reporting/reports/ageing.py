"""What customers owe at the end of a day. Agrees with the ledger's receivable."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.charts import Chart, Slice, ageing_bar
from shared.kernel.formats import format_money
from tenants.payments.presentation import bucket_labels
from tenants.payments.selectors import GroupBy, ageing
from tenants.reporting.reports.base import Column, Kind, Parameter, Parameters, Report, Row
from tenants.reporting.selectors.amounts import main_currency

FIRST_BUCKET = 3


def _rows(actor: Actor, asked: Parameters) -> Iterator[Row]:
    for row in ageing(actor=actor, by=GroupBy.CUSTOMER, on=asked.on):
        yield (row.code, row.name, row.currency, *row.amounts, row.credits, row.total)


def _chart(rows: Sequence[Row]) -> Chart | None:
    if not rows:
        return None
    currency = main_currency({row[2] for row in rows})
    mine = [row for row in rows if row[2] == currency]
    language = get_language()
    return ageing_bar(
        title=_("Receivables by age"),
        buckets=[
            Slice(str(label), sum((row[FIRST_BUCKET + at] for row in mine), Decimal(0)))
            for at, label in enumerate(bucket_labels().values())
        ],
        format_value=lambda value: format_money(value, currency, language=language),
        header=(_("Age"), _("Outstanding")),
    )


REPORT = Report(
    name="ageing",
    title=gettext_lazy("Receivables by age"),
    text=gettext_lazy("What each customer owed at the end of a day, by how late it was."),
    icon="hourglass",
    permission="payments.read",
    parameter=Parameter.DAY,
    columns=(
        Column("customer_id", gettext_lazy("Customer number")),
        Column("customer", gettext_lazy("Customer")),
        Column("currency", gettext_lazy("Currency")),
        Column("current", gettext_lazy("Not due yet"), Kind.MONEY, totalled=True),
        Column("days_1_30", gettext_lazy("1–30 days late"), Kind.MONEY, totalled=True),
        Column("days_31_60", gettext_lazy("31–60 days late"), Kind.MONEY, totalled=True),
        Column("days_61_90", gettext_lazy("61–90 days late"), Kind.MONEY, totalled=True),
        Column("over_90", gettext_lazy("Over 90 days late"), Kind.MONEY, totalled=True),
        Column("credits", gettext_lazy("Credits"), Kind.MONEY, totalled=True),
        Column("total", gettext_lazy("Total"), Kind.MONEY, totalled=True),
    ),
    rows=_rows,
    chart=_chart,
)
