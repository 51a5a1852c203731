"""Make .venv with what the lock names. Runs under a bare Python 3.11 or newer: standard library only.

    python3 config/embedded/bootstrap.py [requirements.lock | requirements-dev.lock]

Says what to install when this Python cannot make a virtual environment or has no pip. Does nothing when all is there.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
VENV = Path(os.environ.get("VENV") or REPOSITORY / ".venv").absolute()
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
NO_PIP = """This Python ({python}) has neither pip nor ensurepip, so packages cannot be installed. One of these mends it:
  Debian, Ubuntu   apt-get install python3-venv
  Fedora, RHEL     dnf install python3-pip
  Alpine           apk add py3-pip
  anywhere         install `uv` (https://docs.astral.sh/uv/), which is used when it is there
or choose another Python 3.11 or newer: PYTHON=/path/to/python3 make up"""


class CannotInstall(RuntimeError):
    """The message says to people why, and what to do."""


def version_of(python: Path | str) -> str:
    """The version of a Python, like "3.12"; empty when it does not run."""
    asked = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def wanted(locks: list[str]) -> dict[str, str]:
    """What the stamp says when these locks are installed."""
    return {lock: hashlib.sha256((REPOSITORY / lock).read_bytes()).hexdigest() for lock in locks} | {"python": version_of(PYTHON)}


def installed() -> dict[str, str]:
    """What the stamp says."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def make_venv() -> None:
    """Make .venv anew when it is missing, broken, too old, or of another version than the PYTHON that was asked for.

    Raises:
        CannotInstall: neither pip nor uv can be had.
    """
    there = version_of(PYTHON)
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if there and (there == here or not os.environ.get("PYTHON")) and tuple(map(int, there.split("."))) >= (3, 11):
        return
    if not installer(probe=True):
        raise CannotInstall(NO_PIP.format(python=sys.executable))
    print(f"Python {here}: making {VENV}", flush=True)
    if VENV.exists():
        shutil.rmtree(VENV)
    pip = [] if has("ensurepip") else ["--without-pip"]
    done = subprocess.run([sys.executable, "-m", "venv", *pip, str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise CannotInstall(f"{done.stdout}{done.stderr}\n{NO_PIP.format(python=sys.executable)}")


def has(module: str) -> bool:
    """Whether this Python has the module, and (for ensurepip) its wheels too: Debian splits them off."""
    check = f"import {module}" + ("; ensurepip.version()" if module == "ensurepip" else "")
    return subprocess.run([sys.executable, "-c", check], capture_output=True, check=False).returncode == 0


def installer(*, probe: bool = False) -> list[str]:
    """The command that installs into .venv: its own pip, this Python's pip, or uv. Empty when there is none.

    ``probe`` asks before .venv exists.
    """
    in_venv = PYTHON.exists() and subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True, check=False).returncode == 0
    if in_venv or (probe and has("ensurepip")):
        return [
            str(PYTHON),
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--no-input",
            "--disable-pip-version-check",
            "--no-compile",
            "--progress-bar=off",
        ]
    if has("pip"):
        usual = ["install", "--no-deps", "--no-input", "--disable-pip-version-check", "--no-compile", "--progress-bar=off"]
        return [sys.executable, "-m", "pip", "--python", str(PYTHON), *usual]
    uv = shutil.which("uv")
    return [uv, "pip", "install", "--no-deps", "--python", str(PYTHON)] if uv else []


def install(lock: str) -> None:
    """Install a lock, every file checked against its hash, with one line that tells how far it is.

    Raises:
        CannotInstall: the installer failed; its last words are in the message.
    """
    command = installer()
    if not command:
        raise CannotInstall(NO_PIP.format(python=sys.executable))
    total = sum(1 for line in (REPOSITORY / lock).read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    began, seen, words = time.monotonic(), 0, []
    terminal = sys.stdout.isatty()
    print(f"  Installing {total} packages (once; a minute or so) …", end="" if terminal else "\n", flush=True)
    child = subprocess.Popen(
        [*command, "--require-hashes", "-r", lock], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert child.stdout is not None  # noqa: S101 (a pipe was asked for)
    for line in child.stdout:
        words.append(line.rstrip())
        seen += line.startswith(("Collecting", "Requirement already satisfied"))
        if terminal:
            step = "putting them in place" if line.startswith("Installing collected") else f"{seen} of {total}"
            print(f"\r\033[K  Installing packages … {step}, {time.monotonic() - began:.0f} s", end="", flush=True)
    if child.wait() != 0:
        raise CannotInstall(
            "\n".join(["", *words[-12:], "", "The packages could not be installed (is there a network? a proxy?). Then try again."])
        )
    if terminal:
        print("\r\033[K", end="")
    # Compiled here, on every core, and not by pip, on one.
    subprocess.run([str(PYTHON), "-m", "compileall", "-q", "-j", "0", str(VENV / "lib")], capture_output=True, check=False)
    print(f"  Packages installed ({time.monotonic() - began:.0f} s)", flush=True)


def main(lock: str) -> int:
    """Do what is missing. Returns the exit code."""
    locks = [lock] if lock == "requirements.lock" else ["requirements.lock", lock]  # the second one contains the first
    with (REPOSITORY / lock).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # `make up` twice at once makes one .venv
        try:
            make_venv()
            need = wanted(locks)
            if not need.items() <= installed().items():
                STAMP.unlink(missing_ok=True)
                install(lock)
                STAMP.write_text(json.dumps(need))
        except CannotInstall as reason:
            print(reason)
            return 1
        except KeyboardInterrupt:
            print("\nInterrupted.")
            return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "requirements.lock"))
