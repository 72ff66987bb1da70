"""Every activation, loss and layer, checked against finite differences.

The cases are made from the registries, so a new entry is checked without writing a test.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nets_core import Network, gradcheck, ops
from nets_core.activations import ACTIVATIONS
from nets_core.initializers import INITIALIZERS
from nets_core.layers import LAYERS, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from nets_core.losses import LOSSES, make_loss

LIMIT = 1e-6
HIDDEN = [name for name, activation in ACTIVATIONS.items() if not activation.output_only]


def goes_together(loss: str, output: str) -> bool:
    try:
        make_loss(loss, output)
    except ValueError:
        return False
    return True


PAIRS = [(loss, output) for loss in LOSSES for output in ACTIVATIONS if goes_together(loss, output)]


def batch(net: Network, n: int = 5, seed: int = 11) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, net.inputs)), np.eye(net.outputs)[
        rng.integers(0, net.outputs, n)
    ]


def checked(net: Network, n: int = 5) -> float:
    """The largest error, as ``gradcheck.check`` has it, if enough was compared."""
    x, y = batch(net, n)
    comparisons = list(gradcheck.compare(net, x, y))
    assert len(comparisons) == len(net.parameters())
    for comparison, p in zip(comparisons, net.parameters(), strict=True):
        assert len(comparison.entries) + comparison.skipped == p.size
    compared = sum(len(comparison.entries) for comparison in comparisons)
    assert compared >= sum(p.size for p in net.parameters()) / 3
    assert any((np.abs(comparison.difference) > 1e-6).any() for comparison in comparisons)
    return max(float(comparison.errors.max(initial=0)) for comparison in comparisons)


@pytest.mark.parametrize(("loss", "output"), PAIRS)
@pytest.mark.parametrize("activation", HIDDEN)
def test_every_activation_with_every_loss_and_output(
    activation: str, loss: str, output: str
) -> None:
    net = Network.mlp([6, 5, 4, 3], activation, output, loss, "xavier", 3, np.float64)
    assert checked(net) < LIMIT


def sample_layers(kind: type[Layer]) -> Iterator[Layer]:
    """Layers of a class, from its constructor's signature: small numbers, every activation."""
    arguments = inspect.signature(kind).parameters
    values: dict[str, Any] = {}
    for name, parameter in arguments.items():
        if parameter.annotation in (int, "int"):
            values[name] = 2 if name == "size" else 3
        elif parameter.annotation in (float, "float"):
            values[name] = 0.4
    if "activation" in arguments:
        for activation in HIDDEN:
            yield kind(**values, activation=activation)
    else:
        yield kind(**values)


def net_around(layer: Layer, loss: str, output: str) -> Network:
    """A net with the layer in the middle: after a picture if it takes one, else after ``Dense``."""
    try:
        layer.connect((4, 5, 2))
    except ValueError:
        for inputs in range(5, 0, -1):  # most take any number of inputs, some only a certain one
            with contextlib.suppress(ValueError):
                layers = [Dense(inputs, "tanh"), layer, Dense(3, output)]
                return Network(layers, (4,), loss, "xavier", 5)
    before: list[Layer] = [Conv2D(2, 2, "tanh")]
    after: list[Layer] = [] if len(layer.output_shape) == 1 else [Flatten()]
    return Network([*before, layer, *after, Dense(3, output)], (5, 6, 1), loss, "xavier", 5)


LAYER_CASES = [
    pytest.param(layer, id=f"{kind}-{layer.settings()}")
    for kind, cls in LAYERS.items()
    for layer in sample_layers(cls)
]


@pytest.mark.parametrize(("loss", "output"), [("mse", "sigmoid"), ("cross_entropy", "softmax")])
@pytest.mark.parametrize("layer", LAYER_CASES)
def test_every_layer(layer: Layer, loss: str, output: str) -> None:
    assert checked(net_around(layer, loss, output), n=1) < LIMIT


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_every_loss_after_pictures(loss: str, output: str) -> None:
    layers = [Conv2D(2, 2), MaxPool2D(2), Conv2D(3, 2, "swish"), Flatten(), Dense(3, output)]
    assert checked(Network(layers, (7, 7, 1), loss, "nielsen", 1), n=2) < LIMIT


@pytest.mark.parametrize("initializer", sorted(set(INITIALIZERS) - {"zeros"}))
def test_however_the_weights_start(initializer: str) -> None:
    net = Network.mlp([6, 5, 3], "tanh", "softmax", "cross_entropy", initializer, 2, np.float64)
    assert checked(net) < LIMIT


def test_dropout_with_its_mask_fixed() -> None:
    net = Network([Dense(8, "tanh"), Dropout(0.5), Dense(6), Dropout(0.3), Dense(3)], (5,), seed=1)
    assert checked(net) < LIMIT
    assert not any(layer.mask_fixed for layer in net.layers if isinstance(layer, Dropout))


def test_soft_targets_that_do_not_sum_to_1() -> None:
    for output in ("softmax", "sigmoid"):
        net = Network.mlp([4, 3], output=output, loss="cross_entropy", dtype=np.float64)
        x, y = np.random.default_rng(0).random((2, 5, 4))
        assert gradcheck.check(net, x, y[:, :3] / 2) < LIMIT


def test_a_saturated_net_is_not_taken_for_a_wrong_one() -> None:
    net = Network.mlp([4, 5, 3], dtype=np.float64, seed=1)
    for p in net.parameters():
        p *= 12
    assert gradcheck.check(net, *batch(net)) < LIMIT


def test_entries_next_to_a_kink_are_skipped_and_counted() -> None:
    net = Network.mlp([2, 2, 1], "relu", "identity", initializer="he", seed=1, dtype=np.float64)
    net.layers[0].weights[:] = [[1, 1], [1, 1]]
    net.layers[0].biases[:] = [-2, 0.5]  # the first neuron's z is 0 at x = (1, 1)
    first, biases, *_ = gradcheck.compare(net, np.ones((1, 2)), np.ones((1, 1)))
    assert first.entries.tolist() == [2, 3]
    assert (first.skipped, biases.skipped) == (2, 1)
    assert gradcheck.check(net, np.ones((1, 2)), np.ones((1, 1))) < LIMIT


def test_a_sample_of_the_entries_is_drawn_by_seed() -> None:
    net = Network.mlp([6, 5, 3], dtype=np.float64)
    x, y = batch(net)
    one, same, other = (
        list(gradcheck.compare(net, x, y, entries=4, seed=seed)) for seed in (1, 1, 2)
    )
    assert [len(c.entries) for c in one] == [4, 4, 4, 3]
    assert all((a.entries == b.entries).all() for a, b in zip(one, same, strict=True))
    assert any((a.entries != b.entries).any() for a, b in zip(one, other, strict=True))


class Summed(Dense):
    """The bug of the blog post: the gradients of the mini-batch summed, not averaged."""

    def gradients(self, delta: Any) -> Any:
        return [g * len(delta) for g in super().gradients(delta)]


class NoTranspose(Dense):
    """w δ instead of wᵀ δ, which has the right shape where the layer is square."""

    def backward(self, delta: Any) -> Any:
        return ops.matmul_nn(delta, self.weights.T)


class PrimeOfA(Dense):
    """σ'(a) instead of σ'(z)."""

    def sigma_prime(self) -> Any:
        return self.activation.derivative(self.a, self.activation.function(self.a))


class OneEntry(Dense):
    """A single weight's gradient is wrong, by a thousandth."""

    def gradients(self, delta: Any) -> Any:
        weights, biases = super().gradients(delta)
        weights[1, 2] *= 1.001
        return [weights, biases]


class LostBias(Dense):
    def gradients(self, delta: Any) -> Any:
        weights, biases = super().gradients(delta)
        return [weights, 0 * biases]


class Sign(Dense):
    def backward(self, delta: Any) -> Any:
        return -super().backward(delta)


class NotANumber(Dense):
    def gradients(self, delta: Any) -> Any:
        weights, biases = super().gradients(delta)
        weights[0, 0] = np.nan
        return [weights, biases]


class Column(Dense):
    """A gradient of the wrong shape, though its numbers are right."""

    def gradients(self, delta: Any) -> Any:
        weights, biases = super().gradients(delta)
        return [weights, biases[:, np.newaxis]]


class Transposed(Dense):
    def gradients(self, delta: Any) -> Any:
        weights, biases = super().gradients(delta)
        return [np.ascontiguousarray(weights.T), biases]


@pytest.mark.parametrize(
    "bug",
    [Summed, NoTranspose, PrimeOfA, OneEntry, LostBias, Sign, NotANumber, Transposed],
)
@pytest.mark.parametrize(("loss", "output"), [("mse", "sigmoid"), ("cross_entropy", "softmax")])
def test_planted_bugs_are_found(bug: type[Dense], loss: str, output: str) -> None:
    def net(cls: type[Dense]) -> Network:
        layers = [Dense(4, "sigmoid"), cls(4, "sigmoid"), Dense(3, output)]
        return Network(layers, (4,), loss, "normal", 2, np.float64)

    assert gradcheck.check(net(Dense), *batch(net(Dense))) < LIMIT
    assert not gradcheck.check(net(bug), *batch(net(bug))) < 1e-4


def test_a_gradient_of_another_shape_is_refused() -> None:
    net = Network([Column(3, "sigmoid")], (4,), dtype=np.float64)
    with pytest.raises(ValueError, match=r"gradient 1 has shape \(3, 1\).*\(3,\)"):
        gradcheck.check(net, *batch(net))


def test_a_net_that_is_not_finite_does_not_pass() -> None:
    net = Network.mlp([4, 3], dtype=np.float64)
    net.layers[0].weights[0, 0] = np.nan
    with pytest.raises(ValueError, match="cost is nan"):
        gradcheck.check(net, *batch(net))
