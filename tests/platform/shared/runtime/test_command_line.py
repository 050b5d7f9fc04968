"""What manage.py decides before Django: role, servers, ports, data folder."""

import os
from pathlib import Path

import pytest

from shared.runtime import command_line, pytest_plugin, system_packages
from shared.runtime.processes import Service, read_state, service_processes, write_state


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Commands given to Django, under an environment that has servers and nothing else."""
    commands: list[list[str]] = []
    monkeypatch.setattr("django.core.management.execute_from_command_line", commands.append)
    for name in ("INVOICEPATCH_CONNECT_AS", "PUBLIC_PORT", "LIVE_URL", "OWNER_DATABASE_URL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("INVOICEPATCH_DATA", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db/x")
    monkeypatch.setenv("REDIS_URL", "redis://cache")
    return commands


def environment(name: str) -> str | None:
    return os.environ.get(name)


@pytest.mark.parametrize("command", ["up", "migrate_organisations", "create_organisation", "demo"])
def test_commands_that_make_schemas_connect_as_the_owner(
    executed: list[list[str]], command: str
) -> None:
    command_line.run(["manage.py", command])
    assert executed == [["manage.py", command]]
    assert environment("INVOICEPATCH_CONNECT_AS") == "owner"


def test_other_commands_connect_as_the_application(executed: list[list[str]]) -> None:
    command_line.run(["manage.py", "shell"])
    assert environment("INVOICEPATCH_CONNECT_AS") is None


def test_given_servers_are_used_and_the_owner_defaults_to_them(
    executed: list[list[str]],
) -> None:
    command_line.run(["manage.py", "migrate_organisations"])
    assert environment("OWNER_DATABASE_URL") == "postgresql://app@db/x"
    assert environment("REDIS_URL") == "redis://cache"


@pytest.mark.parametrize("form", [["--data", "{0}"], ["--data={0}"]])
def test_the_data_folder_can_be_named(
    executed: list[list[str]], tmp_path: Path, form: list[str]
) -> None:
    wanted = tmp_path / "elsewhere"
    command_line.run(["manage.py", "shell", *(part.format(wanted) for part in form)])
    assert environment("INVOICEPATCH_DATA") == str(wanted)


def test_up_tells_the_settings_its_ports(executed: list[list[str]]) -> None:
    command_line.run(["manage.py", "up", "--port", "9100"])
    assert environment("PUBLIC_PORT") == "9100"
    assert environment("LIVE_URL") == "http://localhost:9101"


def test_other_commands_print_the_addresses_of_the_service_that_runs(
    executed: list[list[str]], tmp_path: Path
) -> None:
    write_state(Service(tmp_path, "127.0.0.1", 9100), ready=True, pids={})
    command_line.run(["manage.py", "create_api_client"])
    assert environment("PUBLIC_PORT") == "9100"


def test_only_the_provisioner_gets_the_owners_role(tmp_path: Path) -> None:
    processes = service_processes(Service(tmp_path, "127.0.0.1", 8000))
    roles = {child.name: child.environment["INVOICEPATCH_CONNECT_AS"] for child in processes}
    assert roles == {
        "web": "application",
        "live": "application",
        "worker": "application",
        "provisioner": "owner",
        "beat": "application",
    }


def test_the_state_file_tells_who_runs(tmp_path: Path) -> None:
    assert read_state(tmp_path) == {}
    write_state(Service(tmp_path, "127.0.0.1", 8000), ready=True, pids={"web": 7})
    state = read_state(tmp_path)
    assert (state["port"], state["live_port"], state["ready"]) == (8000, 8001, True)
    assert state["processes"] == {"web": 7}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///data/redis.sock", "unix:///data/redis.sock?db=3"),
        ("unix:///data/redis.sock?db=0", "unix:///data/redis.sock?db=3"),
        ("redis://:secret@cache:6379/0", "redis://:secret@cache:6379/3"),
    ],
)
def test_each_test_process_has_its_redis_database(url: str, expected: str) -> None:
    assert pytest_plugin._with_redis_database(url, 3) == expected


def test_missing_libraries_become_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "_loads", lambda name: name == "libpango-1.0.so.0")
    monkeypatch.setattr(system_packages, "_has_font", lambda: False)
    assert system_packages.missing_packages() == [
        "libpangoft2-1.0-0",
        "libharfbuzz-subset0",
        "fonts-dejavu-core",
    ]


def test_tests_need_a_browser_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "_loads", lambda name: name != "libatomic.so.1")
    monkeypatch.setattr(system_packages, "_has_font", lambda: True)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert system_packages.missing_packages(for_tests=True) == ["libatomic1", "chromium"]
    assert system_packages.missing_packages() == []


def test_without_root_the_exact_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        system_packages, "missing_packages", lambda *, for_tests: ["libharfbuzz-subset0"]
    )
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    said: list[str] = []
    system_packages.ensure_packages(said.append)
    assert "apt-get install --yes --no-install-recommends libharfbuzz-subset0" in said[0]
