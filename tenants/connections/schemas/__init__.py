"""What the API takes and answers, by noun."""
