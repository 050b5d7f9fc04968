"""Changes to organisations, split by what happens to them."""
