"""Convolution, pooling, flattening and dropout, compared with loops that define each of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nets_core.layers import LAYERS, Conv2D, Dropout, Flatten, Layer, MaxPool2D, make_layer

Array = NDArray[np.float64]


def made(layer: Layer, shape: tuple[int, ...], seed: int = 0) -> Any:
    layer.connect(shape)
    layer.start(np.random.default_rng(seed), "normal", np.float64)
    return layer


def conv_forward(a: Array, kernels: Array, biases: Array) -> Array:
    """a (batch, height, width, channels), kernels (filters, size, size, channels)."""
    batch, height, width, channels = a.shape
    filters, size = kernels.shape[:2]
    z = np.zeros((batch, height - size + 1, width - size + 1, filters))
    for n, i, j, f in np.ndindex(*z.shape):
        z[n, i, j, f] = biases[f]
        for di, dj, c in np.ndindex(size, size, channels):
            z[n, i, j, f] += kernels[f, di, dj, c] * a[n, i + di, j + dj, c]
    return z


def conv_backward(a: Array, kernels: Array, delta: Array) -> tuple[Array, Array, Array]:
    """∂C/∂a, and the sums over the batch of ∂C/∂kernels and ∂C/∂biases."""
    d_a, d_k, d_b = np.zeros_like(a), np.zeros_like(kernels), np.zeros(len(kernels))
    size, channels = kernels.shape[1], kernels.shape[3]
    for n, i, j, f in np.ndindex(*delta.shape):
        d_b[f] += delta[n, i, j, f]
        for di, dj, c in np.ndindex(size, size, channels):
            d_a[n, i + di, j + dj, c] += kernels[f, di, dj, c] * delta[n, i, j, f]
            d_k[f, di, dj, c] += a[n, i + di, j + dj, c] * delta[n, i, j, f]
    return d_a, d_k, d_b


CONVOLUTIONS = [
    # batch, height, width, channels, filters, size
    (2, 5, 5, 1, 3, 3),
    (3, 4, 6, 2, 2, 2),
    (1, 6, 4, 3, 1, 4),
    (2, 3, 3, 2, 4, 1),
    (2, 3, 3, 1, 2, 3),
]


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolution_forward_and_backward(case: tuple[int, ...]) -> None:
    batch, height, width, channels, filters, size = case
    layer = made(Conv2D(filters, size, "identity"), (height, width, channels))
    layer.biases[:] = np.arange(filters) + 0.5
    rng = np.random.default_rng(1)
    a = rng.standard_normal((batch, height, width, channels))
    kernels = layer.weights.reshape(filters, size, size, channels)
    z = layer.forward(a, learning=True)
    assert z.shape == (batch, *layer.output_shape)
    np.testing.assert_allclose(z, conv_forward(a, kernels, layer.biases), atol=1e-12)

    delta = rng.standard_normal(z.shape)
    d_a, d_k, d_b = conv_backward(a, kernels, delta)
    np.testing.assert_allclose(layer.backward(delta), d_a, atol=1e-12)
    weights, biases = layer.gradients(delta)
    np.testing.assert_allclose(weights, d_k.reshape(weights.shape) / batch, atol=1e-12)
    np.testing.assert_allclose(biases, d_b / batch, atol=1e-12)


def test_convolution_reads_a_view_with_strides_as_it_does_a_copy() -> None:
    layer = made(Conv2D(2, 2, "identity"), (3, 3, 2))
    wide = np.random.default_rng(1).standard_normal((2, 6, 3, 4))
    view = wide[:, ::2, :, ::2]
    np.testing.assert_array_equal(layer.forward(view, False), layer.forward(view.copy(), False))


def pool_loops(a: Array, size: int, delta: Array | None = None) -> tuple[Array, Array]:
    """The maxima of the blocks, and ``delta`` sent back to the first entry with the maximum."""
    batch, height, width, channels = a.shape
    out = np.zeros((batch, height // size, width // size, channels))
    d_a = np.zeros_like(a)
    for n, i, j, c in np.ndindex(*out.shape):
        best = max(
            itertools.product(range(i * size, i * size + size), range(j * size, j * size + size)),
            key=lambda place: a[n, place[0], place[1], c],  # max keeps the first of equals
        )
        out[n, i, j, c] = a[n, best[0], best[1], c]
        if delta is not None:
            d_a[n, best[0], best[1], c] += delta[n, i, j, c]
    return out, d_a


@settings(deadline=None, max_examples=40)
@given(
    size=st.integers(1, 4),
    height=st.integers(4, 9),
    width=st.integers(4, 9),
    channels=st.integers(1, 3),
    ties=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_pooling_forward_and_backward(
    size: int, height: int, width: int, channels: int, ties: bool, seed: int
) -> None:
    layer = made(MaxPool2D(size), (height, width, channels))
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((2, height, width, channels))
    if ties:
        a = np.round(a)  # many equal entries, zeros and negative ones among them
    out = layer.forward(a, learning=True)
    delta = rng.standard_normal(out.shape)
    expected, d_a = pool_loops(a, size, delta)
    np.testing.assert_array_equal(out, expected)
    back = layer.backward(delta)
    np.testing.assert_array_equal(back, d_a)
    assert back.sum() == pytest.approx(delta.sum())


def test_flatten_keeps_the_order_and_gives_the_error_its_shape_back() -> None:
    layer = made(Flatten(), (2, 3, 4))
    a = np.arange(48.0).reshape(2, 2, 3, 4)
    flat = layer.forward(a, learning=True)
    np.testing.assert_array_equal(flat, [list(range(24)), list(range(24, 48))])
    np.testing.assert_array_equal(layer.backward(flat), a)


class TestDropout:
    def test_share_scale_and_mean(self) -> None:
        layer = made(Dropout(0.3), (200,))
        a = np.ones((300, 200))
        out = layer.forward(a, learning=True)
        assert set(np.unique(out)) == {0.0, 1 / 0.7}
        assert (out == 0).mean() == pytest.approx(0.3, abs=0.01)  # σ = 0.002
        assert out.mean() == pytest.approx(1, abs=0.015)

    def test_the_error_goes_through_the_same_mask(self) -> None:
        layer = made(Dropout(0.5), (50,))
        out = layer.forward(np.ones((4, 50)), learning=True)
        np.testing.assert_array_equal(layer.backward(np.ones((4, 50))), out)

    def test_a_new_mask_each_time_unless_fixed(self) -> None:
        layer = made(Dropout(0.5), (50,))
        a = np.ones((4, 50))
        first, second = (layer.forward(a, learning=True) for _ in range(2))
        assert (first != second).any()
        layer.mask_fixed = True
        np.testing.assert_array_equal(layer.forward(a, learning=True), second)

    def test_nothing_is_dropped_when_not_learning_or_at_rate_0(self) -> None:
        a = np.random.default_rng(0).random((4, 50))
        np.testing.assert_array_equal(made(Dropout(0.9), (50,)).forward(a, learning=False), a)
        np.testing.assert_array_equal(made(Dropout(0), (50,)).forward(a, learning=True), a)

    def test_dropout_takes_pictures_too(self) -> None:
        layer = made(Dropout(0.5), (4, 4, 2))
        assert layer.forward(np.ones((3, 4, 4, 2)), learning=True).shape == (3, 4, 4, 2)


class TestDescriptions:
    @pytest.mark.parametrize(
        ("spec", "problem"),
        [
            ({"type": "dens", "outputs": 3}, "'dens'"),
            ({"outputs": 3}, "layer type"),
            ({"type": ["dense"], "outputs": 3}, "layer type"),
            ({"type": "dense", "outputs": 0}, "outputs is 0"),
            ({"type": "dense", "outputs": 3, "activation": "step"}, "activation is 'step'"),
            ({"type": "conv2d", "filters": 0, "size": 3}, "filters is 0"),
            ({"type": "conv2d", "filters": 2, "size": -1}, "size is -1"),
            ({"type": "conv2d", "filters": 2, "size": 3, "activation": "softmax"}, "softmax"),
            ({"type": "maxpool2d", "size": 0}, "size is 0"),
            ({"type": "dropout", "rate": 1}, "rate is 1"),
            ({"type": "dropout", "rate": -0.1}, "rate is -0.1"),
            ({"type": "dropout", "rate": float("nan")}, "rate is nan"),
        ],
    )
    def test_impossible_layers_are_refused(self, spec: dict[str, Any], problem: str) -> None:
        with pytest.raises(ValueError, match=problem):
            make_layer(spec)

    @pytest.mark.parametrize(
        "spec",
        [
            {"type": "dense"},
            {"type": "dense", "outputs": 2.0},
            {"type": "dense", "outputs": True},
            {"type": "dense", "outputs": 3, "colour": "red"},
            {"type": "dropout", "rate": "half"},
        ],
    )
    def test_wrong_settings_are_type_errors_that_name_the_layer(self, spec: dict[str, Any]) -> None:
        with pytest.raises(TypeError, match=spec["type"]):
            make_layer(spec)

    @pytest.mark.parametrize("kind", ["conv2d", "maxpool2d"])
    def test_pictures_too_small_or_flat_are_refused(self, kind: str) -> None:
        settings = {"filters": 2} if kind == "conv2d" else {}
        layer = LAYERS[kind](size=4, **settings)
        with pytest.raises(ValueError, match="3×9"):
            layer.connect((3, 9, 1))
        with pytest.raises(ValueError, match=r"\(784,\)"):
            layer.connect((784,))
