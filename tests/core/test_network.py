"""Forward and backward pass, compared with loops that are written from Nielsen's formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nets_core import Network
from nets_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D

Vector = list[float]
Matrix = list[Vector]


def sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def sigma_prime(z: float) -> float:
    return sigma(z) * (1 - sigma(z))


def by_the_book(
    weights: list[Matrix], biases: list[Vector], x: Vector, y: Vector, loss: str
) -> tuple[float, list[Matrix], list[Vector]]:
    """Chapter 2 of the book, one example, one number at a time: C, ∂C/∂w^l and ∂C/∂b^l.

    All layers are sigmoid. w[l][j][k] goes from neuron k of the layer below to neuron j.
    """
    activations, zs = [x], []
    for w, b in zip(weights, biases, strict=True):
        z = [
            sum(w[j][k] * activations[-1][k] for k in range(len(w[j]))) + b[j]
            for j in range(len(b))
        ]
        zs.append(z)
        activations.append([sigma(z_j) for z_j in z])
    a = activations[-1]
    if loss == "mse":
        cost = sum((y_j - a_j) ** 2 for y_j, a_j in zip(y, a, strict=True)) / 2
        delta = [(a[j] - y[j]) * sigma_prime(zs[-1][j]) for j in range(len(a))]  # BP1
    else:
        cost = -sum(
            y_j * math.log(a_j) + (1 - y_j) * math.log(1 - a_j)
            for y_j, a_j in zip(y, a, strict=True)
        )
        delta = [a[j] - y[j] for j in range(len(a))]
    deltas = [delta]
    for layer in range(len(weights) - 2, -1, -1):
        above = weights[layer + 1]
        delta = [
            sum(above[j][k] * deltas[0][j] for j in range(len(above))) * sigma_prime(zs[layer][k])
            for k in range(len(zs[layer]))
        ]  # BP2
        deltas.insert(0, delta)
    nabla_w = [
        [[below_k * delta_j for below_k in below] for delta_j in delta]
        for below, delta in zip(activations, deltas, strict=False)
    ]  # BP4
    return cost, nabla_w, deltas  # BP3


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize("sizes", [[5, 3], [5, 4, 3], [4, 6, 5, 3]])
def test_backward_is_that_of_the_book_example_by_example(sizes: list[int], loss: str) -> None:
    net = Network.mlp(sizes, loss=loss, seed=4, dtype=np.float64)
    weights = [layer.weights.tolist() for layer in net.layers]
    biases = [layer.biases.tolist() for layer in net.layers]
    rng = np.random.default_rng(8)
    x, y = rng.random((6, sizes[0])), np.eye(3)[rng.integers(0, 3, 6)]
    answers = [
        by_the_book(weights, biases, *pair, loss) for pair in zip(x, y.tolist(), strict=True)
    ]
    for i, (cost, nabla_w, nabla_b) in enumerate(answers):
        found, gradients = net.backward(x[i : i + 1], y[i : i + 1])
        assert found == pytest.approx(cost, rel=1e-12)
        for layer in range(len(sizes) - 1):
            np.testing.assert_allclose(gradients[2 * layer], nabla_w[layer], rtol=1e-10, atol=1e-15)
            np.testing.assert_allclose(gradients[2 * layer + 1], nabla_b[layer], rtol=1e-10)
    found, gradients = net.backward(x, y)  # the mini-batch: the mean of its examples
    assert found == pytest.approx(sum(cost for cost, _, _ in answers) / 6)
    for layer in range(len(sizes) - 1):
        mean_w = np.mean([nabla_w[layer] for _, nabla_w, _ in answers], axis=0)
        mean_b = np.mean([nabla_b[layer] for _, _, nabla_b in answers], axis=0)
        np.testing.assert_allclose(gradients[2 * layer], mean_w, rtol=1e-10, atol=1e-15)
        np.testing.assert_allclose(gradients[2 * layer + 1], mean_b, rtol=1e-10, atol=1e-15)


@settings(deadline=None, max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=5),
    batch=st.integers(1, 9),
    seed=st.integers(0, 2**31),
)
def test_an_example_is_answered_the_same_alone_as_in_any_batch(
    sizes: list[int], batch: int, seed: int
) -> None:
    net = Network.mlp(sizes, activation="tanh", seed=seed, dtype=np.float64)
    x = np.random.default_rng(seed).standard_normal((batch, sizes[0]))
    together = net.forward(x)
    assert together.shape == (batch, sizes[-1])
    for i in range(batch):
        np.testing.assert_allclose(net.forward(x[i : i + 1])[0], together[i], rtol=1e-9, atol=1e-12)


def picture_net(dtype: Any = np.float32, seed: int = 1) -> Network:
    layers = [Conv2D(3, 2), MaxPool2D(2), Flatten(), Dropout(0.5), Dense(4, "softmax")]
    return Network(layers, (5, 5, 1), "cross_entropy", "he", seed, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_net_keeps_one_dtype_throughout(dtype: Any) -> None:
    net = picture_net(dtype)
    x, y = np.random.default_rng(0).random((3, 25)), np.eye(4)[:3]
    cost, gradients = net.backward(x, y)
    assert isinstance(cost, float)
    arrays = [net.forward(x), *gradients, *net.parameters()]
    arrays += [array for layer in net.layers for array in (layer.a_in, layer.z, layer.a)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_forward_uses_no_dropout_and_changes_nothing() -> None:
    net, untouched = picture_net(), picture_net()
    x, y = np.random.default_rng(0).random((3, 25)), np.eye(4)[:3]
    np.testing.assert_array_equal(net.forward(x), net.forward(x))
    one, other = net.backward(x, y), untouched.backward(x, y)  # forward drew no random number
    assert one[0] == other[0]
    assert net.backward(x, y)[0] != one[0]  # another mask


def test_the_caller_s_arrays_are_left_alone() -> None:
    net = Network.mlp([6, 3], output="identity", seed=1)
    x, y = np.random.default_rng(0).random((4, 6), np.float32), np.eye(3, dtype=np.float32)[[0] * 4]
    kept = x.copy(), y.copy()
    out = net.forward(x)
    out[:] = 99
    net.backward(x, y)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])


def test_any_memory_layout_of_x_is_the_same_picture() -> None:
    net = picture_net(np.float64)
    x = np.random.default_rng(0).random((3, 50))
    for view in (x[:, ::2], np.asfortranarray(x[:, ::2]), x[:, ::2].tolist()):
        np.testing.assert_allclose(net.forward(view), net.forward(x[:, ::2].copy()), rtol=1e-12)


def test_astype_is_a_copy_in_the_other_dtype() -> None:
    net = picture_net()
    x, y = np.random.default_rng(0).random((3, 25)), np.eye(4)[:3]
    net.backward(x, y)
    double = net.astype(np.float64)
    assert {p.dtype for p in double.parameters()} == {np.dtype(np.float64)}
    np.testing.assert_allclose(double.forward(x), net.forward(x), rtol=1e-5)
    double.parameters()[0][:] = 0
    assert net.parameters()[0].any()
    assert net.forward(x).dtype == np.float32


def test_describe_is_plain_and_makes_the_same_net_again() -> None:
    net = picture_net(np.float64, seed=6)
    again = Network.from_description(net.describe())
    assert again.describe() == net.describe()
    for p, q in zip(net.parameters(), again.parameters(), strict=True):
        np.testing.assert_array_equal(p, q)


def test_every_layer_s_picture_is_what_the_next_expects() -> None:
    net = picture_net()
    shapes = [layer.output_shape for layer in net.layers]
    assert shapes == [(4, 4, 3), (2, 2, 3), (12,), (12,), (4,)]
    assert (net.inputs, net.outputs) == (25, 4)


def test_a_net_shows_its_layers_parameters_and_loss() -> None:
    net = Network.mlp([784, 30, 10])
    assert repr(net) == (
        "Network: 23,860 parameters, loss 'mse', float32\n"
        "  input                                    784\n"
        "  dense(outputs=30, activation='sigmoid')   30  23,550\n"
        "  dense(outputs=10, activation='sigmoid')   10     310"
    )
    layers = [Conv2D(4, 3), MaxPool2D(), Flatten(), Dropout(0.5), Dense(2, "softmax")]
    net = Network(layers, (10, 8, 1), loss="cross_entropy", dtype=np.float64)
    assert repr(net) == (
        "Network: 138 parameters, loss 'cross_entropy', float64\n"
        "  input                                         10×8×1\n"
        "  conv2d(filters=4, size=3, activation='relu')   8×6×4  40\n"
        "  maxpool2d(size=2)                              4×3×4   0\n"
        "  flatten()                                         48   0\n"
        "  dropout(rate=0.5)                                 48   0\n"
        "  dense(outputs=2, activation='softmax')             2  98"
    )
