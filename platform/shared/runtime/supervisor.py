"""Runs the processes of the service as one group until it is told to stop."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import httpx
from honcho import colour
from honcho.printer import Message, Printer

from shared.runtime.children import ChildGroup
from shared.runtime.embedded import start_keeper
from shared.runtime.keeper import LOG_FILE
from shared.runtime.processes import STATE_FILE, Service, service_processes, write_state

READY_SECONDS = 60
ANSWERING = ("web", "live")
WATCH_SECONDS = 0.5
COLOURS = (colour.cyan, colour.yellow, colour.green, colour.magenta, colour.blue)


class Supervisor:
    """One run of the service. `embedded` says whether its data servers are ours to watch."""

    def __init__(self, service: Service, *, embedded: bool, on_ready: Callable[[], None]) -> None:
        self._service = service
        self._embedded = embedded
        self._on_ready = on_ready
        self._children = service_processes(service)
        self._ready = False
        names = [*(child.name for child in self._children), "data"]
        self._colours = dict(zip(names, cycle(COLOURS), strict=False))
        self._printer = Printer(sys.stdout, width=max(len(name) for name in names))
        self._group = ChildGroup(on_line=self._print, on_change=self._write_state)

    def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP, then end every process."""
        try:
            asyncio.run(self._run())
        finally:
            (self._service.data / STATE_FILE).unlink(missing_ok=True)

    async def _run(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        watchers = [asyncio.create_task(self._start())]
        if self._embedded:
            watchers.append(asyncio.create_task(self._watch_data_servers()))
        await stop.wait()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        self._print("up", "stopping")
        await self._group.stop()

    async def _start(self) -> None:
        """Start what answers first, so that it has the machine for itself, then the workers."""
        for child in self._children:
            if child.name in ANSWERING:
                self._group.keep(child)
        answered = await self._wait_until_it_answers()
        for child in self._children:
            if child.name not in ANSWERING:
                self._group.keep(child)
        if answered:
            self._ready = True
            self._write_state()
            self._on_ready()

    async def _wait_until_it_answers(self) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        everywhere = ("0.0.0.0", "::")  # noqa: S104
        host = "127.0.0.1" if self._service.host in everywhere else self._service.host
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for port in (self._service.port, self._service.live_port):
                address = f"http://{host}:{port}/healthz"
                while not await _answers(client, address):
                    if time.monotonic() > deadline:
                        self._print("up", f"{address} does not answer: see the lines above")
                        return False
                    await asyncio.sleep(0.05)
        return True

    async def _watch_data_servers(self) -> None:
        """Show what the embedded servers log, and replace their keeper if it is killed."""
        log = self._service.data / LOG_FILE
        position = _size(log)
        while True:
            start_keeper(self._service.data)
            if _size(log) < position:
                position = 0
            if _size(log) > position:
                with log.open("rb") as content:
                    content.seek(position)
                    text = content.read()
                position += len(text)
                self._print("data", text.decode("utf-8", "replace"))
            await asyncio.sleep(WATCH_SECONDS)

    def _write_state(self) -> None:
        write_state(self._service, ready=self._ready, pids=self._group.pids)

    def _print(self, name: str, text: str) -> None:
        now = datetime.now(UTC).astimezone()
        self._printer.write(
            Message(type="line", data=text, time=now, name=name, colour=self._colours.get(name))
        )


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    """Whether the server behind the address works; the event server knows no /healthz."""
    try:
        return not (await client.get(address)).is_server_error
    except httpx.HTTPError:
        return False


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def port_is_free(host: str, port: int) -> bool:
    """Whether a server can listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
