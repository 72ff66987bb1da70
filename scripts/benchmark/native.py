"""The library outside the browser, with BLAS: the speed of the same training in native Python.

It runs in its own process, because OpenBLAS reads its number of threads from the environment when
it is loaded: ``native.py DIST SETTINGS EXAMPLES`` prints the examples per second.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from building import environment, manifest

SHORTEST = 0.3  # seconds that a sample takes at least
TURN = 8  # milliseconds of training at a time, as in the tab


class NativeError(Exception):
    """Native training could not be measured; the message says why."""


def rate(dist: Path, settings: Mapping[str, Any], examples: int) -> float:
    """Examples per second of training with these settings, with OpenBLAS on one core.

    ``dist`` is the built site. Raises NativeError if the program fails.
    """
    program = [sys.executable, "-m", "benchmark.native"]
    path = os.pathsep.join([str(environment.ROOT / "scripts"), str(environment.ROOT)])
    one_core = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": path}
    answer = subprocess.run(
        [*program, str(dist), json.dumps(settings), str(examples)],
        env=os.environ | one_core,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise NativeError((answer.stderr.strip() or "the program ended").splitlines()[-1])
    return float(answer.stdout)


def _main(dist: Path, settings: dict[str, Any], examples: int) -> None:
    import numpy as np

    from nets_core.page.lab import Lab
    from nets_core.page.names import from_page

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    if "openblas" not in blas:
        sys.exit(f"this NumPy computes with {blas}, expected OpenBLAS")
    settings = from_page(settings)
    lab = Lab()
    files = manifest.names(dist)
    shards = json.loads(files["mnist/mnist.json"].read_text())["shards"]
    for name in ("train", "test"):
        images = [shard for shard in shards if shard["file"].startswith(f"{name}-images")]
        lab.mnist.allocate({name: sum(shard["count"] for shard in images)})
        for kind, parts in (
            ("images", [shard["file"] for shard in images]),
            ("labels", [f"{name}-labels.gz"]),
        ):
            packed = (files[f"mnist/{part}"].read_bytes() for part in parts)
            data = b"".join(map(gzip.decompress, packed))
            lab.mnist.buffer(f"{name}-{kind}")[:] = np.frombuffer(data, np.uint8)
    lab.mnist.set_available(len(lab.mnist.buffer("train-labels")))
    _train(lab, settings, examples)  # to warm up
    elapsed, trained = 0.0, 0
    while elapsed < SHORTEST:
        seconds, done = _train(lab, settings, examples)
        elapsed, trained = elapsed + seconds, trained + done
    print(trained / elapsed)


def _train(lab: Any, settings: dict[str, Any], examples: int) -> tuple[float, int]:
    """One run as in the tab: its seconds and the number of examples it learned from."""
    lab.training.train(settings)
    begun = perf_counter()
    done = 0
    while done < examples:
        lab.training.work(TURN)
        done = lab.training.progress()["step"] * settings["batch_size"]
    return perf_counter() - begun, done


if __name__ == "__main__":
    _main(Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]))
