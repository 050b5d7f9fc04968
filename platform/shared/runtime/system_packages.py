"""System libraries that no wheel brings: Pango for PDFs, HarfBuzz's subsetter, a font."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

# Library → Debian's package. Without the subsetter PDFs are made seven times slower.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
FONT_PACKAGE = "fonts-dejavu-core"


def missing_packages() -> list[str]:
    """Debian's packages for what is not on this machine; none on other systems than Linux."""
    if os.uname().sysname != "Linux":
        return []
    missing = [package for library, package in LIBRARIES.items() if not _loads(library)]
    return missing if _has_font() else [*missing, FONT_PACKAGE]


def install_command(packages: list[str]) -> list[str]:
    """What installs them on Debian and Ubuntu."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def ensure_packages(say: Callable[[str], None]) -> None:
    """Install what is missing where we may, as root on Debian or Ubuntu; else name the command.

    Nothing but PDFs depends on them, so a failure is told and not raised.
    """
    packages = missing_packages()
    if not packages:
        return
    command = " ".join(install_command(packages))
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        say(
            f"Missing for PDFs: {', '.join(packages)}. On Debian and Ubuntu: sudo {command}\n"
            "Everything else works; documents are rendered once they are there."
        )
        return
    say(f"Installing {', '.join(packages)} for PDFs")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update", "-qq"], install_command(packages)):
        done = subprocess.run(
            step, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    if done.returncode:
        say(f"That failed. Run it by hand: {command}\n{done.stderr.strip()}")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_font() -> bool:
    return any(
        next(Path(folder).expanduser().rglob("*.[to]tf"), None) is not None
        for folder in FONT_FOLDERS
    )
