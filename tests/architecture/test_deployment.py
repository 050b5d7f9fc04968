"""The deployment files agree with the code they start."""

import re
from typing import Any

import pytest
import yaml
from support.source import ROOT

from shared.runtime.processes import PROVISIONING_QUEUE, WORKER_QUEUES

KUBERNETES = ROOT / "docker" / "kubernetes"
OWNERS = {"provisioner", "migrate"}


def documents() -> list[dict[str, Any]]:
    return [
        document
        for path in sorted(KUBERNETES.glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
    ]


def workloads() -> dict[str, dict[str, Any]]:
    """The one container of each deployment and job, by name."""
    return {
        document["metadata"]["name"]: document["spec"]["template"]["spec"]["containers"][0]
        for document in documents()
        if document["kind"] in ("Deployment", "Job")
    }


def compose_services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load(
        (ROOT / "docker" / "compose.yaml").read_text()
    )["services"]
    return services


def test_every_process_is_deployed() -> None:
    processes = {"web", "live", "worker", "provisioner", "beat", "migrate"}
    assert set(workloads()) == processes
    assert processes <= set(compose_services())


def test_only_the_owners_processes_get_the_owners_secret() -> None:
    holders = {
        name
        for name, container in workloads().items()
        if {"secretRef": {"name": "invoicepatch-owner"}} in container["envFrom"]
    }
    assert holders == OWNERS
    in_compose = {
        name
        for name, service in compose_services().items()
        if "OWNER_DATABASE_URL" in service.get("environment", {})
    }
    assert in_compose == OWNERS


@pytest.mark.parametrize("name", sorted(workloads()))
def test_containers_run_with_few_rights(name: str) -> None:
    rights = workloads()[name]["securityContext"]
    assert rights["readOnlyRootFilesystem"] is True
    assert rights["allowPrivilegeEscalation"] is False
    assert rights["capabilities"] == {"drop": ["ALL"]}


def test_workers_serve_every_queue_once() -> None:
    for commands in (
        {name: container["command"] for name, container in workloads().items()},
        {name: service.get("command", []) for name, service in compose_services().items()},
    ):
        assert WORKER_QUEUES in commands["worker"]
        assert PROVISIONING_QUEUE in commands["provisioner"]


def test_every_route_of_the_ingress_has_its_service() -> None:
    services = {d["metadata"]["name"] for d in documents() if d["kind"] == "Service"}
    ingress = next(d for d in documents() if d["kind"] == "Ingress")
    routed = {
        path["backend"]["service"]["name"]
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert routed == services == {"web", "live"}


def test_the_kustomization_lists_every_file() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files


def test_every_variable_of_compose_is_in_the_example() -> None:
    wanted = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "docker" / "compose.yaml").read_text()))
    example = (ROOT / "docker" / "example.env").read_text()
    assert wanted <= set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_the_image_runs_as_nobody() -> None:
    lines = (ROOT / "docker" / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
