"""Worker processes that share a statement run: started, watched, one killed, their words kept."""

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection

from shared.kernel.memory import look_for_cycles_less_often
from shared.kernel.tenancy import organisation_context
from tenants.demo.benchmarks.organisation import organisation
from tenants.statements.models import StatementRun
from tenants.statements.selectors.recovery import runs_to_resume
from tenants.statements.selectors.runs import run_progress
from tenants.statements.template_choice import Looks
from tenants.statements.work import do_chunk, take_chunk

SECONDS_EACH = 2.0  # of the wait for a run, a statement: many times what it takes
SECONDS_LEAST = 900.0
LOOK_SECONDS = 0.5
COMMAND = (sys.executable, "-m", "tenants.demo.benchmarks", "statements", "work")


@dataclass
class Watched:
    """What was seen of a run from outside and what its workers said of themselves.

    `rates` are statements a minute as a person sees them, by the share of the run that is done.
    """

    seconds: float = 0.0
    killed_at: int | None = None
    rates: list[tuple[float, int]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)


Worker: TypeAlias = "subprocess.Popen[str]"


def start_workers(count: int) -> list[Worker]:
    """Processes that are up, as a service's workers are, and wait to be told their run."""
    return [_start() for _ in range(count)]


def share(run: StatementRun, present: list[Worker], *, kill: bool) -> Watched:
    """Let worker processes do the run; with `kill` one dies half-way and another is started.

    As beat's sweep does, a worker is started again where the dead one's chunk is left over.
    Raises TimeoutError.
    """
    seen = Watched()
    started = time.perf_counter()
    for worker in present:
        _tell(worker, run.pk)
    limit = started + max(SECONDS_LEAST, run.total * SECONDS_EACH)
    while (progress := run_progress(run)).waiting or _alive(present):
        seen.rates.append((progress.finished / max(run.total, 1), progress.per_minute))
        if kill and seen.killed_at is None and progress.finished * 2 >= run.total:
            seen.killed_at = progress.finished
            _kill(present.pop(0))
            present.append(_start())
            _tell(present[-1], run.pk)
        if not _alive(present) and run in runs_to_resume().idle:
            present.append(_start())
            _tell(present[-1], run.pk)
        if time.perf_counter() > limit:
            for worker in _alive(present):
                _kill(worker)
            raise TimeoutError(f"{progress.waiting} statements were not made in time.")
        time.sleep(LOOK_SECONDS)
    seen.seconds = time.perf_counter() - started
    seen.reports = [json.loads(worker.communicate()[0].splitlines()[-1]) for worker in present]
    return seen


def work() -> None:
    """A worker process: does chunks until none is free, then says what each one took."""
    with organisation_context(organisation()):
        StatementRun.objects.exists()
        look_for_cycles_less_often()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        run = StatementRun.objects.get(pk=UUID(sys.stdin.readline().strip()))
        looks = Looks(run.template)
        queries: Counter[str] = Counter()
        megabytes = []
        while (chunk := take_chunk(run)) is not None:
            queries[_pattern(partial(do_chunk, run, chunk, looks))] += 1
            megabytes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    used = resource.getrusage(resource.RUSAGE_SELF)
    report = {
        "processor_seconds": used.ru_utime + used.ru_stime,
        "chunks_by_queries": queries,
        "megabytes": _thirds(megabytes),
    }
    sys.stdout.write("\n" + json.dumps(report) + "\n")


def _pattern(do: Callable[[], None]) -> str:
    """How many queries something makes, and a mark of which ones, whatever their arguments."""
    asked: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        do()
    return f"{len(asked)} {sha256(chr(10).join(asked).encode()).hexdigest()[:6]}"


def _thirds(values: list[int]) -> list[int]:
    """The value after the first tenth, half-way and in the end."""
    return [values[int((len(values) - 1) * share)] for share in (0.1, 0.5, 1)] if values else []


def _start() -> Worker:
    worker = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    worker.stdout.readline()
    return worker


def _tell(worker: Worker, run_pk: UUID) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{run_pk}\n")
    worker.stdin.flush()


def _kill(worker: Worker) -> None:
    worker.kill()
    worker.wait()


def _alive(workers: list[Worker]) -> list[Worker]:
    return [worker for worker in workers if worker.poll() is None]
