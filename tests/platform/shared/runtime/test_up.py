"""`manage.py up` with real processes: answers, survives crashes, leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from support.service import RunningService, environment_of, running_service
from support.source import ROOT

pytestmark = pytest.mark.processes


def is_alive(pid: int) -> bool:
    """Not gone and not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for(condition: Callable[[], object], *, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def processes_on(data: Path) -> list[int]:
    """Every process whose command names the data folder or whose environment does."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue
            if str(data).encode() in text and is_alive(int(entry.name)):
                found.append(int(entry.name))
    return found


def status(service: RunningService, path: str) -> int | None:
    try:
        return httpx.get(service.url(path), timeout=5, trust_env=False).status_code
    except httpx.HTTPError:
        return None


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("up")) as running:
        yield running


def test_it_is_ready_on_a_fresh_folder(service: RunningService) -> None:
    assert status(service, "/healthz") == 200
    assert status(service, "/readyz") == 200
    assert f"InvoicePatch is ready: http://localhost:{service.port}" in service.log()


def test_another_command_finds_the_same_servers(service: RunningService) -> None:
    program = (
        "from django.db import connection as c; k = c.cursor();"
        "k.execute('SELECT session_user'); print(k.fetchone()[0])"
    )
    assert (
        service.manage("shell", "--verbosity", "0", "--command", program).strip() == "invoicepatch"
    )


def test_a_second_up_says_so_and_changes_nothing(service: RunningService) -> None:
    before = service.pids()
    said = service.manage("up", "--port", str(service.port))
    assert "already runs" in said
    assert str(service.port) in said
    assert service.pids() == before


def test_a_taken_port_is_named_before_anything_starts(
    service: RunningService, tmp_path: Path
) -> None:
    refused = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(service.port), "--no-demo"],
        env=environment_of(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert f"Port {service.port} is in use" in refused.stderr


@pytest.mark.parametrize("name", ["web", "worker", "postgres", "redis"])
def test_a_killed_process_is_started_again(service: RunningService, name: str) -> None:
    assert service.kill(name) != 0
    wait_for(lambda: status(service, "/readyz") == 200)


def test_an_interrupt_stops_every_process(tmp_path: Path) -> None:
    with running_service(tmp_path) as running:
        pids = running.pids()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(40) == 0
        assert [name for name, pid in pids.items() if is_alive(pid)] == []
        assert processes_on(tmp_path) == []
    assert not (tmp_path / "processes.json").exists()
    with running_service(tmp_path) as again:  # the second start, on the same data
        assert status(again, "/readyz") == 200
        pids = again.pids()
        again.process.kill()
        again.process.wait()
        wait_for(lambda: processes_on(tmp_path) == [])
        wait_for(lambda: not any(is_alive(pid) for pid in pids.values()))  # one may be ending
