"""Is the gradient right? Checks ``backward`` against finite differences.

The derivative is (C(p + h) − C(p − h)) / 2h up to an error of order h². Combining two such
differences, of widths h and 2h, cancels that error (Richardson extrapolation). The remaining error
is of order h⁴, so h can be large enough for rounding not to matter.
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
"""How large a finite difference rounding alone can produce, for a cost of 1."""


@dataclass(frozen=True)
class Comparison:
    """The gradient of one parameter array, by ``backward`` and by finite differences.

    ``index`` is the array's place in ``parameters()``. ``entries`` are the flat indices of the
    checked entries; entries next to a kink are left out and counted in ``skipped``. ``backward``
    and ``difference`` are the two gradients a and n at those entries, ``errors`` are
    |a − n| / max(|a|, |n|, 1e-3 · largest), and ``largest`` is the largest magnitude in the whole
    gradient.
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
    skipped, since no derivative exists there. Differences within rounding error count as 0.
    Raises ValueError for a cost that is not finite and for a gradient whose shape is not its
    parameter's, and whatever ``Network.backward`` raises.
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
    """Compare each parameter array: all its entries, or ``entries`` of them drawn with ``seed``.

    Shapes and errors as for ``check``.
    """
    net = net.astype(np.float64)
    x = np.asarray(x)
    x = x if x.dtype == np.uint8 else x.astype(np.float64)
    for layer in net.layers:
        if isinstance(layer, Dropout):
            net.cost(x, y, learning=True)
            layer.mask_fixed = True
    cost, gradients = net.backward(x, y)
    if not np.isfinite(cost):
        raise ValueError(f"the net's cost is {cost}, expected a finite number")
    sides = _sides(net)
    rng = np.random.default_rng(seed)
    for index, (p, gradient) in enumerate(zip(net.parameters(), gradients, strict=True)):
        if np.shape(gradient) != p.shape:
            raise ValueError(
                f"gradient {index} has shape {np.shape(gradient)}, "
                f"expected its parameter's, {p.shape}"
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
