"""`/api/v1/webhooks`, `/connections`, `/sync` and `/data-quality`."""
