"""The project's own virtual environment, made on first use and entered by every script.

A script starts with ``environment.enter("build")``: from then on it runs in ``.venv`` with exactly
the packages of ``requirements/build.lock``. Nothing here needs more than the standard library.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows, where two builds at a time are not guarded against
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
_BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
_PYTHON = _BIN / ("python.exe" if os.name == "nt" else "python")
_VERSION = "3.13"  # the tab's Python: bytecode made by another one would not load there
_OLDEST_NODE = 18
_PIP_OPTIONS = [
    "--disable-pip-version-check",
    "--require-hashes",
    "--only-binary",
    ":all:",
    "--no-deps",
]


def say(text: str) -> None:
    """Tell the person at the terminal what is going on, in one line, at once."""
    print(text, flush=True)


def enter(*groups: str) -> None:
    """Go on in the project's environment, with ``requirements/<group>.lock`` installed for each.

    Returns at once when the script already runs there; otherwise prepares what is missing and
    starts the script again. Ends the program with one sentence where that is not possible.
    """
    if Path(sys.prefix).resolve() != VENV.resolve():
        _restart(_prepared_python())
    for group in groups:
        install(group)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process is in this block for the same folder, then keep others out."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(group: str) -> None:
    """Install ``requirements/<group>.lock`` into the environment unless it is there already."""
    lock = ROOT / "requirements" / f"{group}.lock"
    stamp = VENV / f".{group}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if stamp.exists():
        return
    say(f"Installing the Python packages of requirements/{lock.name} into .venv …")
    _run(
        [str(_PYTHON), "-m", "pip", "install", "--quiet", *_PIP_OPTIONS, "-r", str(lock)],
        f"the packages of requirements/{lock.name} could not be installed",
    )
    for stale in VENV.glob(f".{group}-*"):
        stale.unlink()
    stamp.touch()


def node() -> str:
    """Return the path of a usable ``node``; where there is none, one is installed in ``.venv``."""
    return _node_program("node")


def npm() -> str:
    """Return the path of the ``npm`` that belongs to :func:`node`."""
    return _node_program("npm")


def _node_program(name: str) -> str:
    system = shutil.which(name)
    if system and shutil.which("npm") and _node_is_recent():
        return system
    install("node")
    program = shutil.which(name, path=str(_BIN))
    if program is None:
        sys.exit(f"The environment in {VENV} has no {name}: delete that folder and try again.")
    return program


def _node_is_recent() -> bool:
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.lstrip("v").split(".")[0]
    return major.isdecimal() and int(major) >= _OLDEST_NODE


def _prepared_python() -> Path:
    """Return the environment's Python, made with the right version if it is not there."""
    finished = VENV / f".python-{_VERSION}"  # made last: without it the environment is a ruin
    if not (finished.exists() and _PYTHON.exists()):
        python = _right_python()
        say("Making the virtual environment .venv …")
        _run(
            [python, "-m", "venv", "--clear", str(VENV)],
            "the virtual environment could not be made (on Debian and Ubuntu: "
            f"apt install python{_VERSION}-venv)",
        )
        finished.touch()
    return _PYTHON


def _right_python() -> str:
    """Return a Python of the tab's version: this one, or one found under its usual name."""
    candidates = [sys.executable, shutil.which(f"python{_VERSION}"), shutil.which("python3")]
    question = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
    for candidate in filter(None, candidates):
        answer = subprocess.run(
            [candidate, "-c", question], capture_output=True, text=True, check=False, cwd=ROOT
        )
        version, _, path = answer.stdout.strip().partition(" ")
        if version == _VERSION:
            return path
    return sys.exit(
        f"nets needs Python {_VERSION}, which the page runs too, and this is "
        f"{sys.version_info[0]}.{sys.version_info[1]}: get it from python.org, with "
        f"`uv python install {_VERSION}` or with `pyenv install {_VERSION}`, and start "
        f"this script with python{_VERSION}."
    )


def _restart(python: Path) -> None:
    """Start this script again with another Python; does not return."""
    command = [str(python), *sys.argv]
    if os.name == "nt":  # where exec would give the terminal back before the script has ended
        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(command[0], command)


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nStopped: {failure}.")
