"""Works that start at the same moment, each in a thread and transaction of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

from shared.kernel.errors import AppError
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation

WAIT = 120


def at_once(organisation: Organisation, *works: Callable[[], Any]) -> list[Any]:
    """Run the works in threads that start together; each one's result or AppError."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            with organisation_context(organisation):
                barrier.wait(WAIT)
                return work()
        except AppError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [one.result(WAIT) for one in [pool.submit(run, work) for work in works]]
