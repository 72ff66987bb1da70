"""The service "steps": one step of learning, traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nets_core import recipes
from nets_core.page.lab import Lab
from tests.core.page.conftest import TEST, drawn, error, filled, value


def test_a_step_on_them_is_the_nets_own() -> None:
    lab = filled(Lab())
    images, labels = drawn(TEST, 2)
    net = recipes.get(recipes.DEFAULT).network()
    cost, _ = net.backward(images[[5, 7]], np.eye(10, dtype=np.float32)[labels[[5, 7]]])
    traced = value(
        lab, "steps.trace", model="fresh", labels=[int(labels[5]), int(labels[7])], rate=1.0,
        name="test", indices=[5, 7],
    )  # fmt: skip
    found = [
        one["values"][0]
        for stage in traced["stages"]
        for one in stage["result"]
        if one["symbol"] == "C"
    ]
    assert found == [np.float32(cost)]


def test_a_rate_is_refused_in_the_optimizers_words() -> None:
    message = error(Lab(), "steps.trace", model="fresh", labels=[4], rate=0, pixels=[0.5] * 784)
    assert message.startswith("learning_rate is 0")


def test_a_drawing_is_one_example() -> None:
    pixels = drawn(1, 9)[0][0] / 255
    traced = value(Lab(), "steps.trace", model="fresh", labels=[4], rate=1.0, pixels=pixels)
    assert traced["examples"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "train", "indices": [40], "labels": [1]}, "expected some from 0 to 39"),
        ({"name": "test", "indices": [], "labels": []}, "expected some from 0 to 59"),
        ({"name": "other", "indices": [1], "labels": [1]}, "name is 'other'"),
        ({"name": "test", "indices": [1], "labels": [10]}, "labels holds 10"),
    ],
)
def test_images_that_are_not_there(arguments: dict[str, Any], message: str) -> None:
    lab = filled(Lab())
    value(lab, "mnist.set_available", images=40)
    assert message in error(lab, "steps.trace", model="fresh", rate=1.0, **arguments)
