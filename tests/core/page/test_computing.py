"""The service "computing": kernels where they can be used, NumPy where not."""

from __future__ import annotations

import numpy as np

from nets_core import ops
from nets_core.page.lab import Lab
from tests.core.page.conftest import value


def test_kernels_that_cannot_be_used_leave_numpy_to_it(lab: Lab) -> None:
    before = ops.in_use
    try:
        answer = value(lab, "computing.use_kernels", path="/no/such/file.wasm", name="relaxed")
        assert answer["kernels"] == "numpy"
        assert answer["reason"].startswith("the kernels ")
        assert value(lab, "computing.in_use") == answer
        a = np.ones((2, 3), np.float32)
        np.testing.assert_array_equal(ops.matmul_nt(a, a), [[3, 3], [3, 3]])
        assert value(lab, "computing.use_numpy") == {"kernels": "numpy", "reason": ""}
    finally:
        ops.use(before)
