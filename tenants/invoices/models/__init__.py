"""Invoices with their lines and taxes, their numbers, and the runs that make them."""

from tenants.invoices.models.invoices import (
    IS_OPEN,
    OPEN_AMOUNT,
    OPEN_PAYMENT,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    NumberSeries,
)
from tenants.invoices.models.runs import BillingRun, BillingRunItem, ErrorKind, RunShare
from tenants.invoices.models.validation import ValidationSettings

__all__ = [
    "IS_OPEN",
    "OPEN_AMOUNT",
    "OPEN_PAYMENT",
    "BillingRun",
    "BillingRunItem",
    "ErrorKind",
    "Invoice",
    "InvoiceLine",
    "InvoiceTax",
    "NumberSeries",
    "RunShare",
    "ValidationSettings",
]
