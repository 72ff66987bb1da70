"""The project's virtual environment, created on first use and entered by every script.

A script starts with ``environment.enter("build")``: then it runs in ``.venv`` with exactly the
packages of ``requirements/build.lock``. This module needs only the standard library.
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
except ImportError:  # on Windows, where nothing prevents two builds at a time
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
_BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
_PYTHON = _BIN / ("python.exe" if os.name == "nt" else "python")
_VERSION = "3.13"  # the tab's Python: bytecode of another version would not load there
_OLDEST_NODE = 18
_PIP_OPTIONS = [
    "--disable-pip-version-check",
    "--require-hashes",
    "--only-binary",
    ":all:",
    "--no-deps",
]


def say(text: str) -> None:
    """Print a line to the terminal at once."""
    print(text, flush=True)


def enter(*groups: str) -> None:
    """Continue in the project's environment, with ``requirements/<group>.lock`` installed for each.

    Returns at once if the script already runs there; otherwise prepares the environment and starts
    the script again. Ends the program with one sentence if that is not possible.
    """
    if Path(sys.prefix).resolve() != VENV.resolve():
        _restart(_prepared_python())
    for group in groups:
        install(group)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: only one process at a time runs this block for the same folder."""
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
    """Return the path of a usable ``node``; installs one in ``.venv`` if there is none."""
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
    """Return the environment's Python; creates the environment if there is none."""
    finished = (
        VENV / f".python-{_VERSION}"
    )  # written last: without it the environment is incomplete
    if not (finished.exists() and _PYTHON.exists()):
        python = _right_python()
        say("Creating the virtual environment .venv …")
        _run(
            [python, "-m", "venv", "--clear", str(VENV)],
            "the virtual environment could not be created (on Debian and Ubuntu: "
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
        f"nets needs Python {_VERSION}, the version that the page runs, but this is "
        f"{sys.version_info[0]}.{sys.version_info[1]}: get it from python.org, with "
        f"`uv python install {_VERSION}` or with `pyenv install {_VERSION}`, and start "
        f"this script with python{_VERSION}."
    )


def _restart(python: Path) -> None:
    """Start this script again with another Python; does not return."""
    command = [str(python), *sys.argv]
    if os.name == "nt":  # where exec would return to the terminal before the script has ended
        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(command[0], command)


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nStopped: {failure}.")
