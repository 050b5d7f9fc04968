"""Gapless invoice numbers: `{prefix}-{year}-{sequence:06}`. Source: `domain.md` 1."""

from dataclasses import dataclass

from django.db import connection

from tenants.invoices.models import NumberSeries


@dataclass(frozen=True)
class NumberBlock:
    """Consecutive numbers of one series."""

    prefix: str
    year: int
    first: int

    def number(self, offset: int) -> str:
        """The invoice number at this place of the block."""
        return f"{self.prefix}-{self.year}-{self.first + offset:06}"


def take_numbers(*, prefix: str, year: int, count: int) -> NumberBlock:
    """The next `count` numbers; the series stays locked until the transaction ends.

    A rollback gives them back, so there is no gap. Call it as late as possible: other issuers
    of the same series wait meanwhile.
    """
    table = connection.ops.quote_name(NumberSeries._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS series (id, created_at, prefix, year, last_sequence) "  # noqa: S608
            "VALUES (gen_random_uuid(), now(), %s, %s, %s) "
            "ON CONFLICT (prefix, year) DO UPDATE "
            "SET last_sequence = series.last_sequence + EXCLUDED.last_sequence "
            "RETURNING last_sequence",
            [prefix, year, count],
        )
        (last,) = cursor.fetchone()
    return NumberBlock(prefix=prefix, year=year, first=last - count + 1)
