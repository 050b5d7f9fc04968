"""Pages of the ledger: journal, trial balance, exchange rates, and closing the books."""

from tenants.ledger.views.closing import closing, company_closing
from tenants.ledger.views.journal import (
    balance,
    balance_export,
    exchange_rates,
    journal,
    journal_export,
)

__all__ = [
    "balance",
    "balance_export",
    "closing",
    "company_closing",
    "exchange_rates",
    "journal",
    "journal_export",
]
