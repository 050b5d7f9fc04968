"""Child processes that are kept running: restarted with backoff, ended with their parent."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

BACKOFF_FIRST_SECONDS = 0.25
BACKOFF_MAX_SECONDS = 30.0
STABLE_SECONDS = 10.0
POLL_SECONDS = 0.5
LINE_LIMIT_BYTES = 1024 * 1024
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The system account a process runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Child:
    """One process of a group. `stop_signal` asks it to end, and reaches it if we are killed."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 12.0


class ChildGroup:
    """Runs children in the event loop of the main thread and restarts those that end.

    `on_line` gets each line of output; `on_change` is told when a process id changes.
    """

    def __init__(
        self,
        *,
        on_line: Callable[[str, str], None],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_line = on_line
        self._on_change = on_change
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._keepers: list[tuple[Child, asyncio.Task[None]]] = []

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each child that runs."""
        return {name: process.pid for name, process in self._running.items()}

    def keep(self, child: Child) -> None:
        """Start the child and start it again whenever it ends, until stop()."""
        self._keepers.append((child, asyncio.create_task(self._keep(child))))

    async def stop(self) -> None:
        """End all children at once and wait; then nothing of them is left."""
        self._stopping.set()
        await asyncio.gather(*(self._stop(child, keeper) for child, keeper in self._keepers))

    async def _stop(self, child: Child, keeper: asyncio.Task[None]) -> None:
        process = self._running.get(child.name)
        if process is not None:
            await _end(process, child)
        await keeper

    async def _keep(self, child: Child) -> None:
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(child)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > STABLE_SECONDS:
                failures = 0
            delay = min(BACKOFF_FIRST_SECONDS * 2**failures, BACKOFF_MAX_SECONDS)
            failures += 1
            self._on_line(child.name, f"ended with {_meaning(code)}; starts again in {delay:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _run_once(self, child: Child) -> int:
        account = child.account
        process = await asyncio.create_subprocess_exec(
            *child.command,
            env={**os.environ, **child.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_LIMIT_BYTES,
            start_new_session=True,
            cwd="/" if account else None,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_end_with_parent(child.stop_signal),
        )
        self._running[child.name] = process
        self._on_change()
        try:
            await self._forward_lines(child.name, process)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # what it left behind ends with it
            await _close_output(process)
            code = await process.wait()
            del self._running[child.name]
            self._on_change()
        return code

    async def _forward_lines(self, name: str, process: asyncio.subprocess.Process) -> None:
        """Hand on the output until the process itself ends, whoever else holds its pipe."""
        assert process.stdout is not None
        while True:
            reading = asyncio.create_task(_read_line(process.stdout))
            while not (await asyncio.wait({reading}, timeout=POLL_SECONDS))[0]:
                if process.returncode is not None:
                    reading.cancel()
                    return
            line = reading.result()
            if line is None:
                await _wait_until_ended(process)
                return
            self._on_line(name, line)


async def _close_output(process: asyncio.subprocess.Process) -> None:
    """Read the rest, so that the pipe is closed: nobody is left to hold it."""
    assert process.stdout is not None
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.stdout.read(), POLL_SECONDS)


async def _wait_until_ended(process: asyncio.subprocess.Process) -> None:
    """As process.wait(), which also waits for whoever inherited the process's pipes."""
    while process.returncode is None:
        await asyncio.sleep(0.02)


async def _read_line(stream: asyncio.StreamReader) -> str | None:
    try:
        line = await stream.readline()
    except ValueError:  # longer than the limit: the reader has dropped it
        return "(a line over the limit was dropped)"
    return line.decode("utf-8", "replace").rstrip() if line else None


async def _end(process: asyncio.subprocess.Process, child: Child) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(child.stop_signal)
    try:
        await asyncio.wait_for(_wait_until_ended(process), child.stop_seconds)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _meaning(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _end_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """What the child does before it becomes the program: on Linux, ask to die with us."""
    parent = os.getpid()

    def prepare() -> None:
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # we were killed in between
            os._exit(1)

    return prepare
