"""Pages of the bare domain and of a tenant's address."""
