"""The nets and runs that the stored files beside this one hold, and what those nets answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nets_core import SGD, Adam, Network, Trainer
from nets_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D, Votes

DATA = Path(__file__).parent
_RNG = np.random.default_rng(11)
IMAGES = _RNG.integers(0, 256, (24, 49)).astype(np.uint8)
LABELS = _RNG.integers(0, 4, 24)


def pictures() -> Network:
    """A net of every layer that learns or drops."""
    layers = [
        Conv2D(3, 2, "relu"),
        MaxPool2D(2),
        Conv2D(4, 2, "leaky_relu"),
        Flatten(),
        Dropout(0.25),
        Dense(6, "swish"),
        Dense(4, "softmax"),
    ]
    return Network(layers, (7, 7, 1), "cross_entropy", "he", 3)


def dense() -> Network:
    """A net of dense layers in float64."""
    layers = [Dense(5, "sigmoid"), Dense(4, "tanh"), Dense(6, "identity"), Votes(4)]
    return Network(layers, (49,), "mse", "xavier", 4, np.float64)


def adam_run() -> Trainer:
    """A run in the midst of its second epoch, with a memory and a generator."""
    return _begun(Trainer(pictures(), Adam(0.01), IMAGES, LABELS, 5, 0.001, 7, (IMAGES, LABELS)))


def momentum_run() -> Trainer:
    """A run of other numbers."""
    return _begun(Trainer(dense(), SGD(0.02, momentum=0.5), IMAGES, LABELS, 7))


def _begun(trainer: Trainer) -> Trainer:
    steps = trainer.steps(epochs=2)
    for _ in range(7):
        next(steps)
    return trainer


NETS = {"pictures": pictures, "dense": dense}
RUNS = {"adam": adam_run, "momentum": momentum_run}
