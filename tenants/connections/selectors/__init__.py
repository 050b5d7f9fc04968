"""Reading webhooks, the connection, the synchronisation and the quality of its data."""
