"""Assembles the kernels: ``site/kernels/*.wat`` become two WebAssembly modules.

``relaxed.wasm`` is the text as it is. Browsers without relaxed SIMD get ``simd.wasm``, in which
each fused multiply-add is replaced by a multiplication and an addition.
"""

from __future__ import annotations

import re
from pathlib import Path

from wasmtime import WasmtimeError, wat2wasm

from building.steps import Files

PARTS = ("module", "arrays", "products", "zeros", "functions", "steps")
"""The files that make up the text of the module, in this order."""

_OPERAND = r"(\((?:local\.get \$\w+|v128\.const [^()]+)\))"
_FUSED = re.compile(rf"\(f32x4\.relaxed_madd\s+{_OPERAND}\s+{_OPERAND}\s+{_OPERAND}\)")


class KernelError(Exception):
    """The kernels cannot be assembled; the message says where."""


def assemble(folder: Path) -> Files:
    """Return both modules by name, made of the texts in ``folder``; raises KernelError."""
    return _both("".join((folder / f"{part}.wat").read_text() for part in PARTS), folder)


def peak(folder: Path) -> Files:
    """Return the modules that measure peak speed, made from ``peak.wat`` in the same two ways."""
    modules = _both((folder / "peak.wat").read_text(), folder)
    return {f"peak-{name}": module for name, module in modules.items()}


def _both(text: str, folder: Path) -> Files:
    plain = _FUSED.sub(r"(f32x4.add (f32x4.mul \1 \2) \3)", text)
    where = f"site/{folder.name}"
    if found := re.search(r"\(\w+\.relaxed_\w+", plain):
        raise KernelError(f"{where}: {found[0]} has no counterpart for plain SIMD")
    try:
        return {"relaxed.wasm": bytes(wat2wasm(text)), "simd.wasm": bytes(wat2wasm(plain))}
    except WasmtimeError as error:
        raise KernelError(f"{where}: {error}") from error
