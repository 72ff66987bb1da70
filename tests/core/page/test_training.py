"""The service "training": the net that learns, from its settings to its reset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nets_core import Network, recipes
from nets_core.files import saving
from nets_core.page.lab import Lab
from tests.core.page.conftest import SETTINGS, TRAIN, advance, cnn, error, filled, image_of, value


def test_choices_are_what_settings_may_take(lab: Lab) -> None:
    choices = value(lab, "training.choices")
    assert "softmax" not in choices["activations"]
    assert "softmax" in choices["outputs"]
    assert set(choices["recipes"]) == set(recipes.RECIPES)
    for activation in choices["activations"]:
        value(lab, "training.train", settings={**SETTINGS, "activation": activation})
    for name in ("optimizer", "initializer"):
        for choice in choices[f"{name}s"]:
            made = value(lab, "training.train", settings={**SETTINGS, name: choice})
            assert made["settings"][name] == choice
    for output in choices["outputs"]:
        fits = [
            loss
            for loss in choices["losses"]
            if "value" in lab.call("training.train", {"settings": {"output": output, "loss": loss}})
        ]
        assert fits


class TestTraining:
    def test_it_learns_and_tells_how_it_stands(self, lab: Lab) -> None:
        begun = value(lab, "training.train", settings=SETTINGS)
        settings = begun["settings"]
        assert settings["recipe"] == "mlp-30"
        assert settings["hidden"] == [12]
        assert settings["l2"] == recipes.get("mlp-30").l2
        before = value(lab, "training.progress")
        assert begun["progress"] == before
        assert (before["state"], before["step"], before["epoch"], before["share"]) == (
            "training",
            0,
            1,
            0,
        )
        assert (before["cost"], before["trainAccuracy"], before["testAccuracy"]) == (None,) * 3
        seen = [before]
        while seen[-1]["state"] == "training":
            seen.append(advance(lab, 2))
        last = seen[-1]
        assert last["state"] == "done"
        assert (last["epoch"], last["epochs"], last["step"]) == (3, 3, 3 * TRAIN / 10)
        assert (last["share"], last["examples"]) == (1, 0)
        assert last["testAccuracy"] > 0.9
        assert 0 <= last["cost"] < 0.5
        assert last["examplesPerSecond"] > 0
        shares = [progress["share"] for progress in seen]
        assert shares == sorted(shares)
        assert advance(lab, 10)["state"] == "done"
        assert value(lab, "training.progress")["step"] == last["step"]

    def test_advance_does_at_least_one_piece_and_stops_at_its_time(self, lab: Lab) -> None:
        value(lab, "training.train", settings=SETTINGS)
        for milliseconds in (0, -5):  # a step is shorter than the clock of a tab can tell
            before = value(lab, "training.progress")["step"]
            assert advance(lab, milliseconds)["step"] == before + 1

    def test_single_steps(self, lab: Lab) -> None:
        value(lab, "training.train", settings=SETTINGS)
        for step in range(1, 3 * TRAIN // 10 + 1):
            progress = value(lab, "training.step")
            assert progress["step"] == step
        for _ in range(20):
            progress = value(lab, "training.step")
        assert (progress["state"], progress["step"]) == ("done", 90)
        assert len(value(lab, "training.curves")["testEpochs"]) == 3 * 4

    def test_it_is_the_same_run_however_it_is_driven(self, lab: Lab) -> None:
        other = filled(Lab())
        for each in (lab, other):
            value(each, "training.train", settings=SETTINGS)
        for _ in range(30):
            value(lab, "training.step")
            value(lab, "reading.predict", model="live", pixels=image_of(1))
        while advance(lab, 1)["state"] == "training":
            pass
        while advance(other, 1000)["state"] == "training":
            pass
        a, b = (saving.loads(value(each, "runs.save")) for each in (lab, other))
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            np.testing.assert_array_equal(p, q)

    def test_training_waits_for_images(self) -> None:
        lab = filled(Lab())
        value(lab, "mnist.set_available", images=0)
        value(lab, "training.train", settings=SETTINGS)
        assert advance(lab, 5)["state"] == "waiting"
        assert value(lab, "training.progress")["step"] == 0
        value(lab, "mnist.set_available", images=TRAIN)
        assert advance(lab, 5)["state"] == "training"

    def test_without_data_nothing_can_be_trained(self) -> None:
        lab = Lab()
        assert "not been loaded" in error(lab, "training.train", settings={})
        value(lab, "mnist.allocate", counts={"train": 5})
        error(lab, "training.train", settings={})

    def test_a_refused_training_leaves_the_old_one(self, lab: Lab) -> None:
        value(lab, "training.train", settings=SETTINGS)
        value(lab, "training.step")
        for wrong in (
            {"learningRate": 0}, {"colour": 1}, {"loss": "cross_entropy", "output": "tanh"},
            {"batchSize": 0}, {"recipe": "none"}, {"seed": -1}, {"epochs": 0}, {"hidden": [0]},
            {"hidden": [10**9]}, {"l2": -1}, {"optimizer": "newton"}, {"activation": "softmax"},
        ):  # fmt: skip
            error(lab, "training.train", settings=wrong)
        assert value(lab, "training.progress")["step"] == 1
        assert value(lab, "training.step")["step"] == 2

    def test_a_new_training_begins_anew(self, trained: Lab) -> None:
        value(trained, "training.train", settings={**SETTINGS, "seed": 5})
        progress = value(trained, "training.progress")
        assert (progress["step"], progress["state"]) == (0, "training")
        assert progress["testAccuracy"] is None
        assert value(trained, "training.curves")["epochs"].size == 0

    def test_adjusting_loses_nothing(self, lab: Lab) -> None:
        value(lab, "training.train", settings=SETTINGS)
        for _ in range(5):
            value(lab, "training.step")
        settings = value(
            lab, "training.adjust", settings={"learningRate": 0.5, "l2": 0.25, "batchSize": 100}
        )
        assert (settings["learningRate"], settings["l2"], settings["batchSize"]) == (0.5, 0.25, 100)
        assert settings["hidden"] == [12]
        progress = value(lab, "training.step")
        assert progress["step"] == 6
        assert progress["share"] == pytest.approx((50 + 100) / (3 * TRAIN))
        settings = value(lab, "training.adjust", settings={"l2": 0})
        assert (settings["learningRate"], settings["l2"], settings["batchSize"]) == (0.5, 0, 100)

    def test_what_cannot_change_is_said(self, lab: Lab) -> None:
        value(lab, "training.train", settings=SETTINGS)
        for name in ("hidden", "seed", "activation", "recipe", "nonsense"):
            assert name in error(lab, "training.adjust", settings={name: 1})
        for wrong in ({"learningRate": -1}, {"batchSize": 0}, {"l2": "much"}):
            error(lab, "training.adjust", settings=wrong)
        assert value(lab, "training.adjust", settings={})["learningRate"] == 0.01

    def test_reset_forgets_the_net_and_keeps_the_data(self, trained: Lab) -> None:
        value(trained, "training.reset")
        assert value(trained, "training.progress") == {"state": "idle", "message": ""}
        assert value(trained, "training.curves")["epochs"].size == 0
        error(trained, "reading.predict", model="live", pixels=image_of(0))
        value(trained, "training.train", settings=SETTINGS)
        assert value(trained, "training.step")["step"] == 1
        value(trained, "training.reset")
        value(trained, "training.reset")

    @pytest.mark.parametrize("recipe", recipes.RECIPES)
    def test_pressing_train_makes_one_network(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch, recipe: str
    ) -> None:
        """The page checks the settings first, and then asks for the net."""
        made = []

        def counted(net: Network, *args: Any, **kwargs: Any) -> None:
            made.append(net)
            original(net, *args, **kwargs)

        original = Network.__init__
        monkeypatch.setattr(Network, "__init__", counted)
        value(lab, "training.check", settings={"recipe": recipe})
        assert not made
        value(lab, "training.train", settings={"recipe": recipe})
        assert len(made) == 1
        value(lab, "training.adjust", settings={"batchSize": 7, "l2": 0.1})
        assert len(made) == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"loss": "cross_entropy", "output": "tanh"}, {"activation": "softmax"},
            {"batchSize": 2**31}, {"initializer": "none"}, {"hidden": [10**9]}, {"colour": 1},
        ],
    )  # fmt: skip
    def test_what_train_refuses_is_refused_before_the_images_are_fetched(
        self, lab: Lab, wrong: dict[str, Any]
    ) -> None:
        message = error(lab, "training.check", settings=wrong)
        assert error(lab, "training.train", settings=wrong) == message

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    @pytest.mark.filterwarnings("error")
    def test_a_net_that_diverges_says_so_and_keeps_its_last_state(self, lab: Lab) -> None:
        wild = {"activation": "relu", "output": "identity", "loss": "mse", "optimizer": "sgd"}
        value(lab, "training.train", settings={**SETTINGS, **wild, "learningRate": 1e25})
        progress = advance(lab, 10_000)
        assert progress["state"] == "diverged"
        assert "learning rate" in progress["message"]
        assert advance(lab, 10)["state"] == "diverged"
        assert value(lab, "training.step")["state"] == "diverged"
        answer = value(lab, "reading.predict", model="live", pixels=image_of(5))
        assert np.isfinite(answer["probabilities"]).all()
        saving.loads(value(lab, "runs.save"))
        value(lab, "training.train", settings=SETTINGS)
        assert value(lab, "training.progress")["message"] == ""


class TestCorrect:
    def test_one_step_moves_the_bars(self, trained: Lab) -> None:
        before = value(trained, "reading.predict", model="live", pixels=image_of(3))
        steps = value(trained, "training.progress")["step"]
        after = value(trained, "training.correct", label=7, model="live", pixels=image_of(3))
        assert after["probabilities"][7] > before["probabilities"][7]
        assert value(trained, "training.progress")["step"] == steps + 1

    def test_without_a_live_net_a_copy_of_the_model_becomes_it(self, lab: Lab) -> None:
        value(lab, "models.open", model="cnn", data=cnn())
        before = value(lab, "reading.predict", model="cnn", pixels=image_of(3))
        after = value(lab, "training.correct", label=7, model="cnn", pixels=image_of(3))
        assert after["probabilities"][7] > before["probabilities"][7]
        again = value(lab, "reading.predict", model="cnn", pixels=image_of(3))
        np.testing.assert_array_equal(again["probabilities"], before["probabilities"])
        value(lab, "reading.predict", model="live", pixels=image_of(3))
        value(lab, "training.reset")
        error(lab, "reading.predict", model="live", pixels=image_of(3))

    def test_another_model_is_copied_in_the_place_of_the_copy(self, lab: Lab) -> None:
        value(lab, "models.open", model="cnn", data=cnn())
        first = value(lab, "training.correct", label=7, model="cnn", pixels=image_of(3))
        second = value(lab, "training.correct", label=7, model="live", pixels=image_of(3))
        assert second["probabilities"][7] > first["probabilities"][7]
        again = value(lab, "training.correct", label=7, model="cnn", pixels=image_of(3))
        np.testing.assert_array_equal(again["probabilities"], first["probabilities"])

    def test_a_net_in_training_is_never_replaced(self, trained: Lab) -> None:
        value(trained, "models.open", model="cnn", data=cnn())
        steps = value(trained, "training.progress")["step"]
        value(trained, "training.correct", label=7, model="cnn", pixels=image_of(3))
        assert value(trained, "training.progress")["step"] == steps + 1

    def test_with_strokes_too(self, trained: Lab) -> None:
        drawing = {"points": [10.0, 10.0, 40.0, 90.0], "lengths": [2]}
        before = value(trained, "reading.predict", model="live", **drawing)
        after = value(trained, "training.correct", label=1, model="live", **drawing)
        assert after["probabilities"][1] > before["probabilities"][1]

    @pytest.mark.parametrize("label", [10, -1, 1.5, "3", None, True, [3]])
    def test_labels_that_are_no_digits_are_refused(self, trained: Lab, label: Any) -> None:
        steps = value(trained, "training.progress")["step"]
        assert "label" in error(
            trained, "training.correct", label=label, model="live", pixels=image_of(3)
        )
        assert value(trained, "training.progress")["step"] == steps

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_correction_that_diverges_is_an_error_and_no_exception(self, lab: Lab) -> None:
        wild = {"activation": "relu", "output": "identity", "loss": "mse", "optimizer": "sgd"}
        value(lab, "training.train", settings={**SETTINGS, **wild, "learningRate": 1e20})
        drawing = {"model": "live", "pixels": image_of(3)}
        for _ in range(20):
            answer = lab.call("training.correct", {"label": 7, **drawing})
            if answer.get("error", {}).get("type") == "Diverged":
                break
        assert "learning rate" in answer["error"]["message"]
        assert np.isfinite(value(lab, "reading.predict", **drawing)["probabilities"]).all()


def test_curves_are_arrays_of_equal_length(trained: Lab) -> None:
    curves = value(trained, "training.curves")
    assert set(curves) == {
        "epochs", "costs", "accuracies", "testEpochs", "testCosts", "testAccuracies",
        "leastCosts", "greatestCosts", "leastAccuracies", "greatestAccuracies",
    }  # fmt: skip
    assert len(curves["epochs"]) == len(curves["costs"]) == len(curves["accuracies"]) == 90
    assert len(curves["testEpochs"]) == len(curves["testCosts"]) == 12
    assert (np.diff(curves["epochs"]) > 0).all()
    assert (np.diff(curves["testEpochs"]) > 0).all()
    assert curves["epochs"][-1] == curves["testEpochs"][-1] == 3
    assert curves["testAccuracies"][-1] == value(trained, "training.progress")["testAccuracy"]
