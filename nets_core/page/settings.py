"""The settings of a training run that a page can choose, and the run that they make.

A setting that is not given has the recipe's value. Unknown settings are refused. ``names``
translates them to the page's names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy.typing as npt

from nets_core import checks, recipes
from nets_core.activations import ACTIVATIONS
from nets_core.initializers import INITIALIZERS
from nets_core.layers import Layer, make_layer
from nets_core.losses import make_loss
from nets_core.optimizers import OPTIMIZERS
from nets_core.training import Trainer

ADJUSTABLE = ("learning_rate", "l2", "batch_size")
"""The settings that may change while a net trains; any other needs a new net."""
MOST_NEURONS = 2000
MOST_LAYERS = 8
MOST_PRODUCTS = 2**31 - 1
"""The most multiplications in one matrix product: a 32-bit tab cannot count further."""
EVALUATIONS = 4
"""Evaluations on the test set in an epoch."""
MOST_EPOCHS = 10
"""The most epochs that a page trains for by default; a recipe may have more."""


@dataclass(frozen=True)
class Settings:
    """One training run.

    ``hidden`` are the sizes of the hidden layers; with ``augment`` each mini-batch is distorted.
    """

    recipe: str
    hidden: tuple[int, ...]
    activation: str
    output: str
    loss: str
    optimizer: str
    learning_rate: float
    l2: float
    initializer: str
    batch_size: int
    epochs: int
    seed: int
    augment: bool

    @classmethod
    def of(cls, recipe: recipes.Recipe) -> Self:
        """The recipe's settings with at most ``MOST_EPOCHS``, no distortion, a constant rate."""
        *hidden, output = recipe.layers
        dense = [layer for layer in hidden if layer["type"] == "dense"]
        return cls(
            recipe=recipe.id,
            hidden=tuple(layer["outputs"] for layer in dense),
            activation=hidden[0].get("activation", "identity") if hidden else "sigmoid",
            output=output["activation"],
            loss=recipe.loss,
            optimizer=recipe.optimizer,
            learning_rate=recipe.learning_rate,
            l2=recipe.l2,
            initializer=recipe.initializer,
            batch_size=recipe.batch_size,
            epochs=min(recipe.epochs, MOST_EPOCHS),
            seed=recipe.seed,
            augment=False,
        )

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """Settings from a dict; ValueError or TypeError names the one that is wrong."""
        names = [field.name for field in fields(cls)]
        for name in values:
            checks.one_of("setting", name, names)
        base = cls.of(recipes.get(values.get("recipe", recipes.DEFAULT)))
        given = {name: value for name, value in values.items() if value is not None}
        if "hidden" in given:
            given["hidden"] = _hidden(given["hidden"])
        settings = replace(base, **given)
        checks.one_of("activation", settings.activation, ACTIVATIONS)
        checks.one_of("output", settings.output, ACTIVATIONS)
        make_loss(settings.loss, settings.output)  # refuses what does not go together
        checks.one_of("initializer", settings.initializer, INITIALIZERS)
        checks.one_of("optimizer", settings.optimizer, OPTIMIZERS)
        checks.positive("learning_rate", settings.learning_rate)
        checks.not_negative("l2", settings.l2)
        checks.count("batch_size", settings.batch_size)
        checks.count("epochs", settings.epochs)
        checks.count("seed", settings.seed, least=0)
        if not isinstance(settings.augment, bool):
            raise TypeError(f"augment is {checks.quoted(settings.augment)}, expected true or false")
        layers = _connected(settings._recipe())
        if any(layer.activation.output_only for layer in layers[:-1]):
            raise ValueError(f"activation is {settings.activation!r}, which is for the output only")
        check_batch_size(settings.batch_size, layers)
        return settings

    def plain(self) -> dict[str, Any]:
        """The settings as a dict, with ``hidden`` as a list."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"hidden": list(self.hidden)}

    def adjusted(self, values: Mapping[str, Any], trainer: Trainer) -> Self:
        """Change a running training; returns the new settings.

        ValueError for a setting that cannot change while a net trains.
        """
        for name in values:
            if name not in ADJUSTABLE:
                raise ValueError(
                    f"{checks.cut(name)} cannot change while a net trains, "
                    f"only {', '.join(ADJUSTABLE)} can: reset to begin with another net"
                )
        given = {name: value for name, value in values.items() if value is not None}
        changed = self.from_plain({**self.plain(), **given})
        trainer.optimizer.learning_rate = changed.learning_rate
        trainer.l2 = changed.l2
        trainer.batch_size = changed.batch_size
        return changed

    def of_run(self, trainer: Trainer) -> Self:
        """These settings with the values of an existing run in place of their own.

        A run that is complete gets as many epochs again. ValueError for a mini-batch that is too
        large for the net.
        """
        check_batch_size(trainer.batch_size, trainer.net.layers)
        epochs = self.epochs
        if trainer.epoch >= epochs:
            epochs *= trainer.epoch // epochs + 1
        return replace(
            self,
            optimizer=trainer.optimizer.name,
            learning_rate=trainer.optimizer.learning_rate,
            l2=trainer.l2,
            batch_size=trainer.batch_size,
            epochs=epochs,
            augment=trainer.augment is not None,
        )

    def trainer(
        self, x: npt.ArrayLike, labels: npt.ArrayLike, test: tuple[npt.ArrayLike, npt.ArrayLike]
    ) -> Trainer:
        """A new net and its training run on these examples; errors as of ``Network``."""
        recipe = self._recipe()
        return Trainer(
            recipe.network(),
            recipe.make_optimizer(),
            x,
            labels,
            batch_size=recipe.batch_size,
            l2=recipe.l2,
            seed=recipe.seed,
            test=test,
            evaluations=EVALUATIONS,
            augment=(recipe.distortion or recipes.DISTORTION) if self.augment else None,
        )

    def _recipe(self) -> recipes.Recipe:
        """The recipe that these settings amount to."""
        base = recipes.get(self.recipe)
        return replace(
            base,
            layers=self._layers(base),
            loss=self.loss,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            l2=self.l2,
            initializer=self.initializer,
            seed=self.seed,
        )

    def _layers(self, base: recipes.Recipe) -> tuple[Mapping[str, Any], ...]:
        """The recipe's layers with this activation, these hidden sizes and this output.

        Layers before the recipe's first hidden dense layer stay before the hidden layers; layers
        between it and the next dense layer, such as dropout, follow each hidden layer.
        """
        *inner, output = base.layers
        dense = [i for i, layer in enumerate(inner) if layer["type"] == "dense"]
        first = dense[0] if dense else len(inner)
        second = dense[1] if len(dense) > 1 else len(inner)
        before = [
            {**layer, "activation": self.activation} if "activation" in layer else layer
            for layer in inner[:first]
        ]
        hidden = [
            layer
            for size in self.hidden
            for layer in (
                {"type": "dense", "outputs": size, "activation": self.activation},
                *inner[first + 1 : second],
            )
        ]
        return (*before, *hidden, {**output, "activation": self.output})


def check_batch_size(value: int, layers: Sequence[Layer]) -> None:
    """ValueError for a mini-batch that is too large for a net of these layers."""
    most = MOST_PRODUCTS // max(layer.products() for layer in layers)
    if value > most:
        raise ValueError(f"batch_size is {value}, expected at most {most} for a net of this size")


def _connected(recipe: recipes.Recipe) -> list[Layer]:
    """The recipe's layers, with shapes but without parameters."""
    layers, shape = [make_layer(spec) for spec in recipe.layers], recipe.input_shape
    for layer in layers:
        layer.connect(shape)
        shape = layer.output_shape
    return layers


def _hidden(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(
            f"hidden is {checks.quoted(value)}, expected a list of layer sizes such as [30]"
        )
    if len(value) > MOST_LAYERS:
        raise ValueError(f"hidden has {len(value)} layers, expected at most {MOST_LAYERS}")
    for size in value:
        if checks.count("hidden", size) > MOST_NEURONS:
            raise ValueError(
                f"hidden holds {size}, expected at most {MOST_NEURONS} neurons a layer"
            )
    return tuple(value)
