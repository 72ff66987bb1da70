"""How good a classifier is: its accuracy and its confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nets_core import checks, ops
from nets_core.network import Network
from nets_core.ops import Array

PIXELS = 28 * 28
SLICE = 500
"""How many examples are evaluated at a time: enough to be fast, few enough not to block a page.
For nets with a layer wider than the input it is fewer."""


def predictions(net: Network, x: Array) -> Iterator[Array]:
    """The outputs for ``x`` (n, inputs), floats or uint8, in slices of (≤ SLICE, outputs)."""
    widest = max(math.prod(layer.output_shape) for layer in net.layers)
    size = max(1, min(SLICE, SLICE * PIXELS // widest))
    for start in range(0, len(x), size):
        yield net.propagate(ops.as_floats(x[start : start + size], net.dtype))


def check_reads_digits(net: Network) -> None:
    """ValueError unless the net has 784 inputs and 10 outputs."""
    if (net.inputs, net.outputs) != (PIXELS, 10):
        raise ValueError(
            f"the net reads {net.inputs} numbers and answers with {net.outputs}, "
            f"expected {PIXELS} pixels and 10 digits"
        )


def accuracy(net: Network, x: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """The share, 0…1, of the examples whose answer is right (see ``right``).

    ``x`` is (n, inputs) floats or uint8, ``labels`` (n,) integers; ValueError or TypeError if not.
    """
    x = checks.examples("x", x, net.inputs)
    labels = checks.label_array("labels", labels, len(x), net.outputs)
    answers = np.concatenate(list(predictions(net, x)))
    return right(answers, labels) / len(labels)


def right(a: Array, labels: Array) -> float:
    """How many of the answers ``a`` (n, outputs) match ``labels``, (n,) integers.

    An answer is right if its largest output is the label's; a single output, if it is on the
    label's side of 0.5. NaN if ``labels`` are targets, (n, outputs), for which no answer is right
    or wrong.
    """
    if labels.ndim == 2:
        return math.nan
    if a.shape[1] > 1:
        return ops.hits(a, labels)
    return int(np.count_nonzero((a[:, 0] >= 0.5) == labels))


def codes(outputs: int, dtype: npt.DTypeLike) -> Array:
    """(classes, outputs): the target y of each label, one-hot; 0 and 1 for a single output."""
    if outputs == 1:
        return np.array([[0], [1]], dtype)
    return np.eye(outputs, dtype=dtype)


def confusion(guesses: Array, labels: Array, classes: int = 10) -> Array:
    """(classes, classes) integers: how often the row's class was read as the column's.

    ``guesses`` and ``labels`` are (n,) integers 0 … classes − 1.
    """
    return np.bincount(labels * classes + guesses, minlength=classes * classes).reshape(
        classes, classes
    )
