"""Every recipe learns, with the settings that it states."""

from __future__ import annotations

import numpy as np
import pytest

from nets_core import metrics, recipes
from nets_core.data.datasets import one_hot
from nets_core.data.digits import rasterize


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 784) uint8: upright bars (1) and rings (0), each slightly different."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    images = np.empty((n, 784), np.uint8)
    angles = np.linspace(0, 2 * np.pi, 25)
    for row, label in enumerate(labels):
        if label:
            tip = rng.uniform(-25, 25)
            stroke = [(50 - tip, 0), (50 + tip, 100)]
        else:
            wide = rng.uniform(25, 50)
            stroke = list(zip(50 + wide * np.cos(angles), 50 + 50 * np.sin(angles), strict=True))
        images[row] = np.rint(255 * rasterize([stroke])).astype(np.uint8).ravel()
    return images, labels


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=list(recipes.RECIPES))
def test_every_recipe_learns(recipe: recipes.Recipe) -> None:
    trainer = recipe.trainer(*drawn(400, seed=0))
    images, labels = drawn(100, seed=1)
    before = trainer.net.cost(images, one_hot(labels))
    accuracy = 0.0
    for count, _ in enumerate(recipe.learn(trainer), 1):
        if count % 10 == 0:
            accuracy = metrics.accuracy(trainer.net, images, labels)
        if accuracy > 0.95 or count == 40:
            break
    assert accuracy > 0.95
    assert trainer.net.cost(images, one_hot(labels)) < before


def test_the_learning_rate_falls_along_half_a_cosine() -> None:
    recipe = recipes.get("softmax")
    trainer = recipe.trainer(*drawn(200, seed=2))
    rates = []
    for _ in recipe.learn(trainer):
        rates.append(trainer.optimizer.learning_rate / recipe.learning_rate)
    assert len(rates) == 2 * recipe.epochs
    middle = rates[recipe.epochs - 1]
    assert middle == pytest.approx((1 + recipe.decay) / 2)
    assert rates[-1] == pytest.approx(recipe.decay)
    assert (np.diff(rates) < 0).all()


def test_flourishes_add_their_share_of_examples() -> None:
    recipe = recipes.get("mlp-30")
    images, labels = drawn(200, seed=3)
    assert len(recipe.trainer(images, labels).x) == round(200 * (1 + recipe.flourishes))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="recipe is 'mlp', expected one of"):
        recipes.get("mlp")
