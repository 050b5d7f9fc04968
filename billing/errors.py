"""What the arithmetic refuses, named field by field."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class FieldProblem:
    """One refused field.

    ``field`` is the path in the document it came from (``billing_data.labor[0].job_code``),
    ``code`` a stable key, ``message`` an English sentence; ``values`` are what the sentence
    mentions, so that a page can say it in another language by code.
    """

    field: str
    code: str
    message: str
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


class BillingError(Exception):
    """A request the arithmetic cannot answer; ``problems`` names every field at fault."""

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.problems: tuple[FieldProblem, ...] = tuple(problems)
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in self.problems))


class InvalidTerms(BillingError):
    """The billing configuration of a contract breaks a rule of its type."""


class InvalidActivity(BillingError):
    """The inputs of a period are malformed, or one that the contract needs is missing."""


class InvalidPeriod(BillingError):
    """A period that ends before it starts, or is longer than anything billed at once."""


class NotActive(BillingError):
    """The contract has no active day in the period."""


class AmountTooLarge(BillingError):
    """A result does not fit what is stored: NUMERIC(19,4), below 10^15."""


class UnknownCurrency(BillingError):
    """Not an ISO 4217 code."""


class UnknownProvince(BillingError):
    """Not a Canadian province or territory."""


class NoTaxRate(BillingError):
    """The tax table does not reach back to the day asked for."""


class MissingExchangeRate(BillingError):
    """A sum over several currencies lacks the rate of one of them."""
