"""The background's own rows: leases, attempts and results of what is sent to the outside."""
