"""Changing webhooks, the connection, conflicts and the quality settings."""
