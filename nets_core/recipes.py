"""The named nets with their hyperparameters: one list for scripts, page and tests.

A recipe says everything that decides what comes out, the seed too. A new one is one entry of
``RECIPES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nets_core import checks
from nets_core.network import Network
from nets_core.optimizers import OPTIMIZERS, Optimizer
from nets_core.training import Trainer


@dataclass(frozen=True)
class Recipe:
    """How one net is made. ``layers`` are descriptions as ``layers.make_layer`` takes them.

    ``storage`` is how the trained net is stored (see ``saving.dumps``).
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
    storage: str = "float16"

    def network(self, dtype: npt.DTypeLike = np.float32) -> Network:
        """The net before it has learned anything."""
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
        x: npt.ArrayLike,
        labels: npt.ArrayLike,
        test: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    ) -> Trainer:
        """A training run by this recipe on the given examples; see ``Trainer``."""
        return Trainer(
            self.network(),
            self.make_optimizer(),
            x,
            labels,
            batch_size=self.batch_size,
            l2=self.l2,
            seed=self.seed,
            test=test,
        )


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
            id="mlp-30",
            name="784-30-10, as in the blog post",
            layers=dense(30, 10, activation="sigmoid", output="sigmoid"),
            loss="mse",
            optimizer="adam",
            learning_rate=0.002,
            batch_size=32,
            epochs=20,
        ),
    )
}


def get(name: str) -> Recipe:
    """The recipe of this name; ValueError for an unknown one."""
    return RECIPES[checks.one_of("recipe", name, RECIPES)]
