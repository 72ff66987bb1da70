"""Settings as a page writes them: every key has a default, nothing else gets through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nets_core import Trainer, recipes
from nets_core.page.settings import ADJUSTABLE, MOST_LAYERS, MOST_NEURONS, Settings

KEYS = {
    "recipe", "hidden", "activation", "output", "loss", "optimizer", "learning_rate", "l2",
    "initializer", "batch_size", "epochs", "seed", "augment",
}  # fmt: skip


def trainer_of(chosen: Settings) -> Trainer:
    x, labels = np.zeros((20, 784), np.uint8), np.arange(20) % 10
    return chosen.trainer(x, labels, (x, labels))


def test_nothing_given_is_the_recipe_mlp_30() -> None:
    recipe, plain = recipes.get("mlp-30"), Settings.from_plain({}).plain()
    assert set(plain) == KEYS
    assert plain["recipe"] == "mlp-30"
    assert plain["hidden"] == [30]
    assert (plain["learning_rate"], plain["batch_size"]) == (
        recipe.learning_rate,
        recipe.batch_size,
    )
    assert (plain["seed"], plain["l2"]) == (recipe.seed, recipe.l2)
    assert 1 <= plain["epochs"] <= recipe.epochs
    assert Settings.from_plain(plain).plain() == plain


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=lambda recipe: recipe.id)
def test_a_recipe_s_settings_make_the_recipe_s_own_net(recipe: recipes.Recipe) -> None:
    chosen = Settings.from_plain({"recipe": recipe.id})
    trainer = trainer_of(chosen)
    assert trainer.net.describe() == recipe.network().describe()
    for p, q in zip(trainer.net.parameters(), recipe.network().parameters(), strict=True):
        np.testing.assert_array_equal(p, q)
    assert trainer.optimizer.settings() == recipe.make_optimizer().settings()


def test_every_setting_reaches_the_run() -> None:
    given = {
        "recipe": "mlp-30", "hidden": [7, 5], "activation": "relu", "output": "softmax",
        "loss": "cross_entropy", "optimizer": "sgd", "learning_rate": 0.25, "l2": 0.5,
        "initializer": "he", "batch_size": 7, "epochs": 3, "seed": 11,
        "augment": True,
    }  # fmt: skip
    assert set(given) == KEYS
    chosen = Settings.from_plain(given)
    assert chosen.plain() == given
    trainer = trainer_of(chosen)
    net = trainer.net.describe()
    assert [layer["outputs"] for layer in net["layers"]] == [7, 5, 10]
    assert [layer["activation"] for layer in net["layers"]] == ["relu", "relu", "softmax"]
    assert (net["loss"], net["initializer"], net["seed"]) == ("cross_entropy", "he", 11)
    assert (trainer.optimizer.name, trainer.optimizer.learning_rate) == ("sgd", 0.25)
    assert (trainer.batch_size, trainer.l2, trainer.seed) == (7, 0.5, 11)
    assert trainer.augment is not None
    assert trainer_of(Settings.from_plain({**given, "augment": False})).augment is None


def test_other_hidden_sizes_come_after_a_recipe_s_filters() -> None:
    for hidden in ([20], [20, 15], []):
        net = trainer_of(Settings.from_plain({"recipe": "cnn", "hidden": hidden})).net
        kinds = [layer.kind for layer in net.layers]
        assert kinds[:5] == ["conv2d", "maxpool2d", "conv2d", "maxpool2d", "flatten"]
        assert [layer.outputs for layer in net.layers if layer.kind == "dense"] == [*hidden, 10]
    net = trainer_of(Settings.from_plain({"recipe": "cnn", "activation": "tanh"})).net
    names = {layer.activation.name for layer in net.layers if layer.parameters()}
    assert names == {"tanh", "softmax"}


def test_no_hidden_layer_is_a_net_too() -> None:
    net = trainer_of(Settings.from_plain({"hidden": []})).net
    assert [p.shape for p in net.parameters()] == [(10, 784), (10,)]


def test_none_is_not_given() -> None:
    plain = Settings.from_plain({"l2": None, "hidden": None, "batch_size": 9}).plain()
    assert plain == {**Settings.from_plain({}).plain(), "batch_size": 9}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("recipe", ["mlp-31", 5, ["mlp-30"], ""]),
        ("hidden", [30, "30", [0], [-1], [1.5], ["30"], [True], [MOST_NEURONS + 1],
                    [1] * (MOST_LAYERS + 1), {"a": 1}, [[30]]]),
        ("activation", ["softmax", "step", 1, ["relu"]]),
        ("output", ["step", 1]),
        ("loss", ["log", 1]),
        ("optimizer", ["newton", 1, ["sgd"]]),
        ("learning_rate", [0, -1, float("nan"), float("inf"), "0.1", True, [1]]),
        ("l2", [-1, float("nan"), float("inf"), "0.1", True]),
        ("initializer", ["ones", 1]),
        ("batch_size", [0, -1, 1.5, "32", True, float("nan")]),
        ("epochs", [0, -1, 1.5, 10**400, "3", True]),
        ("seed", [-1, 1.5, "1", True]),
        ("augment", [1, 0, "yes", [True]]),
    ],
)  # fmt: skip
def test_impossible_values_are_refused(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises((ValueError, TypeError), match=rf"{name}\b|{name.lower()}"):
            Settings.from_plain({name: value})


@settings(deadline=None, max_examples=50)
@given(name=st.text(max_size=20).filter(lambda name: name not in KEYS))
def test_unknown_settings_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match="setting is"):
        Settings.from_plain({name: 1})


def test_what_does_not_go_together_is_refused() -> None:
    for output, loss in (("tanh", "cross_entropy"), ("softmax", "mse")):
        with pytest.raises(ValueError, match=loss):
            Settings.from_plain({"output": output, "loss": loss})


class TestAdjusting:
    def test_what_may_change_changes_in_the_running_trainer(self) -> None:
        chosen = Settings.from_plain({"hidden": [4]})
        trainer = trainer_of(chosen)
        changed = chosen.adjusted({"learning_rate": 0.5, "l2": 0.1, "batch_size": 3}, trainer)
        assert (trainer.optimizer.learning_rate, trainer.l2, trainer.batch_size) == (0.5, 0.1, 3)
        assert changed.plain() == {
            **chosen.plain(), "learning_rate": 0.5, "l2": 0.1, "batch_size": 3,
        }  # fmt: skip

    def test_what_is_not_given_stays_as_it_was_adjusted(self) -> None:
        chosen = Settings.from_plain({"hidden": [4], "learning_rate": 0.3})
        trainer = trainer_of(chosen)
        changed = chosen.adjusted({"learning_rate": None, "l2": 0.1}, trainer)
        assert (changed.learning_rate, trainer.optimizer.learning_rate) == (0.3, 0.3)

    @pytest.mark.parametrize("name", sorted(KEYS - set(ADJUSTABLE)))
    def test_all_else_is_refused_and_nothing_changes(self, name: str) -> None:
        chosen = Settings.from_plain({"hidden": [4]})
        trainer = trainer_of(chosen)
        with pytest.raises(ValueError, match=name):
            chosen.adjusted({"l2": 0.5, name: getattr(chosen, name)}, trainer)
        assert trainer.l2 == chosen.l2

    def test_an_impossible_value_changes_nothing(self) -> None:
        chosen = Settings.from_plain({"hidden": [4]})
        trainer = trainer_of(chosen)
        with pytest.raises(ValueError, match="batch_size"):
            chosen.adjusted({"l2": 0.5, "learning_rate": 0.5, "batch_size": 0}, trainer)
        assert trainer.l2 == chosen.l2
        assert trainer.optimizer.learning_rate == chosen.learning_rate


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("seed", 10**5000, "seed is too large, expected at most 9007199254740991"),
        ("seed", -(10**5000), "seed is too small, expected 0 or more"),
        ("seed", 2**53, "seed is too large, expected at most 9007199254740991"),
        ("epochs", 1e21, "epochs is too large, expected at most 9007199254740991"),
        ("epochs", float("inf"), "epochs is inf, expected a whole number"),
        ("batch_size", float("nan"), "batch_size is nan, expected a whole number"),
        ("batch_size", "10", "batch_size is '10', expected a whole number"),
        ("learning_rate", 10**5000, "learning_rate is too large, expected a number below 1e308"),
        (
            "learning_rate",
            -(10**5000),
            "learning_rate is too small, expected a number above -1e308",
        ),
        ("l2", "0", "l2 is '0', expected a number"),
        ("hidden", [10**5000], "hidden is too large, expected at most 9007199254740991"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else type(value).__name__,
)
def test_odd_numbers_are_refused_in_a_true_sentence(name: str, value: Any, told: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        Settings.from_plain({name: value})
    assert str(caught.value) == told


def test_the_largest_seed_of_the_page_makes_a_net() -> None:
    assert trainer_of(Settings.from_plain({"seed": 2**53 - 1})).seed == 2**53 - 1
