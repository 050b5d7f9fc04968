"""Background work: the organisation is passed explicitly and work starts after commit.

A callback registered inside a schema context runs in another one after commit, so the schema
is read when the task is enqueued. Source: `architecture.md`, rule 5.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils.translation import override

from shared.kernel.tenancy import (
    PUBLIC_SCHEMA,
    current_schema,
    load_organisation,
    organisation_context,
)

RETRIES_MAX = 5
RETRY_BACKOFF_SECONDS = 2
RETRY_BACKOFF_MAX_SECONDS = 600


def tenant_task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a Celery task that runs inside the organisation named by `schema`.

    What it writes is in `language`, else in the organisation's. Options are Celery's; it is
    acknowledged late and retried with exponential backoff and jitter on the exceptions in
    `autoretry_for`. LookupError where the organisation is gone.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        @wraps(function)
        def run(*args: Any, schema: str, language: str | None = None, **kwargs: Any) -> Any:
            organisation = load_organisation(schema)
            with organisation_context(organisation), override(language or organisation.language):
                return function(*args, **kwargs)

        # Celery checks arguments against the wrapped signature, which lacks `schema`.
        del run.__wrapped__
        settings: dict[str, Any] = {
            "name": f"{function.__module__}.{function.__name__}",
            "acks_late": True,
            "max_retries": RETRIES_MAX,
            "retry_backoff": RETRY_BACKOFF_SECONDS,
            "retry_backoff_max": RETRY_BACKOFF_MAX_SECONDS,
            "retry_jitter": True,
        }
        return shared_task(**{**settings, **options})(run)

    return decorate


def enqueue_after_commit(task: Any, **kwargs: Any) -> None:
    """Queue `task` once the present transaction commits, for the present organisation.

    Where the queue does not answer, what was committed stands, the log says so, and beat's sweep
    of the rows that wait finds the work.
    """
    if current_schema() != PUBLIC_SCHEMA:
        kwargs.setdefault("schema", current_schema())
    send: Any = partial(task.apply_async, kwargs=kwargs, retry=False)
    send.__qualname__ = task.name  # Django names a failed hook by it; a partial has none
    transaction.on_commit(send, robust=True)
