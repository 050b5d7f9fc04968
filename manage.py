#!/usr/bin/env python3
"""Runs InvoicePatch's commands: `python3 manage.py up`, `test`, `migrate` and the others.

On a machine with only Python and pip it first fetches uv into `.uv/`, lets uv install what
InvoicePatch needs into `.venv/`, and starts itself again there. This file stays readable for
an older Python than the project needs: uv fetches a newer one.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
UV_FOLDER = os.path.join(ROOT, ".uv")
ENVIRONMENT = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(ENVIRONMENT, "bin", "python")
STAMP = os.path.join(ENVIRONMENT, ".installed")
NEEDED = ("django", "django_tenants", "granian", "config", "shared")
COMMANDS_WITH_DEVELOPMENT_TOOLS = ("test",)


def main() -> None:
    """Run the command, after installing what is missing."""
    tools = sys.argv[1:2] and sys.argv[1] in COMMANDS_WITH_DEVELOPMENT_TOOLS
    needed = (*NEEDED, "pytest") if tools else NEEDED
    if any(importlib.util.find_spec(name) is None for name in needed):
        if os.environ.get("INVOICEPATCH_INSTALLED"):
            sys.exit(f"{ENVIRONMENT} is incomplete. Remove the folder and run this again.")
        install(with_tools=bool(tools))
        os.environ["INVOICEPATCH_INSTALLED"] = "1"
        os.execv(PYTHON, [PYTHON, os.path.join(ROOT, "manage.py"), *sys.argv[1:]])
    os.environ.pop("INVOICEPATCH_INSTALLED", None)
    from shared.runtime.command_line import run

    run(sys.argv)


def install(*, with_tools: bool) -> None:
    """Bring `.venv/` up to the lock file, unless it already is."""
    wanted = lock_digest() + (" tools" if with_tools else "")
    if os.path.exists(PYTHON) and os.path.exists(STAMP):
        with open(STAMP) as stamp:
            if stamp.read() in (wanted, wanted + " tools"):
                return
    command = [find_uv(), "sync", "--frozen", "--inexact", "--compile-bytecode"]
    command += [] if with_tools else ["--no-dev"]
    say("Installing what InvoicePatch needs into .venv/ (once)")
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": ENVIRONMENT}
    environment.pop("VIRTUAL_ENV", None)
    if subprocess.call(command, cwd=ROOT, env=environment):
        sys.exit("The installation failed; the message above says why. Nothing was started.")
    with open(STAMP, "w") as stamp:
        stamp.write(wanted)


def find_uv() -> str:
    """The uv of this machine, else one fetched into `.uv/` with pip."""
    fetched = os.path.join(UV_FOLDER, "bin", "uv")
    found = shutil.which("uv") or (fetched if os.path.exists(fetched) else None)
    if found:
        return found
    if importlib.util.find_spec("pip") is None:
        sys.exit(
            "pip is missing. Install it (Debian, Ubuntu: apt-get install python3-pip) or install\n"
            "uv (https://docs.astral.sh/uv/), then run this again."
        )
    say("Fetching uv into .uv/ (once)")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # --target: Debian's pip refuses to install among the system's packages.
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    if subprocess.call([*pip, "--target", UV_FOLDER, "uv"], env=environment):
        sys.exit("uv could not be fetched; the message above says why. Nothing was installed.")
    return fetched


def lock_digest() -> str:
    """Changes with the packages the project asks for, and when the checkout is moved."""
    digest = hashlib.sha256(ROOT.encode())
    for name in ("pyproject.toml", "uv.lock"):
        with open(os.path.join(ROOT, name), "rb") as content:
            digest.update(content.read())
    return digest.hexdigest()


def say(text: str) -> None:
    """Tell on standard error, so that a command's output stays its own."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
