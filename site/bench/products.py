"""The speed of a dense layer's three matrix products alone."""

from time import perf_counter

import numpy as np

from nets_core import ops

BATCH, INPUTS, OUTPUTS = 128, 784, 128
OPERATIONS = 2 * BATCH * INPUTS * OUTPUTS
"""The number of multiplications and additions in each."""


def rate(seconds: float) -> dict[str, float]:
    """GFLOP/s of each product and of all three ``together``; takes about this many seconds."""
    rng = np.random.default_rng(0)
    x, w, delta = (
        rng.standard_normal(shape, np.float32)
        for shape in ((BATCH, INPUTS), (OUTPUTS, INPUTS), (BATCH, OUTPUTS))
    )
    products = {
        "weighted input": lambda: ops.matmul_nt(x, w),
        "error sent back": lambda: ops.matmul_nn(delta, w),
        "weight gradient": lambda: ops.matmul_tn(delta, x),
    }
    took = {name: _seconds(product, seconds / 3) for name, product in products.items()}
    rates = {name: OPERATIONS / each / 1e9 for name, each in took.items()}
    return rates | {"together": 3 * OPERATIONS / sum(took.values()) / 1e9}


def _seconds(product, at_least):
    """The mean time of one product, over at least this many seconds."""
    done, begun = 0, perf_counter()
    while (elapsed := perf_counter() - begun) < at_least:
        for _ in range(8):
            product()
        done += 8
    return elapsed / done
