"""Pages of invoices and of billing runs."""
