"""The service "computing": switches between the kernels and NumPy."""

from __future__ import annotations

from nets_core import ops
from nets_core.kernels import Kernels
from nets_core.page.live import LiveNet

NUMPY = "numpy"


class Computing:
    """Switches between NumPy and the kernels, WebAssembly modules that the page fetches."""

    def __init__(self, live: LiveNet) -> None:
        self._live = live
        self._kernels: dict[str, Kernels] = {}
        self._in_use = {"kernels": NUMPY, "reason": ""}

    def use_kernels(self, path: str, name: str) -> dict[str, str]:
        """Compute with the kernels in the file ``path`` from now on; returns ``in_use()``.

        If they cannot be used, NumPy computes, and ``reason`` says why. Once kernels have been
        loaded, their name is enough.
        """
        try:
            if name not in self._kernels:
                self._kernels[name] = Kernels(path)
        except ValueError as error:
            return self.use_numpy(str(error))
        return self._use(self._kernels[name], name, "")

    def use_numpy(self, reason: str = "") -> dict[str, str]:
        """Compute with NumPy from now on; returns ``in_use()``, with this ``reason``."""
        return self._use(None, NUMPY, reason)

    def in_use(self) -> dict[str, str]:
        """``kernels``: the name of those in use, "numpy" for none; ``reason``: why none, or ""."""
        return dict(self._in_use)

    def _use(self, kernels: Kernels | None, name: str, reason: str) -> dict[str, str]:
        ops.use(kernels)
        self._in_use = {"kernels": name, "reason": reason}
        if self._live.trainer is not None:
            self._live.trainer.reset_clock()
        return self.in_use()
