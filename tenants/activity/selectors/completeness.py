"""Days without revenue at sites whose contracts are computed from it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize

# Which terms need revenue is the rule of `billing.rating.inputs.required_inputs`: a revenue
# share; a management fee, an insurance or a profit share on revenue; a hybrid with one of them.
# It is looked for in a JSON object that holds contract type and configuration.
NEEDS_REVENUE = """$.** ? (
    @.contract_type == "revenue_share" || exists(@.management_fee.revenue_rate)
    || @.insurance.basis == "gross_revenue" || exists(@.profit_share)
)"""

# The days on which a contract in force at the site needs revenue; `site` NULL means every site.
_EXPECTED = """
    SELECT DISTINCT contract.site_id, day::date AS day
    FROM contracts_contract contract
    JOIN contracts_contractterms terms ON terms.contract_id = contract.id
    CROSS JOIN LATERAL generate_series(
        greatest(%(first)s::date, contract.effective_date, terms.valid_from),
        least(%(last)s::date, contract.end_date, terms.valid_to),
        interval '1 day'
    ) AS day
    WHERE contract.status <> 'draft'
      AND contract.effective_date <= %(last)s
      AND (contract.end_date IS NULL OR contract.end_date >= %(first)s)
      AND (%(site)s::uuid IS NULL OR contract.site_id = %(site)s::uuid)
      AND (terms.contract_type = 'revenue_share'
           OR jsonb_path_exists(terms.billing_configuration, %(needs)s::jsonpath))
"""

_MISSING = f"""
    WITH expected AS ({_EXPECTED}), reported AS (
        SELECT DISTINCT site_id, day FROM activity_revenuerecord
        WHERE day BETWEEN %(first)s AND %(last)s
    ), missing AS (
        SELECT site_id, array_agg(day ORDER BY day) AS days FROM expected
        WHERE NOT EXISTS (
            SELECT FROM reported
            WHERE reported.site_id = expected.site_id AND reported.day = expected.day
        )
        GROUP BY site_id
    )
    SELECT site.site_id, site.name, missing.days,
           sum(cardinality(missing.days)) OVER (), count(*) OVER ()
    FROM missing JOIN sites_site site ON site.id = missing.site_id
    ORDER BY cardinality(missing.days) DESC, site.name, site.site_id LIMIT %(limit)s
"""  # noqa: S608 - of constants


@dataclass(frozen=True)
class SiteGap:
    """The days a site has not reported."""

    site_id: str
    name: str
    days: tuple[date, ...]


@dataclass(frozen=True)
class MissingDays:
    """All missing days, and the sites that miss most."""

    days: int = 0
    sites: int = 0
    worst: tuple[SiteGap, ...] = ()


def missing_revenue_days(*, actor: Actor, period: Period, limit: int) -> MissingDays:
    """Days of the period, on which a contract at the site needs revenue, without a record.

    A day counts once a site, however many contracts need it. One query; names at most `limit`
    sites.
    """
    authorize(actor, "activity.read")
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, {**_values(period, None), "limit": limit})
        rows = cursor.fetchall()
    if not rows:
        return MissingDays()
    return MissingDays(
        days=int(rows[0][3]),
        sites=rows[0][4],
        worst=tuple(SiteGap(code, name, tuple(days)) for code, name, days, *_all in rows),
    )


def expected_days(*, actor: Actor, site_id: UUID, period: Period) -> frozenset[date]:
    """The days of the period on which a contract at the site needs revenue. One query."""
    authorize(actor, "activity.read")
    with connection.cursor() as cursor:
        cursor.execute(_EXPECTED, _values(period, site_id))
        return frozenset(day for _site, day in cursor.fetchall())


def _values(period: Period, site_id: UUID | None) -> dict[str, date | str | int | UUID | None]:
    return {
        "first": period.start_date,
        "last": period.end_date,
        "needs": NEEDS_REVENUE,
        "site": site_id,
    }
