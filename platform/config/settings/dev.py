"""A developer's machine and the demo: plain HTTP on localhost, mail into files."""

import os

from config import env

os.environ.setdefault("PUBLIC_SCHEME", "http")
os.environ.setdefault("PUBLIC_PORT", "8000")
os.environ.setdefault("SIGN_UPS_PER_MINUTE", "600")
# Not secrets: they protect nothing but the demo on this machine.
os.environ.setdefault("SECRET_KEY", "development-only-" + "0" * 40)
os.environ.setdefault("INVOICEPATCH_MASTER_KEYS", "1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")

from config.logging import for_people
from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_FOLDER, LOGGING, STORAGES

DEBUG = env.flag("DEBUG")
LOGGING["formatters"]["line"] = for_people(LOGGING["formatters"]["line"])
LOGGING["loggers"] |= {  # what a task did is told when it is done
    "celery.beat": {"level": "WARNING"},
    "celery.worker.strategy": {"level": "WARNING"},
}
STYLEGUIDE = True
DEVELOPMENT_MAILBOX = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_FOLDER / "mail"
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"}
STATIC_ROOT = None  # files are served from their source folders
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# Browsers treat http://*.localhost as secure; the passkey library does not.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
