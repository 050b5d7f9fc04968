"""The API of deliveries, recipients, reminders and mail services."""
