"""A network: layers and a loss, forward and backward.

The notation is that of Michael Nielsen's book, "Neural Networks and Deep Learning": w^l, b^l, z^l,
a^l and δ^l belong to layer l, and C is the cost. Read ``Network.backpropagate`` first.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from nets_core import checks, ops
from nets_core.activations import ACTIVATIONS
from nets_core.initializers import INITIALIZERS
from nets_core.layers import Dense, Layer, Votes, describe_layer, make_layer
from nets_core.losses import make_loss
from nets_core.ops import Array


class Network:
    """A feed-forward network.

    Parameters
    ----------
    layers : the layers from the first to the last, which must be a ``Dense``.
    input_shape : the shape of one example: (features,), or (height, width, channels) for pictures,
        which are passed as rows of height · width · channels numbers too.
    loss : "mse" or "cross_entropy".
    initializer : one of ``INITIALIZERS``.
    seed : of the generator that draws the weights; the same seed makes the same net.
    dtype : float32 for training, float64 for checking; kept throughout.
    drawn : False leaves all parameters 0, for callers that will load their own.

    Raises ValueError or TypeError if the parts do not fit together.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: Sequence[int],
        loss: str = "mse",
        initializer: str = "nielsen",
        seed: int = 0,
        dtype: npt.DTypeLike = np.float32,
        drawn: bool = True,
    ) -> None:
        try:
            self.dtype = np.dtype(dtype)
        except TypeError:
            raise TypeError(
                f"dtype is {checks.quoted(dtype)}, expected float32 or float64"
            ) from None
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype is {self.dtype}, expected float32 or float64")
        self.layers = list(layers)
        if not self.layers or not isinstance(self.layers[-1], (Dense, Votes)):
            raise ValueError("layers must end with a dense layer, which gives the output")
        if any(layer.activation.output_only for layer in self.layers[:-1]):
            raise ValueError("activation 'softmax' is for the output, not for a hidden layer")
        self.loss = make_loss(loss, self.layers[-1].activation.name)
        self.initializer = checks.one_of("initializer", initializer, INITIALIZERS)
        self.seed = checks.count("seed", seed, least=0)
        self.input_shape = tuple(checks.count("input_shape", n) for n in input_shape)
        self.deltas: list[Array] = []
        shape = self.input_shape
        for layer in self.layers:
            layer.connect(shape)
            shape = layer.output_shape
        rng = np.random.default_rng(self.seed) if drawn else None
        for layer in self.layers:
            layer.start(rng, self.initializer, self.dtype)

    @classmethod
    def mlp(
        cls,
        sizes: Sequence[int],
        activation: str = "sigmoid",
        output: str = "sigmoid",
        loss: str = "mse",
        initializer: str = "nielsen",
        seed: int = 0,
        dtype: npt.DTypeLike = np.float32,
    ) -> Self:
        """A net of dense layers: ``[784, 30, 10]`` has 784 inputs, 30 hidden neurons, 10 outputs.

        Raises ValueError for fewer than two sizes, sizes below 1 and unknown names.
        """
        if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Sequence) or len(sizes) < 2:
            raise ValueError(
                f"sizes is {checks.quoted(sizes)}, expected at least two numbers: inputs, outputs"
            )
        checks.one_of("activation", activation, ACTIVATIONS)
        checks.one_of("output", output, ACTIVATIONS)
        if ACTIVATIONS[activation].output_only:
            raise ValueError(f"activation is {activation!r}, which is for the output only")
        inputs, *hidden, outputs = (checks.count("sizes", size) for size in sizes)
        layers: list[Layer] = [Dense(size, activation) for size in hidden]
        return cls([*layers, Dense(outputs, output)], (inputs,), loss, initializer, seed, dtype)

    @classmethod
    def from_description(cls, description: Mapping[str, Any], drawn: bool = True) -> Self:
        """The net that ``describe()`` described, its parameters drawn from its seed."""
        return cls(
            [make_layer(spec) for spec in description["layers"]],
            description["input_shape"],
            description["loss"],
            description["initializer"],
            description["seed"],
            description["dtype"],
            drawn,
        )

    def describe(self) -> dict[str, Any]:
        """What defines this net, except the values of its parameters, as plain Python values."""
        return {
            "input_shape": list(self.input_shape),
            "layers": [describe_layer(layer) for layer in self.layers],
            "loss": self.loss.name,
            "initializer": self.initializer,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }

    def __repr__(self) -> str:
        """A summary: of each layer its settings, output shape and number of parameters."""
        rows = [("input", _shape(self.input_shape), "")]
        for layer in self.layers:
            settings = ", ".join(f"{name}={value!r}" for name, value in layer.settings().items())
            count = sum(array.size for array in layer.parameters())
            rows.append((f"{layer.kind}({settings})", _shape(layer.output_shape), f"{count:,}"))
        first, second, third = (max(map(len, column)) for column in zip(*rows, strict=True))
        total = sum(array.size for array in self.parameters())
        lines = [f"Network: {total:,} parameters, loss {self.loss.name!r}, {self.dtype}"]
        for name, shape, size in rows:
            lines.append(f"  {name:{first}}  {shape:>{second}}  {size:>{third}}".rstrip())
        return "\n".join(lines)

    @property
    def inputs(self) -> int:
        """How many numbers one example has."""
        return math.prod(self.input_shape)

    @property
    def outputs(self) -> int:
        """How many numbers the net answers with."""
        return self.layers[-1].output_shape[0]

    def parameters(self) -> list[Array]:
        """[w, b, w, b, …] from the first layer to the last: the arrays themselves."""
        return [array for layer in self.layers for array in layer.parameters()]

    def astype(self, dtype: npt.DTypeLike) -> Self:
        """A copy of this net that computes in another dtype."""
        net = copy.deepcopy(self)
        net.dtype = np.dtype(dtype)
        for layer in net.layers:
            for name, value in vars(layer).items():
                if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                    setattr(layer, name, value.astype(net.dtype))
        return net

    def forward(self, x: npt.ArrayLike) -> Array:
        """(batch, inputs) floats, or uint8 pixels, which are read as /255 -> (batch, outputs).

        Raises ValueError or TypeError for a wrong shape or dtype, no examples, NaN or infinity.
        """
        return self.propagate(ops.as_floats(checks.examples("x", x, self.inputs), self.dtype))

    def propagate(self, x: Array, learning: bool = False) -> Array:
        """``forward`` without the checks, for float ``x`` (batch, inputs) of this net's dtype.

        ``learning`` turns dropout on.
        """
        a = x.reshape(len(x), *self.input_shape)
        for layer in self.layers:
            a = layer.forward(a, learning)  # a^l = σ^l(z^l), z^l = w^l a^{l-1} + b^l
        return a

    def cost(self, x: npt.ArrayLike, y: npt.ArrayLike, learning: bool = False) -> float:
        """The mean loss of a mini-batch, shapes as for ``backward``."""
        x, y = self._checked(x, y)
        a = self.propagate(x, learning)
        return self.loss.cost(self.layers[-1].z, a, y)

    def backward(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, list[Array]]:
        """The cost of a mini-batch and its gradients.

        ``x`` is (batch, inputs), ``y`` one-hot (batch, outputs). Returns (cost, gradients): fresh
        arrays in the order of ``parameters()``, means over the mini-batch, without L2.
        Raises ValueError or TypeError for wrong shapes or dtypes, no examples, NaN or infinity.
        """
        return self.backpropagate(*self._checked(x, y))

    def backpropagate(self, x: Array, y: Array, learning: bool = True) -> tuple[float, list[Array]]:
        """``backward`` without the checks, for callers that have validated x and y.

        These are the four equations. ``learning=False`` turns dropout off and so draws no mask.
        """
        layers = self.layers
        a = self.propagate(x, learning)
        cost = self.loss.cost(layers[-1].z, a, y)

        # δ^L = ∇_a C ⊙ σ'^L(z^L)
        delta = self.loss.delta(layers[-1].activation, layers[-1].z, a, y)
        deltas = [delta]

        # δ^l = ((w^{l+1})ᵀ δ^{l+1}) ⊙ σ'^l(z^l)
        for layer, above in zip(layers[-2::-1], layers[:0:-1], strict=True):
            delta = above.backward(delta) * layer.sigma_prime()
            deltas.insert(0, delta)
        self.deltas = deltas  # kept, as each layer keeps its z and a, until the next pass

        # ∂C/∂b^l_j = δ^l_j and ∂C/∂w^l_{jk} = a^{l-1}_k δ^l_j
        gradients = []
        for layer, delta in zip(layers, deltas, strict=True):
            gradients += layer.gradients(delta)
        return cost, gradients

    def _checked(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
        x = ops.as_floats(checks.examples("x", x, self.inputs), self.dtype)
        return x, checks.targets("y", y, len(x), self.outputs, self.dtype)


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
