"""Pages about people, oneself and API access, split by noun."""
