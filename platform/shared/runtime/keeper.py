"""The process that keeps the embedded PostgreSQL and Redis running for one data folder.

`python -m shared.runtime.keeper FOLDER`: started by the first process that needs the servers,
it restarts one that crashes and ends both once no process uses them any more, however those
processes ended: each user holds a shared lock, and the system drops it with the process.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from shared.runtime import postgres, redis_server
from shared.runtime.children import ChildGroup
from shared.runtime.locks import FileLock

USERS_LOCK = "servers.users"
KEEPER_LOCK = "servers.keeper"
LOG_FILE = "servers.log"
STATE_FILE = "servers.json"


def main(data: Path) -> int:
    """Run until nobody uses the servers; 0 also where another keeper is already at work."""
    lock = FileLock(data / KEEPER_LOCK)
    if not lock.try_acquire():
        return 0
    asyncio.run(_keep_servers(data))
    return 0


async def _keep_servers(data: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _stop_without_users(data, lambda: loop.call_soon_threadsafe(stop.set))
    postgres_folder = data / "postgres"
    group = ChildGroup(
        on_line=_write, on_change=lambda: _write_state(data, {"keeper": os.getpid(), **group.pids})
    )
    group.keep(redis_server.server(data / "redis"))
    await asyncio.to_thread(postgres.initialise, postgres_folder)
    group.keep(postgres.server(postgres_folder))
    await _set_up(postgres_folder, stop)
    await stop.wait()
    await group.stop()
    (data / STATE_FILE).unlink(missing_ok=True)


def _stop_without_users(data: Path, stop: Callable[[], object]) -> None:
    """Wait in the background for the exclusive lock: no user is left when we get it."""
    users = FileLock(data / USERS_LOCK)

    def wait() -> None:
        users.acquire()
        with contextlib.suppress(RuntimeError):  # the loop has ended on its own
            stop()

    threading.Thread(target=wait, daemon=True).start()


async def _set_up(folder: Path, stop: asyncio.Event) -> None:
    """Make roles and database as soon as PostgreSQL answers."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(postgres.ensure_roles_and_database, folder)
            return
        except psycopg.OperationalError:
            await asyncio.sleep(0.03)


def _write_state(data: Path, pids: dict[str, int]) -> None:
    """Who runs now, replaced in one step."""
    unfinished = data / f"{STATE_FILE}.new"
    unfinished.write_text(json.dumps(pids))
    unfinished.replace(data / STATE_FILE)


def _write(name: str, line: str) -> None:
    instant = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sys.stdout.write(f"{instant} {name}: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
