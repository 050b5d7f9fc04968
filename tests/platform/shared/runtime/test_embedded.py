"""The embedded servers: shared by processes, restarted after a crash, gone with the last user."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from shared.runtime import postgres, redis_server
from shared.runtime.embedded import Servers, release_servers, servers_of, start_servers
from shared.runtime.locks import FileLock, is_locked

pytestmark = pytest.mark.processes


def wait_for(condition: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def answers(servers: Servers) -> bool:
    try:
        psycopg.connect(servers.database_url, connect_timeout=2).close()
        return bool(redis.Redis.from_url(servers.redis_url).ping())
    except (psycopg.OperationalError, redis.ConnectionError):
        return False


def pids(data: Path) -> dict[str, int]:
    content: dict[str, int] = json.loads((data / "servers.json").read_text())
    return content


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("servers")
    for parent in folder.parents:  # pytest closes its folders; PostgreSQL's account passes
        if parent.name.startswith("pytest-"):
            parent.chmod(0o711)
    folder.chmod(0o711)
    yield folder
    release_servers(folder)


@pytest.fixture
def servers(data: Path) -> Servers:
    return start_servers(data)


def test_the_application_owns_nothing_and_the_owner_no_server(servers: Servers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        rights = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolinherit FROM pg_roles "
        mine = connection.execute(rights + "WHERE rolname = session_user").fetchone()
        assert mine == (False, False, False, False)
    with psycopg.connect(servers.owner_database_url) as connection:
        mine = connection.execute(rights + "WHERE rolname = session_user").fetchone()
        assert mine == (False, True, True, True)


def test_commits_are_durable(servers: Servers) -> None:
    with psycopg.connect(servers.owner_database_url) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)
    assert redis.Redis.from_url(servers.redis_url).config_get("appendonly") == {"appendonly": "yes"}


@pytest.mark.parametrize("name", ["postgres", "redis", "keeper"])
def test_a_killed_server_comes_back_with_what_it_had(
    servers: Servers, data: Path, name: str
) -> None:
    with psycopg.connect(servers.owner_database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (name text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [name])
    before = pids(data)[name]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{before}").exists() or name == "keeper")
    if name == "keeper":  # its servers go with it; whoever uses them calls for a new one
        wait_for(lambda: not is_locked(data / "servers.keeper"))
        start_servers(data)
    wait_for(lambda: pids(data).get(name) not in (None, before) and answers(servers))
    with psycopg.connect(servers.owner_database_url) as connection:
        found = connection.execute("SELECT 1 FROM kept WHERE name = %s", [name]).fetchone()
    assert found == (1,)


def test_a_second_process_joins_and_the_servers_outlive_it(servers: Servers, data: Path) -> None:
    before = pids(data)
    program = (
        "import sys, pathlib; from shared.runtime.embedded import start_servers;"
        "print(start_servers(pathlib.Path(sys.argv[1])).redis_url)"
    )
    joined = subprocess.run(
        [sys.executable, "-c", program, str(data)], capture_output=True, text=True, check=True
    )
    assert joined.stdout.strip() == servers.redis_url
    assert pids(data) == before
    assert answers(servers)


def test_the_servers_end_with_their_last_user_even_if_it_is_killed(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o711)
    program = (
        "import sys, pathlib, time; from shared.runtime.embedded import start_servers;"
        "start_servers(pathlib.Path(sys.argv[1])); print('up', flush=True); time.sleep(60)"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert user.stdout is not None
    assert user.stdout.readline() == "up\n"
    assert answers(servers_of(tmp_path))
    user.kill()
    user.wait()
    wait_for(lambda: not is_locked(tmp_path / "servers.keeper"))
    assert not answers(servers_of(tmp_path))


def test_long_folders_get_short_sockets() -> None:
    deep = Path("/data") / ("folder-" * 20)
    assert len(str(postgres.socket_folder(deep))) < 100
    assert len(str(redis_server.socket_path(deep))) < 100
    assert postgres.socket_folder(Path("/data/postgres")) == Path("/data/postgres")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root opens folders")
def test_closed_parents_are_named_before_they_are_opened(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    data = closed / "data"
    data.mkdir(parents=True)
    closed.chmod(0o700)
    assert closed in postgres.folders_to_open(data)
    postgres.open_folders([closed])
    assert closed.stat().st_mode & 0o777 == 0o711
    assert closed not in postgres.folders_to_open(data)


def test_a_lock_is_shared_by_readers_and_refused_to_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first, second, writer = FileLock(path), FileLock(path), FileLock(path)
    assert first.try_acquire(shared=True)
    assert second.try_acquire(shared=True)
    assert not writer.try_acquire()
    first.release()
    second.release()
    assert writer.try_acquire()
    assert is_locked(path)
    writer.release()
    assert not is_locked(path)
