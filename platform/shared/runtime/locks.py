"""Locks between processes that the system releases by itself when a process dies."""

import fcntl
import os
from pathlib import Path


class FileLock:
    """An advisory lock on a file, held until released or until the process ends."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Take the lock if nobody holds it against us; never waits."""
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def acquire(self, *, shared: bool = False) -> None:
        """Take the lock, waiting for whoever holds it against us."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def release(self) -> None:
        """Give the lock up; the object cannot be used again."""
        os.close(self._descriptor)


def is_locked(path: Path) -> bool:
    """Whether another process holds the file exclusively just now."""
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        return not lock.try_acquire(shared=True)
    finally:
        lock.release()
