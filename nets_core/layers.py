"""Layers: each its own forward and backward, side by side.

A layer l computes z^l and a^l = σ^l(z^l) from a^{l-1}, and keeps all three until the next forward
pass. Given δ^l = ∂C/∂z^l it answers two questions, which are the last three of the four equations:

- ``backward(δ^l)``: what was the error of the layer's input, ∂C/∂a^{l-1}? For a dense layer it is
  (w^l)ᵀ δ^l. The network multiplies it by σ'^{l-1}(z^{l-1}), which gives δ^{l-1}.
- ``gradients(δ^l)``: ∂C/∂w^l and ∂C/∂b^l, as means over the mini-batch.

Arrays are batch first, and pictures have their channels last: (batch, height, width, channels).
A new layer is one class here and one entry of ``LAYERS``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from nets_core import checks, ops
from nets_core.activations import ACTIVATIONS, Activation
from nets_core.initializers import INITIALIZERS, RANDOM_BIASES
from nets_core.ops import Array

Shape = tuple[int, ...]
Draws = Optional["np.random.Generator"]  # quoted: a slow import that a trained net does not need


class Layer(ABC):
    """The interface of a layer.

    ``connect`` sets the shape of its inputs (without the batch), ``start`` draws its parameters.
    ``a_in``, ``z`` and ``a`` are a^{l-1}, z^l and a^l of the latest forward pass.
    """

    kind: str
    activation: Activation = ACTIVATIONS["identity"]
    input_shape: Shape
    output_shape: Shape
    a_in: Array
    z: Array
    a: Array

    @abstractmethod
    def connect(self, shape: Shape) -> None:
        """Set input_shape and output_shape for inputs (batch, *shape); ValueError if they do not
        fit."""

    def start(self, rng: Draws, initializer: str, dtype: npt.DTypeLike) -> None:  # noqa: B027
        """Draw what the layer draws, by default nothing. Without ``rng`` the parameters are 0."""

    @abstractmethod
    def forward(self, a: Array, learning: bool) -> Array:
        """a^{l-1} -> a^l; ``learning`` turns dropout on."""

    @abstractmethod
    def backward(self, delta: Array) -> Array:
        """δ^l -> ∂C/∂a^{l-1}, of every example."""

    def sigma_prime(self) -> Array | float:
        """σ'^l(z^l) of the latest forward pass; 1 where there is no activation."""
        if self.activation.name == "identity":
            return 1.0
        return self.activation.derivative(self.z, self.a)

    def gradients(self, delta: Array) -> list[Array]:
        """δ^l -> the gradients of ``parameters()``, means over the mini-batch."""
        return []

    def parameters(self) -> list[Array]:
        """The arrays that learn, in the order of ``gradients``."""
        return []

    def parameter_shapes(self) -> list[Shape]:
        """The shapes of ``parameters()``, known before they are made."""
        return []

    def products(self) -> int:
        """How many multiplications by a weight one example takes; 1 for a layer without weights."""
        shapes = self.parameter_shapes()
        places = math.prod(self.output_shape[:-1])
        return places * math.prod(shapes[0]) if shapes else 1

    def settings(self) -> dict[str, Any]:
        """The keyword arguments that make the same layer again."""
        return {}

    def kinks(self) -> list[Array]:
        """Which side of each kink (of σ, of a maximum) the latest forward pass was on."""
        return [self.z > 0] if self.activation.kinked else []


class Dense(Layer):
    """Every output sees every input: z^l = w^l a^{l-1} + b^l, a^l = σ^l(z^l).

    ``weights`` is (outputs, inputs), so that weights[j, k] is Nielsen's w^l_{jk}; ``biases`` is
    (outputs,). In batches: z^l = a^{l-1} (w^l)ᵀ + b^l, a row for each example.
    """

    kind = "dense"
    weights: Array
    biases: Array

    def __init__(self, outputs: int, activation: str = "identity") -> None:
        self.outputs = checks.count("outputs", outputs)
        self.activation = ACTIVATIONS[checks.one_of("activation", activation, ACTIVATIONS)]

    def settings(self) -> dict[str, Any]:
        return {"outputs": self.outputs, "activation": self.activation.name}

    def connect(self, shape: Shape) -> None:
        if len(shape) != 1:
            raise ValueError(f"a dense layer gets pictures of shape {shape}: put 'flatten' before")
        self.input_shape, self.output_shape = shape, (self.outputs,)

    def start(self, rng: Draws, initializer: str, dtype: npt.DTypeLike) -> None:
        self.weights, self.biases = _start(rng, initializer, self.parameter_shapes()[0], dtype)

    def parameter_shapes(self) -> list[Shape]:
        return [(self.outputs, self.input_shape[0]), (self.outputs,)]

    def parameters(self) -> list[Array]:
        return [self.weights, self.biases]

    def forward(self, a: Array, learning: bool) -> Array:
        self.a_in = a
        self.z = ops.matmul_nt(a, self.weights)
        ops.add_row(self.z, self.biases)
        self.a = self.activation.function(self.z)
        return self.a

    def backward(self, delta: Array) -> Array:
        """(w^l)ᵀ δ^l."""
        return ops.matmul_nn(delta, self.weights)

    def gradients(self, delta: Array) -> list[Array]:
        """∂C/∂w^l_{jk} = a^{l-1}_k δ^l_j and ∂C/∂b^l_j = δ^l_j, averaged over the mini-batch."""
        delta = delta / len(delta)
        return [ops.matmul_tn(delta, self.a_in), ops.sum_rows(delta)]


class Conv2D(Layer):
    """A dense layer that slides over a picture: the same small w for every size × size window.

    Input (batch, height, width, channels), output (batch, height − size + 1, width − size + 1,
    filters). ``weights`` is (filters, size · size · channels), ``biases`` (filters,). Each window
    becomes a row (*im2col*), and what is left is the three products of ``Dense``.
    """

    kind = "conv2d"
    weights: Array
    biases: Array

    def __init__(self, filters: int, size: int, activation: str = "relu") -> None:
        self.filters = checks.count("filters", filters)
        self.size = checks.count("size", size)
        self.activation = ACTIVATIONS[checks.one_of("activation", activation, ACTIVATIONS)]
        if self.activation.output_only:
            raise ValueError(f"activation {activation!r} is for the output, not for a conv2d layer")

    def settings(self) -> dict[str, Any]:
        return {"filters": self.filters, "size": self.size, "activation": self.activation.name}

    def connect(self, shape: Shape) -> None:
        height, width, _ = _picture("conv2d", shape)
        if min(height, width) < self.size:
            raise ValueError(
                f"a conv2d layer of size {self.size} gets pictures of {height}×{width}, "
                "expected pictures at least as large"
            )
        self.input_shape = shape
        self.output_shape = (height - self.size + 1, width - self.size + 1, self.filters)

    def start(self, rng: Draws, initializer: str, dtype: npt.DTypeLike) -> None:
        self.weights, self.biases = _start(rng, initializer, self.parameter_shapes()[0], dtype)

    def parameter_shapes(self) -> list[Shape]:
        inputs = self.size * self.size * self.input_shape[2]
        return [(self.filters, inputs), (self.filters,)]

    def parameters(self) -> list[Array]:
        return [self.weights, self.biases]

    def forward(self, a: Array, learning: bool) -> Array:
        self.a_in = a
        self.windows = self._windows(a)
        z = ops.matmul_nt(self.windows, self.weights)
        ops.add_row(z, self.biases)
        self.z = z.reshape(len(a), *self.output_shape)
        self.a = self.activation.function(self.z)
        return self.a

    def _windows(self, a: Array) -> Array:
        """(batch, height, width, channels) -> a row for each window, (windows, size² · channels).

        A row of a window, size · channels numbers, is contiguous in memory: the view has one axis
        for it, so that the copy moves whole rows.
        """
        batch, channels = len(a), self.input_shape[2]
        rows, columns, _ = self.output_shape
        a = np.ascontiguousarray(a)
        s_batch, s_row, s_column, s_channel = a.strides
        view = np.lib.stride_tricks.as_strided(
            a,
            (batch, rows, columns, self.size, self.size * channels),
            (s_batch, s_row, s_column, s_row, s_channel),
            writeable=False,
        )
        return view.reshape(batch * rows * columns, -1)

    def backward(self, delta: Array) -> Array:
        """Each window sends back wᵀ δ; where windows overlap, their errors add up (*col2im*)."""
        rows, columns, filters = self.output_shape
        height, width, channels = self.input_shape
        errors = ops.matmul_nn(delta.reshape(-1, filters), self.weights)
        errors = errors.reshape(len(delta), rows, columns, self.size, self.size, channels)
        result = np.zeros((len(delta), height, width, channels), delta.dtype)
        for i in range(self.size):
            for j in range(self.size):
                result[:, i : i + rows, j : j + columns] += errors[:, :, :, i, j]
        return result

    def gradients(self, delta: Array) -> list[Array]:
        """As for a dense layer, and summed over the windows, which share w and b."""
        rows = (delta / len(delta)).reshape(-1, self.filters)
        return [ops.matmul_tn(rows, self.windows), ops.sum_rows(rows)]


class MaxPool2D(Layer):
    """The largest of each size × size block; a remainder at the right and bottom edge is dropped.

    (batch, height, width, channels) -> (batch, height // size, width // size, channels). The error
    goes back to the entry that was the largest (the first one, if several are equal).
    """

    kind = "maxpool2d"

    def __init__(self, size: int = 2) -> None:
        self.size = checks.count("size", size)

    def settings(self) -> dict[str, Any]:
        return {"size": self.size}

    def connect(self, shape: Shape) -> None:
        height, width, channels = _picture("maxpool2d", shape)
        if min(height, width) < self.size:
            raise ValueError(
                f"a maxpool2d layer of size {self.size} gets pictures of {height}×{width}, "
                "expected pictures at least as large"
            )
        self.input_shape = shape
        self.output_shape = (height // self.size, width // self.size, channels)

    def _corners(self, a: Array) -> list[Array]:
        """The size² views of ``a`` that hold the first, second, … entry of every block."""
        rows, columns, _ = self.output_shape
        size = self.size
        return [
            a[:, i : rows * size : size, j : columns * size : size]
            for i in range(size)
            for j in range(size)
        ]

    def forward(self, a: Array, learning: bool) -> Array:
        self.a_in = a
        corners = self._corners(a)
        self.z = corners[0].copy()
        for corner in corners[1:]:
            np.maximum(self.z, corner, out=self.z)
        self.a = self.z
        return self.a

    def backward(self, delta: Array) -> Array:
        result = np.zeros_like(self.a_in)
        free = np.ones(self.a.shape, bool)
        for source, target in zip(self._corners(self.a_in), self._corners(result), strict=True):
            chosen = source == self.a
            chosen &= free
            np.multiply(delta, chosen, out=target)
            free ^= chosen
        return result

    def kinks(self) -> list[Array]:
        return [corner == self.a for corner in self._corners(self.a_in)]


class Flatten(Layer):
    """(batch, height, width, channels) -> (batch, height · width · channels)."""

    kind = "flatten"

    def connect(self, shape: Shape) -> None:
        self.input_shape, self.output_shape = shape, (math.prod(shape),)

    def forward(self, a: Array, learning: bool) -> Array:
        self.a_in = a
        self.a = self.z = a.reshape(len(a), -1)
        return self.a

    def backward(self, delta: Array) -> Array:
        return delta.reshape(self.a_in.shape)


class Dropout(Layer):
    """While learning, each activation is set to 0 with probability ``rate``, anew in every step;
    the others grow by 1 / (1 − rate), so that the mean stays the same (Srivastava et al. 2014).

    ``mask_fixed`` keeps the latest mask, so that finite differences compare like with like.
    """

    kind = "dropout"

    def __init__(self, rate: float) -> None:
        self.rate = checks.fraction("rate", rate)
        self.mask_fixed = False
        self.mask: Array | None = None

    def settings(self) -> dict[str, Any]:
        return {"rate": self.rate}

    def connect(self, shape: Shape) -> None:
        self.input_shape = self.output_shape = shape

    def start(self, rng: Draws, initializer: str, dtype: npt.DTypeLike) -> None:
        self._seed = int(rng.integers(2**63)) if rng else 0
        self.__dict__.pop("rng", None)

    @cached_property
    def rng(self) -> np.random.Generator:
        """The generator of the masks."""
        return np.random.default_rng(self._seed)

    def forward(self, a: Array, learning: bool) -> Array:
        self.a_in = a
        if not learning:
            self.mask = None
            self.a = self.z = a
            return a
        if not (self.mask_fixed and self.mask is not None and self.mask.shape == a.shape):
            kept = self.rng.random(a.shape, np.float32) >= self.rate
            self.mask = kept * a.dtype.type(1 / (1 - self.rate))
        self.a = self.z = a * self.mask
        return self.a

    def backward(self, delta: Array) -> Array:
        return delta if self.mask is None else delta * self.mask


CLEARNESS = 0.05
"""How much a pair's margin, at most 1, counts beside its vote. Nine margins change a digit's score
by at most 9 · 0.05 / 2, less than a quarter of a vote: they only settle ties."""


MOST_CLASSES = 100
"""An untrusted file may ask for any number of classes, and the pairs grow with its square."""


class Votes(Layer):
    """One input for each pair of classes i < j: above 0 it votes for i, else for j.

    (batch, classes · (classes − 1) / 2) -> (batch, classes): how many votes each class got, and,
    to settle ties, a small share of the margins of its pairs (``CLEARNESS``). A vote has no slope:
    the error goes back through the margins alone.
    """

    kind = "votes"

    def __init__(self, classes: int) -> None:
        self.classes = checks.count("classes", classes, least=2)
        if self.classes > MOST_CLASSES:
            raise ValueError(
                f"classes is {checks.quoted(classes)}, expected at most {MOST_CLASSES}"
            )
        self.first, self.second = np.triu_indices(self.classes, 1)

    def settings(self) -> dict[str, Any]:
        return {"classes": self.classes}

    def connect(self, shape: Shape) -> None:
        pairs = len(self.first)
        if shape != (pairs,):
            raise ValueError(
                f"a votes layer of {self.classes} classes gets inputs of shape {shape}, "
                f"expected ({pairs},)"
            )
        self.input_shape, self.output_shape = shape, (self.classes,)

    def forward(self, a: Array, learning: bool) -> Array:
        self.a_in = a
        vote = np.where(a > 0, 1, -1) + CLEARNESS * np.clip(a, -1, 1)
        self.z = np.full((len(a), self.classes), (self.classes - 1) / 2, a.dtype)
        for k, (i, j) in enumerate(zip(self.first, self.second, strict=True)):
            self.z[:, i] += vote[:, k] / 2
            self.z[:, j] -= vote[:, k] / 2
        self.a = self.z
        return self.a

    def backward(self, delta: Array) -> Array:
        return (
            (delta[:, self.first] - delta[:, self.second])
            * (np.abs(self.a_in) < 1)
            * delta.dtype.type(CLEARNESS / 2)
        )

    def pair(self, digit: int, rival: int) -> Array:
        """(1, inputs): +1 or −1 at the input that decides between the two, 0 elsewhere."""
        low, high = sorted((digit, rival))
        chosen = (self.first == low) & (self.second == high)
        return np.where(chosen, 1 if digit == low else -1, 0)[np.newaxis]

    def kinks(self) -> list[Array]:
        return [self.a_in > 0, np.abs(self.a_in) < 1]


LAYERS: dict[str, type[Layer]] = {
    layer.kind: layer for layer in (Dense, Conv2D, MaxPool2D, Flatten, Dropout, Votes)
}


def make_layer(spec: Mapping[str, Any]) -> Layer:
    """The layer of a description such as ``{"type": "dense", "outputs": 30}``.

    Raises ValueError for an unknown type and TypeError for settings that it does not have.
    """
    settings = dict(spec)
    kind = checks.one_of("layer type", settings.pop("type", None), LAYERS)
    checks.settings_of(f"layer {kind!r}", LAYERS[kind], settings)
    try:
        return LAYERS[kind](**settings)
    except TypeError as error:
        raise TypeError(f"layer {kind!r}: {error}") from None


def describe_layer(layer: Layer) -> dict[str, Any]:
    """The description from which ``make_layer`` makes the same layer, without its parameters."""
    return {"type": layer.kind, **layer.settings()}


def _start(rng: Draws, initializer: str, shape: Shape, dtype: npt.DTypeLike) -> tuple[Array, Array]:
    """Weights (outputs, inputs) and biases (outputs,) as the initializer draws them."""
    outputs, inputs = shape
    if rng is None:
        return np.zeros(shape, dtype), np.zeros(outputs, dtype)
    weights = INITIALIZERS[initializer](rng, outputs, inputs).astype(dtype)
    biases = rng.standard_normal(outputs) if initializer in RANDOM_BIASES else np.zeros(outputs)
    return weights, biases.astype(dtype)


def _picture(kind: str, shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError(
            f"a {kind} layer gets inputs of shape {shape}, expected (height, width, channels)"
        )
    return shape[0], shape[1], shape[2]
