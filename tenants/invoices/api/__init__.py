"""`/api/v1/billing` about invoices: one module a noun."""
