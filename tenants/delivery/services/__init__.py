"""Asking for deliveries, sending them again, and who gets what."""

from tenants.delivery.services.requesting import request_deliveries, request_documents_delivery

__all__ = ["request_deliveries", "request_documents_delivery"]
