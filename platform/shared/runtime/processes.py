"""The processes of the service on one machine, and the file that tells which of them run."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.runtime.children import Child

STATE_FILE = "processes.json"
WORKER_QUEUES = "interactive,billing,rendering,sync"
PROVISIONING_QUEUE = "provisioning"
CELERY_ENVIRONMENT = {
    # Django's checks run in manage.py and in CI; here they would double each start.
    "CELERY_SKIP_CHECKS": "1",
    # Root may run workers on a development machine; Celery says at each start that it may not.
    "PYTHONWARNINGS": "ignore:You're running the worker",
}
WEB_THREADS = 4
WORKER_PROCESSES_MAX = 4


@dataclass(frozen=True)
class Service:
    """Where the service of one data folder answers."""

    data: Path
    host: str
    port: int

    @property
    def live_port(self) -> int:
        """The port of server-sent events: the one after the web's."""
        return self.port + 1


def service_processes(service: Service) -> list[Child]:
    """web, live, worker, provisioner and beat, in the order they are started.

    The worker forks its tasks from one loaded process (a task's time limit can only be kept,
    and a crash only be survived, in a process of its own). The provisioner uses threads: its
    work happens in PostgreSQL. Beat keeps its times in memory: what it starts looks by itself
    for what is due, and a file of times breaks when beat is killed.
    """
    processes = max(2, min(os.cpu_count() or 2, WORKER_PROCESSES_MAX))
    application = {"INVOICEPATCH_CONNECT_AS": "application", **CELERY_ENVIRONMENT}
    owner = {"INVOICEPATCH_CONNECT_AS": "owner", **CELERY_ENVIRONMENT}
    web = (*("--workers", "1", "--blocking-threads", str(WEB_THREADS)), "--no-ws")
    return [
        Child("web", _granian(service.host, service.port, "wsgi", *web), application),
        Child("live", _granian(service.host, service.live_port, "asgi", "--no-ws"), application),
        Child(
            "worker",
            _worker("worker", WORKER_QUEUES, "prefork", processes),
            application,
        ),
        Child("provisioner", _worker("provisioner", PROVISIONING_QUEUE, "threads", 2), owner),
        Child(
            "beat",
            _celery("beat", "--scheduler", "celery.beat:Scheduler", "--pidfile", ""),
            application,
        ),
    ]


def write_state(service: Service, *, ready: bool, pids: Mapping[str, int]) -> None:
    """Tell other processes who runs; replaced in one step, so it is never read half-written."""
    state = {
        "supervisor": os.getpid(),
        "host": service.host,
        "port": service.port,
        "live_port": service.live_port,
        "ready": ready,
        "processes": dict(pids),
    }
    path = service.data / STATE_FILE
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(state, indent=1))
    unfinished.replace(path)


def read_state(data: Path) -> dict[str, object]:
    """What write_state() told last; empty where nothing runs."""
    try:
        state: dict[str, object] = json.loads((data / STATE_FILE).read_text())
    except FileNotFoundError:
        return {}
    return state


def _granian(host: str, port: int, interface: str, *options: str) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "granian", "--interface", interface),
        *("--host", host, "--port", str(port), "--log-level", "warning"),
        *options,
        f"config.{interface}:application",
    )


def _worker(name: str, queues: str, pool: str, concurrency: int) -> tuple[str, ...]:
    return _celery(
        *("worker", "--hostname", f"{name}@%h", "--queues", queues),
        *("--pool", pool, "--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )


def _celery(*arguments: str) -> tuple[str, ...]:
    program = (sys.executable, "-m", "celery", "--app", "config.celery:app", "--quiet")
    return (*program, *arguments, "--loglevel", "INFO")
