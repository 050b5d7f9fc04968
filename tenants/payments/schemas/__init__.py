"""What the API of payments and receivables takes and answers."""
