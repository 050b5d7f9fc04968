"""Children are restarted with backoff, end with their group and end with their parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.runtime import children
from shared.runtime.children import Child, ChildGroup

pytestmark = pytest.mark.processes


def is_alive(pid: int) -> bool:
    """Not gone and not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for(condition: object, *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


async def until(condition: object, *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def test_a_killed_child_is_started_again_and_stop_leaves_none() -> None:
    lines: list[tuple[str, str]] = []

    async def scenario() -> list[int]:
        group = ChildGroup(on_line=lambda name, line: lines.append((name, line)))
        group.keep(Child("sleeper", ("sh", "-c", "echo started; exec sleep 60")))
        await until(lambda: ("sleeper", "started") in lines)
        first = group.pids["sleeper"]
        os.kill(first, signal.SIGKILL)
        await until(lambda: group.pids.get("sleeper") not in (None, first))
        second = group.pids["sleeper"]
        await group.stop()
        return [first, second]

    pids = asyncio.run(scenario())
    assert not [pid for pid in pids if is_alive(pid)]
    assert ("sleeper", "ended with signal SIGKILL; starts again in 0.25 s") in lines


def test_the_wait_doubles_until_the_child_has_been_stable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "BACKOFF_FIRST_SECONDS", 0.01)
    monkeypatch.setattr(children, "BACKOFF_MAX_SECONDS", 0.04)
    lines: list[str] = []

    async def scenario() -> None:
        group = ChildGroup(on_line=lambda _name, line: lines.append(line))
        group.keep(Child("broken", ("sh", "-c", "exit 3")))
        await until(lambda: len(lines) >= 4)
        await group.stop()

    asyncio.run(scenario())
    waits = [line.removeprefix("ended with exit code 3; starts again in ") for line in lines[:4]]
    assert waits == ["0.01 s", "0.02 s", "0.04 s", "0.04 s"]


def test_what_a_child_leaves_behind_ends_with_it() -> None:
    lines: list[str] = []

    async def scenario() -> int:
        group = ChildGroup(on_line=lambda _name, line: lines.append(line))
        group.keep(Child("parent", ("sh", "-c", "sleep 60 & echo $!; exec sleep 60")))
        await until(lambda: lines)
        os.kill(group.pids["parent"], signal.SIGKILL)
        await until(lambda: len(lines) >= 3)  # it ended, it printed its second orphan's id
        await group.stop()
        return int(lines[0])

    assert not is_alive(asyncio.run(scenario()))


def test_one_that_ignores_the_signal_is_killed_after_its_time() -> None:
    async def scenario() -> tuple[int, float]:
        group = ChildGroup(on_line=lambda _name, line: lines.append(line))
        command = ("sh", "-c", "trap '' TERM; echo on; while true; do sleep 1; done")
        group.keep(Child("stubborn", command, stop_seconds=0.3))
        await until(lambda: lines)
        pid, began = group.pids["stubborn"], time.monotonic()
        await group.stop()
        return pid, time.monotonic() - began

    lines: list[str] = []
    pid, seconds = asyncio.run(scenario())
    assert 0.25 < seconds < 3
    assert not is_alive(pid)


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio, pathlib
from shared.runtime.children import Child, ChildGroup
async def run():
    group = ChildGroup(on_line=lambda name, line: None)
    group.keep(Child("sleeper", ("sleep", "60")))
    while not group.pids:
        await asyncio.sleep(0.01)
    pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(group.pids["sleeper"]))
    await asyncio.sleep(60)
asyncio.run(run())
"""
    parent = subprocess.Popen([sys.executable, "-c", program])
    pid_file = tmp_path / "pid"
    wait_for(lambda: pid_file.exists() and pid_file.read_text())
    child = int(pid_file.read_text())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    wait_for(lambda: not is_alive(child))
