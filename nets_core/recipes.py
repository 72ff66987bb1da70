"""The named nets with their hyperparameters: one list for scripts, page and tests.

A recipe holds everything that determines the trained net, including the seed. A new one is one
entry of ``RECIPES``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nets_core import checks, least_squares
from nets_core.data.augment import Distortion, with_flourishes
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import OPTIMIZERS, Optimizer
from nets_core.training import Trainer, Work


@dataclass(frozen=True)
class Recipe:
    """How one net is made. ``layers`` are descriptions as ``layers.make_layer`` takes them.

    ``distortion`` is drawn anew for each mini-batch. ``flourishes`` is the share of the images that
    are repeated with the strokes that many people add to a digit (see ``augment``). ``decay`` is
    the share of the learning rate that is left at the end of ``learn``. ``storage`` is how the
    trained net is stored (see ``saving.dumps``).
    """

    id: str
    name: str
    layers: tuple[Mapping[str, Any], ...]
    loss: str
    optimizer: str
    learning_rate: float
    batch_size: int
    epochs: int
    l2: float = 0.0
    initializer: str = "nielsen"
    input_shape: tuple[int, ...] = (784,)
    seed: int = 1
    distortion: Distortion | None = None
    flourishes: float = 0.0
    decay: float = 0.01
    storage: str = "float16"

    def network(self, dtype: npt.DTypeLike = np.float32) -> Network:
        """The untrained net."""
        return Network.from_description(
            {
                "layers": self.layers,
                "input_shape": self.input_shape,
                "loss": self.loss,
                "initializer": self.initializer,
                "seed": self.seed,
                "dtype": dtype,
            }
        )

    def make_optimizer(self) -> Optimizer:
        """The optimizer at the learning rate that training starts with."""
        return OPTIMIZERS[self.optimizer](self.learning_rate)

    def trainer(
        self,
        x: Array,
        labels: Array,
        test: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    ) -> Trainer:
        """A trainer of this recipe, for images (n, 784) uint8 and labels (n,); see ``Trainer``."""
        if self.flourishes:
            x, labels = with_flourishes(x, labels, self.flourishes, self.seed)
        return Trainer(
            self.network(),
            self.make_optimizer(),
            x,
            labels,
            batch_size=self.batch_size,
            l2=self.l2,
            seed=self.seed,
            test=test,
            augment=self.distortion,
        )

    def learn(self, trainer: Trainer) -> Iterator[Work]:
        """Train for all the recipe's epochs, the learning rate falling along half a cosine."""
        total = self.epochs * len(trainer.x)
        for piece in trainer.work(self.epochs):
            done = (trainer.epoch * len(trainer.x) + trainer.position) / total
            fallen = self.decay + (1 - self.decay) * (1 + math.cos(math.pi * done)) / 2
            trainer.optimizer.learning_rate = self.learning_rate * fallen
            yield piece


@dataclass(frozen=True)
class ClosedForm:
    """A net that is solved for, not trained: ``least_squares.fit`` with this ``ridge``."""

    id: str
    name: str
    ridge: float
    storage: str = "int8"
    seed: int = 0

    def solve(self, x: Array, labels: Array) -> Network:
        """The net for images (n, 784) uint8 and labels (n,); errors as of ``least_squares.fit``."""
        return least_squares.fit(x, labels, self.ridge)


DISTORTION = Distortion(rotation=0.1, slant=0.15, stretch=0.12, shift=0.7, elastic=0.7, pen=0.5)
"""What the page's switch "distort the digits" uses for recipes that have none of their own."""


def dense(*sizes: int, activation: str, output: str) -> tuple[Mapping[str, Any], ...]:
    """The layers of a fully connected net, the last of which is the output."""
    *hidden, outputs = sizes
    return (
        *({"type": "dense", "outputs": size, "activation": activation} for size in hidden),
        {"type": "dense", "outputs": outputs, "activation": output},
    )


RECIPES = {
    recipe.id: recipe
    for recipe in (
        Recipe(
            id="cnn",
            name="Convolutional net",
            layers=(
                {"type": "conv2d", "filters": 16, "size": 5, "activation": "relu"},
                {"type": "maxpool2d"},
                {"type": "conv2d", "filters": 40, "size": 5, "activation": "relu"},
                {"type": "maxpool2d"},
                {"type": "flatten"},
                {"type": "dropout", "rate": 0.1},
                {"type": "dense", "outputs": 128, "activation": "relu"},
                {"type": "dropout", "rate": 0.2},
                {"type": "dense", "outputs": 10, "activation": "softmax"},
            ),
            input_shape=(28, 28, 1),
            loss="cross_entropy",
            optimizer="adam",
            learning_rate=0.002,
            batch_size=100,
            epochs=16,
            initializer="small",
            distortion=Distortion(
                rotation=0.1, slant=0.15, stretch=0.15, shift=0.7, elastic=0.7, pen=0.5
            ),
            flourishes=0.3,
            storage="int8",
        ),
        Recipe(
            id="mlp-large",
            name="Larger net, 784-256-128-10",
            layers=(
                {"type": "dense", "outputs": 256, "activation": "relu"},
                {"type": "dropout", "rate": 0.1},
                {"type": "dense", "outputs": 128, "activation": "relu"},
                {"type": "dropout", "rate": 0.1},
                {"type": "dense", "outputs": 10, "activation": "softmax"},
            ),
            loss="cross_entropy",
            optimizer="adam",
            learning_rate=0.0015,
            batch_size=100,
            epochs=24,
            initializer="he",
            distortion=Distortion(
                rotation=0.1, slant=0.15, stretch=0.12, shift=0.7, elastic=0.8, pen=0.5
            ),
            flourishes=0.3,
            storage="int8",
        ),
        Recipe(
            id="mlp-30",
            name="The blog post’s net, 784-30-10",
            layers=dense(30, 10, activation="sigmoid", output="sigmoid"),
            loss="mse",
            optimizer="adam",
            learning_rate=0.004,
            batch_size=32,
            epochs=40,
            initializer="xavier",
            distortion=Distortion(elastic=0.3, pen=0.1),
            flourishes=0.05,
        ),
        Recipe(
            id="softmax",
            name="Softmax regression",
            layers=dense(10, activation="identity", output="softmax"),
            loss="cross_entropy",
            optimizer="adam",
            learning_rate=0.002,
            batch_size=100,
            epochs=30,
            initializer="zeros",
        ),
    )
}


SOLVED = {
    recipe.id: recipe
    for recipe in (ClosedForm(id="least-squares", name="45 maps that vote", ridge=1e-3),)
}
"""The nets that need no training, by name."""


DEFAULT = "mlp-30"
"""The recipe of the blog post: what a page trains by default."""


def get(name: str) -> Recipe:
    """The recipe of this name; ValueError for an unknown one."""
    return RECIPES[checks.one_of("recipe", name, RECIPES)]
