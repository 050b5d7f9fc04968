"""Run as a process of its own by `manage.py bench`: NAME REPEATS; prints one JSON object."""

import importlib
import json
import logging
import sys

import django
from celery import current_app

from tenants.demo.benchmarks import BENCHMARKS


def main(name: str, repeats: int) -> None:
    """Measure and print the figures as the last line."""
    django.setup()
    logging.disable(logging.WARNING)
    current_app.conf.update(broker_url="memory://", task_always_eager=False)
    figures = importlib.import_module(BENCHMARKS[name].module).measure(repeats)
    sys.stdout.write("\n" + json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
