"""Run as a process of its own by `manage.py bench`: NAME REPEATS; prints one JSON object.

`NAME work` is a worker process of a benchmark that has some.
"""

import importlib
import json
import logging
import sys

import django
from celery import current_app

from tenants.demo.benchmarks import BENCHMARKS


def main(name: str, what: str) -> None:
    """Measure and print the figures as the last line, or be a worker of it."""
    django.setup()
    logging.disable(logging.WARNING)
    current_app.conf.update(broker_url="memory://", task_always_eager=False)
    benchmark = importlib.import_module(BENCHMARKS[name].module)
    if what == "work":
        benchmark.work()
        return
    figures = benchmark.measure(int(what))
    sys.stdout.write("\n" + json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
