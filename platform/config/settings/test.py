"""Tests: the development settings with a cheap password hash, eager tasks, mail in memory."""

import os

# Type checkers read the settings without servers; test processes have their own addresses.
os.environ.setdefault("DATABASE_URL", "postgresql://invoicepatch@/invoicepatch")
os.environ.setdefault("REDIS_URL", "redis://localhost/1")

from config.settings.dev import *  # noqa: F403
from config.settings.dev import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
STORAGES["default"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
RATE_LIMIT_PER_MINUTE = 100_000
