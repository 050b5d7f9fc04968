"""WSGI entry point: every request except server-sent events."""

import os

from django.core.wsgi import get_wsgi_application

from shared.kernel.memory import look_for_cycles_less_often

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
application = get_wsgi_application()
look_for_cycles_less_often()
