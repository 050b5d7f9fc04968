"""A Valet service that has a few days' rates, and fails on demand."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.outside import Outside, Reply, Seen, outside_server

# As published: text today; a number in 2017; an error in place of a value on a holiday.
DAYS: list[dict[str, Any]] = [
    {"d": "2017-01-03", "FXUSDCAD": {"v": 1.3435}},
    {"d": "2026-04-24", "FXUSDCAD": {"v": "1.3699"}, "FXEURCAD": {"v": "1.6012"}},
    {"d": "2026-04-27", "FXUSDCAD": {"e": -64}},
    {"d": "2026-04-28", "FXUSDCAD": {"v": "1.3678"}, "FXJPYCAD": {"v": "0.008570"}},
]
SERIES = frozenset({"FXUSDCAD", "FXEURCAD", "FXJPYCAD"})


@dataclass
class Valet:
    """The other side. `broken` may answer in its place."""

    server: Outside
    days: list[dict[str, Any]] = field(default_factory=lambda: list(DAYS))
    broken: Callable[[Seen], Reply | None] = lambda _seen: None

    @property
    def url(self) -> str:
        return self.server.url(scheme="http", path="/valet")

    def answer(self, seen: Seen) -> Reply:
        failed = self.broken(seen)
        if failed is not None:
            return failed
        url = urlsplit(seen.path)
        names = url.path.split("/")[3].split(",")
        if not set(names) <= SERIES:
            return Reply(404, b'{"message": "Series not found."}')
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        rows = [
            {"d": day["d"], **{name: day[name] for name in names if name in day}}
            for day in self.days
            if query["start_date"] <= day["d"] <= query["end_date"]
        ]
        return Reply(200, json.dumps({"terms": {}, "observations": rows}).encode())


@contextmanager
def valet_server() -> Iterator[Valet]:
    """A running service on this machine."""
    holder: list[Valet] = []
    with outside_server(lambda seen: holder[0].answer(seen)) as server:
        holder.append(Valet(server))
        yield holder[0]
