"""ASGI entry point: server-sent events, nothing else."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup()

from shared.outbox.live import application  # noqa: E402

__all__ = ["application"]
