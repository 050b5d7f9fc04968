"""The whole service in processes of its own, for tests that need it real."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from support.source import ROOT

READY_SECONDS = 240  # the demo is months of work, and the machine may be busy
STOP_SECONDS = 60
PROCESSES = {"web", "live", "worker", "provisioner", "beat"}
INHERITED = (
    "DATABASE_URL",
    "OWNER_DATABASE_URL",
    "REDIS_URL",
    "INVOICEPATCH_CONNECT_AS",
    "PUBLIC_PORT",
    "LIVE_URL",
)


@dataclass
class RunningService:
    """One `manage.py up`: where it answers and who its processes are."""

    data: Path
    port: int
    process: subprocess.Popen[bytes]

    def url(self, path: str = "/", *, subdomain: str = "") -> str:
        """An address of the service; a host in `localhost` needs no name server."""
        host = f"{subdomain}.localhost" if subdomain else "localhost"
        return f"http://{host}:{self.port}{path}"

    def is_ready(self) -> bool:
        """Whether it has said that it is ready, with all its processes started."""
        state = _state(self.data)
        return bool(state.get("ready")) and state["processes"].keys() >= PROCESSES

    def pids(self) -> dict[str, int]:
        """The process ids now: web, live, worker, provisioner, beat, postgres, redis, keeper."""
        processes = dict(_read_json(self.data / "servers.json"))
        processes.update(_state(self.data).get("processes", {}))
        return {name: int(pid) for name, pid in processes.items()}

    def kill(self, name: str, *, with_children: bool = False, again_within: float = 30) -> int:
        """SIGKILL one process and wait for its successor; returns the new process id.

        Its children end a moment later, when its supervisor finds them; `with_children` at once.
        """
        before = self.pids()[name]
        (os.killpg if with_children else os.kill)(before, signal.SIGKILL)
        deadline = time.monotonic() + again_within
        while time.monotonic() < deadline:
            now = self.pids().get(name)
            if now not in (None, before):
                assert now is not None
                return now
            time.sleep(0.05)
        raise TimeoutError(f"{name} was not started again within {again_within} s")

    def log(self) -> str:
        """Everything it has written so far."""
        return (self.data / "up.log").read_text("utf-8", "replace")

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command on the same data and return what it wrote."""
        finished = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=environment_of(self.data),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout


def environment_of(data: Path) -> dict[str, str]:
    """The variables under which a manage.py command finds the servers of `data`."""
    environment = {name: value for name, value in os.environ.items() if name not in INHERITED}
    return environment | {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "INVOICEPATCH_DATA": str(data),
    }


@contextmanager
def running_service(
    data: Path,
    *,
    demo: bool = False,
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[RunningService]:
    """Start the service on `data` and a free port, wait until it is ready, stop it at the end.

    `environment` is added to what a command of `data` gets.
    """
    data.mkdir(parents=True, exist_ok=True)
    port = _two_free_ports()
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port)]
    command += ["--data", str(data), *(() if demo else ("--no-demo",)), *options]
    with (data / "up.log").open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**environment_of(data), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    service = RunningService(data, port, process)
    try:
        _wait_until_ready(service)
        yield service
    finally:
        if service.process.poll() is None:
            service.process.send_signal(signal.SIGINT)
        try:
            service.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            service.process.kill()
            raise


def is_last_of(folder: Path, nextitem: pytest.Item | None) -> bool:
    """Whether no test of the folder follows, so that what stands for all of them can go."""
    return nextitem is None or folder not in nextitem.path.parents


def _wait_until_ready(service: RunningService) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not service.is_ready():
        if service.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The service did not start:\n{service.log()}")
        time.sleep(0.05)


def _two_free_ports() -> int:
    """A port that is free together with the next one, which serves events."""
    for _attempt in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two neighbouring ports are free")


def _state(data: Path) -> dict[str, Any]:
    return _read_json(data / "processes.json")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return content
