"""Changes to people and credentials, split by noun."""
