"""What the equations give for the quantities of a step, by the library's own functions.

A net with a changed function (``patching``) computes something else at some stage. Each equation
is therefore applied here to the very quantities that the step computed: where its result differs
from the step's, it is the code of that stage that departs from it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nets_core.activations import ACTIVATIONS
from nets_core.losses import make_loss
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import Optimizer
from nets_core.study import trace

ROUNDING = 1e-5
"""Differences up to this share of an array's largest entry are rounding."""
ALIKE = 1e-3
"""Ratios that differ by less than this share count as equal."""


@dataclass(frozen=True)
class Departure:
    """A stage whose code does something else than its equation.

    ``index`` is the entry where they differ most, ``expected`` is what the equation gives there and
    ``actual`` what the code returned. ``ratio`` is actual / expected where it is the same in every
    entry, else None.
    """

    index: tuple[int, ...]
    expected: float
    actual: float
    ratio: float | None


@dataclass(frozen=True)
class Expected:
    """What the equations give: ``results`` by equation and layer, as of ``trace.Stage``, w alone
    of an update; ``slopes`` are σ'(z) by layer, (batch, outputs), NaN where there is none;
    ``error`` is ∇_a C of the output, (batch, outputs)."""

    results: Mapping[tuple[str, int], Array]
    slopes: Mapping[int, Array]
    error: Array


def expected(
    net: Network, y: Array, gradients: Sequence[Array], optimizer: Optimizer, l2: float = 0.0
) -> Expected:
    """The results of the equations for the latest step of a net of dense layers.

    ``y`` is what it learned from, ``gradients`` what its ``backward`` returned.
    """
    layers = trace.dense_layers(net)
    top = len(layers) + 1
    loss = make_loss(net.loss.name, layers[-1].activation.name)
    last = layers[-1]
    results: dict[tuple[str, int], Array] = {}
    slopes: dict[int, Array] = {}
    for number, layer in enumerate(layers, start=2):
        activation = ACTIVATIONS[layer.activation.name]
        whole = copy.copy(layer)
        whole.activation = activation
        type(layer).forward(whole, layer.a_in, learning=False)
        results["z", number] = whole.z
        results["a", number] = a = activation.function(layer.z.copy())
        slopes[number] = (
            np.full_like(a, np.nan) if activation.output_only else activation.derivative(layer.z, a)
        )
        for name, gradient in zip(
            ("dw", "db"), type(layer).gradients(layer, net.deltas[number - 2]), strict=True
        ):
            results[name, number] = gradient
    results["cost", top] = np.array([loss.cost(last.z, last.a, y)])
    output = replace(last.activation, derivative=lambda z, a: slopes[top])
    results["delta_output", top] = loss.delta(output, last.z, last.a, y)
    for number in range(top - 1, 1, -1):
        above, delta = layers[number - 1], net.deltas[number - 1]
        results["delta", number] = type(above).backward(above, delta) * slopes[number]
    own = copy.deepcopy(optimizer)
    vars(own).pop("update", None)  # a changed function hides that of the class
    parameters, _ = trace.updated(net, list(gradients), own, l2)
    for number in range(2, top + 1):
        results["update", number] = parameters[2 * number - 4]
    return Expected(results, slopes, loss.gradient(last.a, y))


def departure(expected: Array, actual: Array) -> Departure | None:
    """How ``actual`` departs from ``expected``, arrays of one shape; None for rounding alone."""
    wanted, found = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    with np.errstate(invalid="ignore"):
        gaps = np.where(_same(wanted, found), 0.0, np.abs(found - wanted))
    gaps = np.where(np.isnan(gaps), np.inf, gaps)
    finite = np.abs(wanted[np.isfinite(wanted)])
    largest = float(finite.max(initial=0))
    if not gaps.size or float(gaps.max()) <= ROUNDING * largest:
        return None
    index = tuple(int(i) for i in np.unravel_index(int(gaps.argmax()), gaps.shape))
    return Departure(
        index, float(wanted[index]), float(found[index]), _ratio(wanted, found, largest)
    )


def _same(wanted: Array, found: Array) -> Array:
    """Where both are equal, or neither is a number."""
    return (wanted == found) | (np.isnan(wanted) & np.isnan(found))


def _ratio(wanted: Array, found: Array, largest: float) -> float | None:
    """found / wanted if it is one and the same finite number in every entry."""
    if not (np.isfinite(wanted).all() and np.isfinite(found).all()) or largest == 0:
        return None
    ratio = float((wanted * found).sum() / (wanted * wanted).sum())
    off = np.abs(found - ratio * wanted)
    return ratio if float(off.max()) <= ALIKE * abs(ratio) * largest else None
