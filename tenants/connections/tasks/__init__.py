"""Background work of connections; Celery finds the tasks here."""

from tenants.connections.tasks import measuring, partitions, runs, sending

__all__ = ["measuring", "partitions", "runs", "sending"]
