"""A lab as a page uses it: by name, with plain values, on a small MNIST made up here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nets_core import Network
from nets_core.files import saving
from nets_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D
from nets_core.page.lab import Lab

TRAIN, TEST = 300, 60
SETTINGS = {
    "hidden": [12], "activation": "tanh", "output": "softmax", "loss": "cross_entropy",
    "initializer": "xavier", "optimizer": "adam", "learningRate": 0.01, "batchSize": 10,
    "epochs": 3,
}  # fmt: skip


def drawn(n: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pictures of a bright bar whose place is the label, with noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n).astype(np.uint8)
    images = rng.integers(0, 60, (n, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 2 : 2 * label + 6] += 150
    return images.reshape(n, 784), labels


def filled(lab: Lab) -> Lab:
    """The lab with small training and test sets, written to its arrays as the page does."""
    value(lab, "mnist.allocate", counts={"train": TRAIN, "test": TEST})
    for name, (images, labels) in {"train": drawn(TRAIN, 1), "test": drawn(TEST, 2)}.items():
        value(lab, "mnist.buffer", name=f"{name}-images")[:] = images.ravel()
        value(lab, "mnist.buffer", name=f"{name}-labels")[:] = labels
    value(lab, "mnist.set_available", images=TRAIN)
    return lab


def value(lab: Lab, method: str, /, **arguments: Any) -> Any:
    answer = lab.call(method, arguments)
    assert list(answer) == ["value"], answer
    return answer["value"]


def error(lab: Lab, method: str, /, **arguments: Any) -> str:
    """The lab refuses in one sentence, and says of what kind the refusal is."""
    answer = lab.call(method, arguments)
    assert list(answer) == ["error"], answer
    assert answer["error"]["type"] in ("ValueError", "TypeError", "Diverged")
    message: str = answer["error"]["message"]
    assert 10 < len(message) < 600
    assert "\n" not in message
    return message


def advance(lab: Lab, milliseconds: float) -> Any:
    """Train for a while and report the progress, as the page's worker does."""
    value(lab, "training.work", milliseconds=milliseconds)
    return value(lab, "training.progress")


@pytest.fixture
def lab() -> Lab:
    return filled(Lab())


@pytest.fixture
def trained(lab: Lab) -> Lab:
    value(lab, "training.train", settings=SETTINGS)
    while advance(lab, 50)["state"] == "training":
        pass
    return lab


def cnn() -> bytes:
    layers = [
        Conv2D(2, 5), MaxPool2D(4), Flatten(), Dropout(0.5), Dense(10, "softmax"),
    ]  # fmt: skip
    return saving.dumps(Network(layers, (28, 28, 1), "cross_entropy", "he", 1))


def image_of(label: int) -> list[float]:
    image = np.zeros((28, 28))
    image[2 * label + 2 : 2 * label + 6] = 0.7
    return [float(pixel) for pixel in image.ravel()]
