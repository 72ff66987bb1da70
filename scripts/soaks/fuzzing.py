"""Fuzzes the reading of untrusted files: ``scripts/soaks/fuzzing.py TARGET --seconds 30``.

Atheris generates inputs and uses code coverage to find those that reach new code. For any input a
target must return a result, or raise a ValueError (for a page's settings also a TypeError) of one
sentence. Anything else, more than ``MOST_MEMORY`` or more than ``MOST_SECONDS`` is a finding.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
MOST_MEMORY = 1024
"""In MB, including Python, NumPy and atheris: reading a file of 64 MB takes twice that memory."""
MOST_SECONDS = 10
"""For one input."""
LONGEST = 20_000
"""The most bytes of an input: longer ones find nothing more, and are slower."""
SENTENCE = re.compile(r"[^\n]{10,1000}")
DATA = ROOT / "tests" / "data"
Target = Callable[[bytes], object]


def _opened(data: bytes) -> None:
    """Open a file of any format as a page does."""
    from nets_core.files import saving

    net = saving.loads(data)
    saving.header_of(data)
    if net.inputs <= 4096:
        net.forward(np.zeros((1, net.inputs)))
    images, labels = np.zeros((24, net.inputs), np.uint8), np.zeros(24, np.intp)
    saving.resume(data, images, labels, test=(images, labels))


def _zipped(data: bytes) -> None:
    """Open an ``.npz`` file of generated members with correct checksums."""
    header, *arrays = data.split(_BETWEEN)
    members = [f"p{i}.npy" for i in range(4)] + [
        f"{name}{i}.npy" for name in ("mean", "square") for i in range(4)
    ]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("header.npy", header)
        for name, content in zip(members, arrays, strict=False):
            archive.writestr(name, content)
    _opened(file.getvalue())


def _idx(data: bytes) -> None:
    from nets_core.data import datasets

    datasets.read_idx(data)


def _settings(data: bytes) -> None:
    """Read the settings of a playground's world and of a training, as in an address."""
    from nets_core.page.names import from_page
    from nets_core.page.settings import Settings
    from nets_core.playground.world import World

    values = json.loads(data)
    if isinstance(values, dict):
        values = from_page(values)
        with contextlib.suppress(ValueError, TypeError):
            Settings.from_plain(values)
        world = World.from_plain(values)
        world.parts()
        world.network()


def _formula(data: bytes) -> None:
    from nets_core.playground.formula import Formula

    Formula(data.decode())(x=np.linspace(-1, 1, 9))


TARGETS: dict[str, Target] = {
    "npz": _opened,
    "npz-members": _zipped,
    "safetensors": _opened,
    "onnx": _opened,
    "idx": _idx,
    "settings": _settings,
    "formula": _formula,
}
_BETWEEN = b"\n=== member ===\n"


def seeds(target: str) -> list[bytes]:
    """Valid inputs to start from."""
    from nets_core.data import datasets
    from nets_core.page.names import to_page
    from nets_core.page.settings import Settings
    from nets_core.playground.world import World

    if target == "npz-members":
        found = []
        for path in sorted(DATA.glob("*-[0-9].npz")):
            with zipfile.ZipFile(path) as archive:
                found.append(_BETWEEN.join(map(archive.read, archive.namelist())))
        return found
    if target == "idx":
        arrays = [np.arange(24, dtype=dtype) for dtype in ("u1", "i1", "i2", "f4", "f8")]
        return [datasets.write_idx(array.reshape(2, 3, 4)) for array in arrays]
    if target == "settings":
        plain = [World.from_plain({}).plain(), Settings.from_plain({}).plain()]
        return [json.dumps(to_page(values)).encode() for values in plain]
    if target == "formula":
        return [b"sin(x)", b"x**2 - 1", b"exp(-x * x) / 2", b"abs(3.5e-1 + pi) * log(e)"]
    return [path.read_bytes() for path in sorted(DATA.glob(f"*-[0-9].{target}"))]


def check(target: str, data: bytes) -> None:
    """Run a target on an input; raises any exception that the target must not raise."""
    refusals = (ValueError, TypeError) if target == "settings" else (ValueError,)
    try:
        with np.errstate(all="ignore"):
            TARGETS[target](data)
    except refusals as error:
        if isinstance(error, (UnicodeError, json.JSONDecodeError)):
            return  # from this harness, which decodes the bytes
        if not SENTENCE.fullmatch(str(error)):
            raise AssertionError(f"no sentence: {error!r}") from error


def available() -> bool:
    """Return whether atheris is installed; it does not exist for all systems."""
    return importlib.util.find_spec("atheris") is not None


def run(target: str, seconds: float) -> tuple[bool, str]:
    """Fuzz a target in a new process; returns whether all was well, and a sentence about it."""
    command = [sys.executable, __file__, target, "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    tried = re.findall(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    if done.returncode == 0 and tried and int(tried[0]) > 0:
        return True, f"{int(tried[0]):,} inputs in {seconds:g} s, each was read or refused"
    said = done.stdout.splitlines()[-30:] + done.stderr.splitlines()[-30:]  # the input is among it
    return False, "\n".join(said)


def soak(target: str, minutes: float) -> tuple[bool, str]:
    """``run`` with the time in minutes, for ``scripts/soak.py``."""
    return run(target, 60 * minutes)


def _fuzz(target: str, seconds: float) -> None:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["nets_core"]):
        import nets_core
        from nets_core.data import datasets
        from nets_core.files import onnx, safetensors, saving
        from nets_core.page import settings
        from nets_core.playground import formula, world

        del nets_core, datasets, formula, onnx, safetensors, saving, settings, world
    with tempfile.TemporaryDirectory() as folder:
        for i, seed in enumerate(seeds(target)):
            (Path(folder) / f"seed-{i}").write_bytes(seed)
        os.chdir(folder)  # where libFuzzer writes its findings
        arguments = [
            sys.argv[0],
            folder,
            f"-max_total_time={max(1, round(seconds))}",
            f"-rss_limit_mb={MOST_MEMORY}",
            f"-timeout={MOST_SECONDS}",
            f"-max_len={LONGEST}",
            "-print_final_stats=1",
            "-verbosity=1",
        ]
        atheris.Setup(arguments, lambda data: check(target, data))
        atheris.Fuzz()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("target", choices=TARGETS)
    options.add_argument("--seconds", type=float, default=30)
    chosen = options.parse_args()
    # libFuzzer's memory limit counts the peak of the process that started this one, too. In a child
    # of this process it counts only the child's.
    if child := os.fork():
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    _fuzz(chosen.target, chosen.seconds)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
