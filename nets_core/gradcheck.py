"""Is the gradient right? Finite differences against ``backward``.

The derivative is also (C(p + h) − C(p − h)) / 2h, but for an error of the order h². Two such
differences, of width h and 2h, cancel that error (Richardson's extrapolation): what remains is of
the order h⁴, so that h can be large enough for rounding not to matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nets_core.layers import Dropout
from nets_core.network import Network
from nets_core.ops import Array

WIDTH = 1e-3
"""h, in units of a parameter."""

ROUNDING = 4 * np.finfo(np.float64).eps / WIDTH
"""What rounding alone can make of a difference, for a cost of 1."""


@dataclass(frozen=True)
class Comparison:
    """One parameter array: what ``backward`` says and what the finite differences say.

    ``index`` counts ``parameters()``. ``entries`` are the flat indices of the checked entries;
    those next to a kink are left out and counted in ``skipped``. ``backward`` and ``difference``
    are the two answers, ``errors`` |a − n| / max(|a|, |n|, 1e-3 · largest), and ``largest`` the
    largest magnitude in the array's gradient.
    """

    index: int
    entries: npt.NDArray[np.intp]
    backward: Array
    difference: Array
    errors: Array
    skipped: int
    largest: float


def check(net: Network, x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """The largest relative error over all parameters; below 1e-6 means that backward is right.

    ``x`` is (batch, inputs), ``y`` (batch, outputs). The check runs on a copy of the net in
    float64, with the dropout mask fixed; entries next to a kink (of ReLU, of a maximum) are
    skipped, since no derivative exists there. Two costs that differ by less than rounding are
    taken as equal. Raises ValueError for a cost that is not finite and for a gradient of another
    shape than its parameter's.
    """
    return max(
        (float(c.errors.max()) for c in compare(net, x, y) if c.errors.size),
        default=0.0,
    )


def compare(
    net: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    entries: int | None = None,
    seed: int = 0,
) -> Iterator[Comparison]:
    """The comparison of each parameter array, of all its entries or of that many drawn by seed."""
    net = net.astype(np.float64)
    x = np.asarray(x)
    x = x if x.dtype == np.uint8 else x.astype(np.float64)
    for layer in net.layers:
        if isinstance(layer, Dropout):
            net.cost(x, y, learning=True)
            layer.mask_fixed = True
    cost, gradients = net.backward(x, y)
    if not np.isfinite(cost):
        raise ValueError(f"the net's cost is {cost}, expected a finite one to compare with")
    sides = _sides(net)
    rng = np.random.default_rng(seed)
    for index, (p, gradient) in enumerate(zip(net.parameters(), gradients, strict=True)):
        if np.shape(gradient) != p.shape:
            raise ValueError(
                f"gradient {index} has shape {np.shape(gradient)}, its parameter {p.shape}"
            )
        chosen: npt.NDArray[np.intp] = np.arange(p.size)
        if entries is not None and entries < p.size:
            chosen = np.sort(rng.choice(p.size, entries, replace=False))
        differences = np.array([_difference(net, x, y, p, int(i), sides) for i in chosen])
        known = ~np.isnan(differences)
        a, n = np.asarray(gradient, np.float64).ravel()[chosen][known], differences[known]
        scale = np.maximum(np.abs(a), np.abs(n))
        largest = float(np.abs(gradient).max(initial=0.0))
        scale = np.maximum(scale, 1e-3 * largest)
        gap = np.abs(a - n)
        gap[gap <= ROUNDING * max(1.0, abs(cost))] = 0.0
        errors = np.divide(gap, scale, out=np.zeros_like(gap), where=gap > 0)
        errors[~np.isfinite(a)] = np.inf
        yield Comparison(index, chosen[known], a, n, errors, int((~known).sum()), largest)


def _difference(
    net: Network, x: Array, y: npt.ArrayLike, p: Array, i: int, sides: list[Array]
) -> float:
    """∂C/∂p_i by finite differences; NaN where a kink lies between the points."""
    flat = p.reshape(-1)
    value = flat[i]
    costs = []
    for step in (2, 1, -1, -2):
        flat[i] = value + step * WIDTH
        costs.append(net.cost(x, y, learning=True))
        if not all(np.array_equal(s, t) for s, t in zip(sides, _sides(net), strict=True)):
            flat[i] = value
            return np.nan
    flat[i] = value
    return float((8 * (costs[1] - costs[2]) - (costs[0] - costs[3])) / (12 * WIDTH))


def _sides(net: Network) -> list[Array]:
    """Which side of every kink the latest forward pass was on."""
    return [side for layer in net.layers for side in layer.kinks()]
