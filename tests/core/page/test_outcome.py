"""A run that ended badly says what happened, why, and what to change back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nets_core.page.lab import Lab
from tests.core.page.conftest import TEST, advance, drawn, filled, value

SGD = {"optimizer": "sgd", "learningRate": 3.0, "batchSize": 10, "epochs": 3}
RELU = SGD | {
    "activation": "relu", "output": "softmax", "loss": "cross_entropy", "initializer": "he",
}  # fmt: skip


def ended(settings: dict[str, Any]) -> dict[str, Any]:
    """The progress at the end of a run with these settings."""
    lab = filled(Lab())
    value(lab, "training.train", settings=settings)
    progress = value(lab, "training.progress")
    assert progress["outcome"] is None
    while progress["state"] == "training":
        progress = advance(lab, 1000)
    assert progress == value(lab, "training.progress")
    return dict(progress)


def test_a_run_that_went_well_has_nothing_to_explain() -> None:
    assert ended(SGD)["outcome"] is None
    assert ended({"epochs": 5})["outcome"] is None
    assert ended(RELU | {"learningRate": 0.1})["outcome"] is None


@pytest.mark.parametrize(
    ("settings", "why", "restored"),
    [
        ({"learningRate": 1000, "epochs": 3}, "saturated", {"learningRate": 0.004}),
        ({"learningRate": 1e-9, "epochs": 3}, "too low", {"learningRate": 0.004}),
        (SGD | {"learningRate": 1e-12}, "too low", {"learningRate": 0.004, "optimizer": "adam"}),
        (SGD | {"initializer": "zeros"}, "still alike", {"initializer": "xavier"}),
        ({"l2": 1000, "epochs": 3}, "weight decay 1000", {"l2": 0.0}),
        ({"batchSize": 300, "epochs": 1}, "only 1 step", {"batchSize": 32, "epochs": 10}),
        (RELU | {"learningRate": 30.0}, "0 for every digit",
         {"learningRate": 0.004, "optimizer": "adam"}),
    ],
)  # fmt: skip
def test_a_run_that_learned_nothing_says_why_and_offers_the_default(
    settings: dict[str, Any], why: str, restored: dict[str, Any]
) -> None:
    progress = ended(settings)
    assert progress["state"] == "done"
    outcome = progress["outcome"]
    assert outcome["message"].startswith("It has learned")
    assert f"{100 * progress['testAccuracy']:.2f} % of the test digits" in outcome["message"]
    assert why in outcome["message"]
    assert outcome["restore"] == restored
    assert outcome["offer"].startswith("Restore the default ")
    restored_run = ended({**settings, "epochs": 3, **outcome["restore"]})
    assert restored_run["testAccuracy"] > progress["testAccuracy"] + 0.3


@pytest.mark.parametrize(
    ("settings", "why", "restored"),
    [
        (RELU | {"learningRate": 1e30}, "learning rate 1e+30 is probably too high",
         {"learningRate": 0.004, "optimizer": "adam"}),
        (SGD | {"l2": 100, "output": "identity", "epochs": 50},
         "weight decay 100 times learning rate 3",
         {"l2": 0.0, "learningRate": 0.004, "optimizer": "adam"}),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_run_that_diverged_offers_the_default(
    settings: dict[str, Any], why: str, restored: dict[str, Any]
) -> None:
    progress = ended(settings)
    assert progress["state"] == "diverged"
    assert progress["message"] == progress["outcome"]["message"]
    assert why in progress["message"]
    assert progress["outcome"]["restore"] == restored


def test_always_the_same_answer_is_said_to_be() -> None:
    lab = filled(Lab())
    value(lab, "training.train", settings={"learningRate": 1000, "epochs": 3})
    while advance(lab, 1000)["state"] == "training":
        pass
    message = value(lab, "training.progress")["outcome"]["message"]
    images, labels = drawn(TEST, 2)
    answers = lab.models["live"].forward(images).argmax(axis=1)
    constant = bool((answers == answers[0]).all())
    assert ("to every digit" in message) == constant
    most = np.bincount(labels).max() / TEST
    assert f"{100 * most:.2f} %" in message or constant
