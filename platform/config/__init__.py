"""Wiring only: settings, URLs, entry points."""

import django_stubs_ext

# Django's fields, managers and querysets take type arguments only after this.
django_stubs_ext.monkeypatch()

from config.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
