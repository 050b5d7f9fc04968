"""Pages of webhooks, the connection, the synchronisation and data quality."""
