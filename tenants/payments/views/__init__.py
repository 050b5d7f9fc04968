"""Pages of payments, files of payments and what is owed."""
