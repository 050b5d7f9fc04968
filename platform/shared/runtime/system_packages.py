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
# What tests drive a browser with: Playwright's own program needs the library.
TEST_LIBRARIES = {"libatomic.so.1": "libatomic1"}
BROWSER = "chromium"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
FONT_PACKAGE = "fonts-dejavu-core"


def missing_packages(*, for_tests: bool = False) -> list[str]:
    """Debian's packages for what is not on this machine; none on other systems than Linux."""
    if os.uname().sysname != "Linux":
        return []
    libraries = {**LIBRARIES, **TEST_LIBRARIES} if for_tests else LIBRARIES
    missing = [package for library, package in libraries.items() if not _loads(library)]
    if not _has_font():
        missing.append(FONT_PACKAGE)
    if for_tests and shutil.which(BROWSER) is None:
        missing.append(BROWSER)
    return missing


def install_command(packages: list[str]) -> list[str]:
    """What installs them on Debian and Ubuntu."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def ensure_packages(say: Callable[[str], None], *, for_tests: bool = False) -> None:
    """Install what is missing where we may, as root on Debian or Ubuntu; else name the command.

    Only PDFs (and, for tests, browsers) depend on them, so a failure is told and not raised.
    """
    packages = missing_packages(for_tests=for_tests)
    if not packages:
        return
    purpose = "PDFs and browser tests" if for_tests else "PDFs"
    command = " ".join(install_command(packages))
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        say(
            f"Missing for {purpose}: {', '.join(packages)}. On Debian and Ubuntu: sudo {command}\n"
            "Everything else works without."
        )
        return
    say(f"Installing {', '.join(packages)} for {purpose}")
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
