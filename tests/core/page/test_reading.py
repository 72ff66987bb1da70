"""The service "reading": what nets make of a drawing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nets_core import Network
from nets_core.data import digits
from nets_core.files import saving
from nets_core.layers import Dense, Votes
from nets_core.page.lab import Lab
from tests.core.page.conftest import cnn, error, image_of, value


def test_pixels_are_taken_as_they_are(trained: Lab) -> None:
    for label in range(10):
        answer = value(trained, "reading.predict", model="live", pixels=image_of(label))
        assert answer["digit"] == label
        assert int(np.argmax(answer["probabilities"])) == label
        assert len(answer["probabilities"]) == 10
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert min(answer["probabilities"]) >= 0
        np.testing.assert_allclose(answer["image"], image_of(label), rtol=1e-6)
        assert answer["milliseconds"] >= 0


class Fixed:
    """A net whose outputs are given."""

    def __init__(self, outputs: list[float], votes: bool = False) -> None:
        self.outputs = len(outputs)
        self.layers = [Votes(len(outputs)) if votes else Dense(len(outputs))]
        self._outputs = np.array([outputs], np.float32)

    def forward(self, x: Any) -> Any:
        return self._outputs


@pytest.mark.parametrize(
    ("outputs", "votes", "rival"),
    [
        ([0.97, 0.01, 0.02], False, None),
        ([0.2, 0.45, 0.35], False, 2),
        ([0.55, 0.4, 0.05], False, 1),
        ([0.6, 0.3, 0.1], False, None),
        ([0.9, 0.8, 0.1], False, 1),  # two sigmoids that both say yes
        ([0.4, 0.2, 0.2, 0.2], False, 3),
        ([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0], True, None),
        ([8.02, 7.98, 7.0, 6.0, 5.0, 4.0, 3.0, 3.0, 1.0, 0.0], True, 1),
    ],
)
def test_a_digit_that_comes_close_is_named(
    lab: Lab, outputs: list[float], votes: bool, rival: int | None
) -> None:
    models: Any = lab.models
    models["fixed"] = Fixed(outputs, votes)
    answer = value(lab, "reading.predict", model="fixed", pixels=image_of(3))
    assert answer["digit"] == int(np.argmax(outputs))
    assert answer["rival"] == rival


@pytest.mark.parametrize("kind", [np.array, memoryview, list, bytes])
def test_pixels_may_come_as_any_buffer(trained: Lab, kind: Any) -> None:
    flat = np.array(image_of(3), np.float32)
    pixels: Any = flat.tolist() if kind is list else flat
    if kind is memoryview:
        pixels = memoryview(flat)
    if kind is bytes:
        message = error(trained, "reading.predict", model="live", pixels=flat.tobytes())
        assert "pixels" in message
        return
    assert value(trained, "reading.predict", model="live", pixels=pixels)["digit"] == 3


def test_points_are_strokes_one_after_the_other(trained: Lab) -> None:
    strokes = [[(10.0, 10.0), (80.0, 12.0), (40.0, 90.0)], [(20.0, 50.0), (70.0, 55.0)]]
    flat = [c for stroke in strokes for point in stroke for c in point]
    for points in (flat, np.array(flat, np.float32), np.array(flat)):
        answer = value(trained, "reading.predict", model="live", points=points, lengths=[3, 2])
        np.testing.assert_allclose(answer["image"], digits.rasterize(strokes).ravel(), atol=1e-5)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"pixels": [0.5] * 783},
        {"pixels": [0.5] * 783 + [1.5]},
        {"pixels": [0.5] * 783 + [-0.1]},
        {"pixels": [0.5] * 783 + [math.nan]},
        {"pixels": [0.5] * 783 + [math.inf]},
        {"pixels": "many"},
        {"pixels": [[0.5] * 700, [0.5] * 84]},
        {"points": [1.0, 2.0]},
        {"lengths": [1]},
        {"points": [], "lengths": []},
        {"points": [1.0, 2.0, 3.0], "lengths": [1]},
        {"points": [1.0, 2.0, math.nan, 4.0], "lengths": [2]},
        {"points": [1.0, 2.0, 3.0, 4.0], "lengths": [1]},
        {"points": [1.0, 2.0, 3.0, 4.0], "lengths": [5]},
        {"points": [1.0, 2.0, 3.0, 4.0], "lengths": [3, -1]},
        {"points": [1.0, 2.0, 3.0, 4.0], "lengths": [1.5, 0.5]},
        {"points": [1.0, 2.0, 3.0, 4.0], "lengths": "two"},
        {"points": "drawn", "lengths": [2]},
    ],
    ids=lambda arguments: str(arguments)[:60],
)
def test_what_is_no_drawing_is_refused(trained: Lab, arguments: dict[str, Any]) -> None:
    message = error(trained, "reading.predict", model="live", **arguments)
    assert any(word in message for word in ("pixels", "points", "lengths", "stroke", "drawn"))


def test_opened_models_predict_under_their_names(lab: Lab) -> None:
    assert value(lab, "models.open", model="cnn", data=cnn())["parameters"] == 2 * 26 + 730
    value(lab, "models.open", model="wide", data=memoryview(cnn()))
    answers = [
        value(lab, "reading.predict", model=m, pixels=image_of(4))["probabilities"]
        for m in ("cnn", "wide")
    ]
    np.testing.assert_array_equal(*answers)
    assert "model is 'other'" in error(lab, "reading.predict", model="other", pixels=image_of(4))
    assert "no net is in training" in error(
        lab, "reading.predict", model="live", pixels=image_of(4)
    )


def test_outputs_that_are_no_shares_are_made_to_fit(lab: Lab) -> None:
    for output, bias in (("identity", -3.0), ("tanh", -9.0), ("sigmoid", -9.0)):
        net = Network.mlp([784, 10], output=output, initializer="zeros")
        net.layers[0].biases[:] = bias
        net.layers[0].biases[2] = bias / 2
        value(lab, "models.open", model=output, data=saving.dumps(net))
        answer = value(lab, "reading.predict", model=output, pixels=image_of(4))
        assert sum(answer["probabilities"]) == pytest.approx(1)
        assert min(answer["probabilities"]) >= 0
        assert answer["digit"] == 2
