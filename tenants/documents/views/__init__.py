"""Documents as HTTP answers; what a signed link leads to."""

from tenants.documents.views.links import signed_document

__all__ = ["signed_document"]
