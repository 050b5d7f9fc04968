"""Pages of deliveries, recipients and reminders."""
