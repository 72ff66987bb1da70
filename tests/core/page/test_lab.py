"""The lab as a page uses it: by name, with plain values, on a small MNIST made up here."""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nets_core import Network, ops, recipes
from nets_core.data import digits
from nets_core.files import saving
from nets_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D
from nets_core.page import lab as lab_module
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
    """The lab with small training and test sets in their rooms, as the page fills them."""
    value(lab, "make_room", counts={"train": TRAIN, "test": TEST})
    for name, (images, labels) in {"train": drawn(TRAIN, 1), "test": drawn(TEST, 2)}.items():
        value(lab, "room", name=f"{name}-images")[:] = images.ravel()
        value(lab, "room", name=f"{name}-labels")[:] = labels
    value(lab, "arrived", images=TRAIN)
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


@pytest.fixture
def lab() -> Lab:
    return filled(Lab())


@pytest.fixture
def trained(lab: Lab) -> Lab:
    value(lab, "train", settings=SETTINGS)
    while value(lab, "advance", milliseconds=50)["state"] == "training":
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


NEED_NOTHING = (
    "choices", "computing", "curves", "keep", "leave", "progress", "reset", "single_step",
    "use_numpy",
)  # fmt: skip


def test_kernels_that_cannot_be_used_leave_numpy_to_it(lab: Lab) -> None:
    before = ops.in_use
    try:
        answer = value(lab, "use_kernels", path="/no/such/file.wasm", name="relaxed")
        assert answer["kernels"] == "numpy"
        assert answer["reason"].startswith("the kernels ")
        assert value(lab, "computing") == answer
        a = np.ones((2, 3), np.float32)
        np.testing.assert_array_equal(ops.matmul_nt(a, a), [[3, 3], [3, 3]])
        assert value(lab, "use_numpy") == {"kernels": "numpy", "reason": ""}
    finally:
        ops.use(before)


class TestProtocol:
    def test_a_value_or_an_error_of_a_kind(self, lab: Lab) -> None:
        assert lab.call("progress", {}) == {"value": {"state": "idle", "message": ""}}
        assert lab.call("predict", {"model": "none", "pixels": image_of(1)})["error"] == {
            "type": "ValueError",
            "message": error(lab, "predict", model="none", pixels=image_of(1)),
        }

    @pytest.mark.parametrize(
        "method", ["call", "_net", "__init__", "__class__", "nothing", "", "_nets", "_latest"]
    )
    def test_what_is_not_public_cannot_be_called(self, lab: Lab, method: str) -> None:
        assert "no method" in error(lab, method)

    def test_wrong_arguments_are_errors_and_not_exceptions(self, lab: Lab) -> None:
        public = [name for name in vars(Lab) if not name.startswith("_") and name != "call"]
        assert len(public) > 12
        for method in public:
            if method not in NEED_NOTHING:
                error(lab, method)
            error(lab, method, colour="red")
        for method, arguments in [
            ("arrived", {"images": "all"}), ("arrived", {"images": -1}),
            ("arrived", {"images": 1.5}),
            ("make_room", {"counts": {"train": -1}}), ("make_room", {"counts": {"train": 1.5}}),
            ("room", {"name": "kitchen"}), ("room", {"name": ["train-images"]}),
            ("advance", {"milliseconds": "long"}),
            ("open_model", {"model": "x", "data": b"nothing"}),
            ("open_model", {"model": "x", "data": "text"}), ("save", {}),
            ("adjust", {"settings": {"l2": 1}}), ("pictures", {"model": "live"}),
            ("train", {"settings": {"hidden": 5}}),
        ]:  # fmt: skip
            error(lab, method, **arguments)

    def test_a_desk_is_cleared_when_its_owner_leaves(self, lab: Lab) -> None:
        def call(method: str, desk: str, **arguments: Any) -> Any:
            return lab.call(method, arguments, desk)

        for desk in ("one", "other"):
            call("trace", desk, model="fresh", labels=[3], rate=1.0, pixels=image_of(3))
            assert "value" in call("playground.choices", desk)
        held = weakref.ref(lab._annexes["one", "playground"])
        call("leave", "one")
        gc.collect()
        assert held() is None
        weight = {"layer": 2, "neuron": 0, "source": 0}
        assert "error" in call("follow", "one", **weight)
        assert "value" in call("follow", "other", **weight)

    def test_choices_are_what_settings_may_take(self, lab: Lab) -> None:
        choices = value(lab, "choices")
        assert "softmax" not in choices["activations"]
        assert "softmax" in choices["outputs"]
        assert set(choices["recipes"]) == set(recipes.RECIPES)
        for activation in choices["activations"]:
            value(lab, "train", settings={**SETTINGS, "activation": activation})
        for name in ("optimizer", "initializer"):
            for choice in choices[f"{name}s"]:
                assert value(lab, "train", settings={**SETTINGS, name: choice})[name] == choice
        for output in choices["outputs"]:
            fits = [
                loss
                for loss in choices["losses"]
                if "value" in lab.call("train", {"settings": {"output": output, "loss": loss}})
            ]
            assert fits


class TestPredict:
    def test_pixels_are_taken_as_they_are(self, trained: Lab) -> None:
        for label in range(10):
            answer = value(trained, "predict", model="live", pixels=image_of(label))
            assert answer["digit"] == label
            assert int(np.argmax(answer["probabilities"])) == label
            assert len(answer["probabilities"]) == 10
            assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
            assert min(answer["probabilities"]) >= 0
            np.testing.assert_allclose(answer["image"], image_of(label), rtol=1e-6)
            assert answer["milliseconds"] >= 0

    @pytest.mark.parametrize("kind", [np.array, memoryview, list, bytes])
    def test_pixels_may_come_as_any_buffer(self, trained: Lab, kind: Any) -> None:
        flat = np.array(image_of(3), np.float32)
        pixels: Any = flat.tolist() if kind is list else flat
        if kind is memoryview:
            pixels = memoryview(flat)
        if kind is bytes:
            message = error(trained, "predict", model="live", pixels=flat.tobytes())
            assert "pixels" in message
            return
        assert value(trained, "predict", model="live", pixels=pixels)["digit"] == 3

    def test_points_are_strokes_one_after_the_other(self, trained: Lab) -> None:
        strokes = [[(10.0, 10.0), (80.0, 12.0), (40.0, 90.0)], [(20.0, 50.0), (70.0, 55.0)]]
        flat = [c for stroke in strokes for point in stroke for c in point]
        for points in (flat, np.array(flat, np.float32), np.array(flat)):
            answer = value(trained, "predict", model="live", points=points, lengths=[3, 2])
            np.testing.assert_allclose(
                answer["image"], digits.rasterize(strokes).ravel(), atol=1e-5
            )

    @pytest.mark.parametrize(
        "arguments",
        [
            {},
            {"pixels": [0.5] * 783},
            {"pixels": [0.5] * 783 + [1.5]},
            {"pixels": [0.5] * 783 + [-0.1]},
            {"pixels": [0.5] * 783 + [math.nan]},
            {"pixels": [0.5] * 783 + [math.inf]},
            {"pixels": "many"},
            {"pixels": [[0.5] * 700, [0.5] * 84]},
            {"points": [1.0, 2.0]},
            {"lengths": [1]},
            {"points": [], "lengths": []},
            {"points": [1.0, 2.0, 3.0], "lengths": [1]},
            {"points": [1.0, 2.0, math.nan, 4.0], "lengths": [2]},
            {"points": [1.0, 2.0, 3.0, 4.0], "lengths": [1]},
            {"points": [1.0, 2.0, 3.0, 4.0], "lengths": [5]},
            {"points": [1.0, 2.0, 3.0, 4.0], "lengths": [3, -1]},
            {"points": [1.0, 2.0, 3.0, 4.0], "lengths": [1.5, 0.5]},
            {"points": [1.0, 2.0, 3.0, 4.0], "lengths": "two"},
            {"points": "drawn", "lengths": [2]},
        ],
        ids=lambda arguments: str(arguments)[:60],
    )
    def test_what_is_no_drawing_is_refused(self, trained: Lab, arguments: dict[str, Any]) -> None:
        message = error(trained, "predict", model="live", **arguments)
        assert any(word in message for word in ("pixels", "points", "lengths", "stroke", "drawn"))

    def test_opened_models_predict_under_their_names(self, lab: Lab) -> None:
        assert value(lab, "open_model", model="cnn", data=cnn())["parameters"] == 2 * 26 + 730
        value(lab, "open_model", model="wide", data=memoryview(cnn()))
        answers = [
            value(lab, "predict", model=m, pixels=image_of(4))["probabilities"]
            for m in ("cnn", "wide")
        ]
        np.testing.assert_array_equal(*answers)
        assert "model is 'other'" in error(lab, "predict", model="other", pixels=image_of(4))
        assert "no net is in training" in error(lab, "predict", model="live", pixels=image_of(4))

    def test_a_net_of_other_pictures_is_refused_when_it_is_opened(self, lab: Lab) -> None:
        for sizes in ([783, 10], [784, 3]):
            data = saving.dumps(Network.mlp(sizes))
            assert "784" in error(lab, "open_model", model="odd", data=data)

    def test_outputs_that_are_no_shares_are_made_to_fit(self, lab: Lab) -> None:
        for output, bias in (("identity", -3.0), ("tanh", -9.0), ("sigmoid", -9.0)):
            net = Network.mlp([784, 10], output=output, initializer="zeros")
            net.layers[0].biases[:] = bias
            net.layers[0].biases[2] = bias / 2
            value(lab, "open_model", model=output, data=saving.dumps(net))
            answer = value(lab, "predict", model=output, pixels=image_of(4))
            assert sum(answer["probabilities"]) == pytest.approx(1)
            assert min(answer["probabilities"]) >= 0
            assert answer["digit"] == 2


class TestTraining:
    def test_it_learns_and_tells_how_it_stands(self, lab: Lab) -> None:
        settings = value(lab, "train", settings=SETTINGS)
        assert settings["recipe"] == "mlp-30"
        assert settings["hidden"] == [12]
        assert settings["l2"] == recipes.get("mlp-30").l2
        before = value(lab, "progress")
        assert (before["state"], before["step"], before["epoch"], before["share"]) == (
            "training",
            0,
            1,
            0,
        )
        assert (before["cost"], before["trainAccuracy"], before["testAccuracy"]) == (None,) * 3
        seen = [before]
        while seen[-1]["state"] == "training":
            seen.append(value(lab, "advance", milliseconds=2))
        last = seen[-1]
        assert last["state"] == "done"
        assert (last["epoch"], last["epochs"], last["step"]) == (3, 3, 3 * TRAIN / 10)
        assert (last["share"], last["examples"]) == (1, 0)
        assert last["testAccuracy"] > 0.9
        assert 0 <= last["cost"] < 0.5
        assert last["examplesPerSecond"] > 0
        shares = [progress["share"] for progress in seen]
        assert shares == sorted(shares)
        assert value(lab, "advance", milliseconds=10)["state"] == "done"
        assert value(lab, "progress")["step"] == last["step"]

    def test_advance_does_at_least_one_piece_and_stops_at_its_time(self, lab: Lab) -> None:
        value(lab, "train", settings=SETTINGS)
        for milliseconds in (0, -5):  # a step is shorter than the clock of a tab can tell
            before = value(lab, "progress")["step"]
            assert value(lab, "advance", milliseconds=milliseconds)["step"] == before + 1

    def test_single_steps(self, lab: Lab) -> None:
        value(lab, "train", settings=SETTINGS)
        for step in range(1, 3 * TRAIN // 10 + 1):
            progress = value(lab, "single_step")
            assert progress["step"] == step
        for _ in range(20):
            progress = value(lab, "single_step")
        assert (progress["state"], progress["step"]) == ("done", 90)
        assert len(value(lab, "curves")["testEpochs"]) == 3 * 4

    def test_it_is_the_same_run_however_it_is_driven(self, lab: Lab) -> None:
        other = filled(Lab())
        for each in (lab, other):
            value(each, "train", settings=SETTINGS)
        for _ in range(30):
            value(lab, "single_step")
            value(lab, "predict", model="live", pixels=image_of(1))
        while value(lab, "advance", milliseconds=1)["state"] == "training":
            pass
        while value(other, "advance", milliseconds=1000)["state"] == "training":
            pass
        a, b = (saving.loads(value(each, "save")) for each in (lab, other))
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            np.testing.assert_array_equal(p, q)

    def test_training_waits_for_images(self) -> None:
        lab = filled(Lab())
        value(lab, "arrived", images=0)
        value(lab, "train", settings=SETTINGS)
        assert value(lab, "advance", milliseconds=5)["state"] == "waiting"
        assert value(lab, "progress")["step"] == 0
        value(lab, "arrived", images=TRAIN)
        assert value(lab, "advance", milliseconds=5)["state"] == "training"

    def test_without_data_nothing_can_be_trained(self) -> None:
        lab = Lab()
        assert "not been loaded" in error(lab, "train", settings={})
        value(lab, "make_room", counts={"train": 5})
        error(lab, "train", settings={})

    def test_a_refused_training_leaves_the_old_one(self, lab: Lab) -> None:
        value(lab, "train", settings=SETTINGS)
        value(lab, "single_step")
        for wrong in (
            {"learningRate": 0}, {"colour": 1}, {"loss": "cross_entropy", "output": "tanh"},
            {"batchSize": 0}, {"recipe": "none"}, {"seed": -1}, {"epochs": 0}, {"hidden": [0]},
            {"hidden": [10**9]}, {"l2": -1}, {"optimizer": "newton"}, {"activation": "softmax"},
        ):  # fmt: skip
            error(lab, "train", settings=wrong)
        assert value(lab, "progress")["step"] == 1
        assert value(lab, "single_step")["step"] == 2

    def test_a_new_training_begins_anew(self, trained: Lab) -> None:
        value(trained, "train", settings={**SETTINGS, "seed": 5})
        progress = value(trained, "progress")
        assert (progress["step"], progress["state"]) == (0, "training")
        assert progress["testAccuracy"] is None
        assert value(trained, "curves")["epochs"].size == 0

    def test_adjusting_loses_nothing(self, lab: Lab) -> None:
        value(lab, "train", settings=SETTINGS)
        for _ in range(5):
            value(lab, "single_step")
        settings = value(
            lab, "adjust", settings={"learningRate": 0.5, "l2": 0.25, "batchSize": 100}
        )
        assert (settings["learningRate"], settings["l2"], settings["batchSize"]) == (0.5, 0.25, 100)
        assert settings["hidden"] == [12]
        progress = value(lab, "single_step")
        assert progress["step"] == 6
        assert progress["share"] == pytest.approx((50 + 100) / (3 * TRAIN))
        settings = value(lab, "adjust", settings={"l2": 0})
        assert (settings["learningRate"], settings["l2"], settings["batchSize"]) == (0.5, 0, 100)

    def test_what_cannot_change_is_said(self, lab: Lab) -> None:
        value(lab, "train", settings=SETTINGS)
        for name in ("hidden", "seed", "activation", "recipe", "nonsense"):
            assert name in error(lab, "adjust", settings={name: 1})
        for wrong in ({"learningRate": -1}, {"batchSize": 0}, {"l2": "much"}):
            error(lab, "adjust", settings=wrong)
        assert value(lab, "adjust", settings={})["learningRate"] == 0.01

    def test_reset_forgets_the_net_and_keeps_the_data(self, trained: Lab) -> None:
        value(trained, "reset")
        assert value(trained, "progress") == {"state": "idle", "message": ""}
        assert value(trained, "curves")["epochs"].size == 0
        error(trained, "predict", model="live", pixels=image_of(0))
        value(trained, "train", settings=SETTINGS)
        assert value(trained, "single_step")["step"] == 1
        value(trained, "reset")
        value(trained, "reset")

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_what_was_examined_is_the_net_that_is_there(self, lab: Lab) -> None:
        """Not one of another run that has taken as many steps, and not one that was reset."""

        def examined() -> tuple[list[int], list[int]]:
            """What the lab counts, and what the net's own answers come to."""
            while (answer := value(lab, "examine", model="live", milliseconds=50))["share"] < 1:
                pass
            images, labels = drawn(TEST, 2)
            guesses = saving.loads(value(lab, "save")).forward(images).argmax(axis=1)
            counts = np.zeros((10, 10), int)
            np.add.at(counts, (labels, guesses), 1)
            return list(answer["confusion"]), list(counts.ravel())

        for seed in (1, 2):
            value(lab, "train", settings={**SETTINGS, "seed": seed})
            value(lab, "single_step")
            found, counted = examined()
            assert found == counted
        value(lab, "reset")
        assert "not been examined" in error(lab, "mistakes", model="live", most=3)
        wild = {"activation": "relu", "output": "identity", "loss": "mse", "optimizer": "sgd"}
        value(lab, "train", settings={**SETTINGS, **wild, "learningRate": 1e20})
        value(lab, "single_step")
        examined()
        assert value(lab, "advance", milliseconds=10_000)["state"] == "diverged"
        found, counted = examined()
        assert found == counted

    def test_a_saved_run_is_a_net_with_its_history(self, trained: Lab) -> None:
        data = value(trained, "save")
        net = saving.loads(data)
        answer = value(trained, "predict", model="live", pixels=image_of(5))
        assert int(net.forward(np.array([image_of(5)]))[0].argmax()) == answer["digit"]
        images, labels = drawn(TRAIN, 1)
        assert len(saving.resume(data, images, labels, test=drawn(TEST, 2)).history) == 3

    @pytest.mark.filterwarnings("error")
    def test_a_net_that_diverges_says_so_and_keeps_its_last_state(self, lab: Lab) -> None:
        wild = {"activation": "relu", "output": "identity", "loss": "mse", "optimizer": "sgd"}
        value(lab, "train", settings={**SETTINGS, **wild, "learningRate": 1e25})
        progress = value(lab, "advance", milliseconds=10_000)
        assert progress["state"] == "diverged"
        assert "learning rate" in progress["message"]
        assert value(lab, "advance", milliseconds=10)["state"] == "diverged"
        assert value(lab, "single_step")["state"] == "diverged"
        answer = value(lab, "predict", model="live", pixels=image_of(5))
        assert np.isfinite(answer["probabilities"]).all()
        saving.loads(value(lab, "save"))
        value(lab, "train", settings=SETTINGS)
        assert value(lab, "progress")["message"] == ""


class TestPictures:
    def test_weights_as_signed_pictures(self, trained: Lab) -> None:
        pictures = value(trained, "pictures")
        weights = saving.loads(value(trained, "save")).layers[0].weights
        assert pictures["count"] == 12
        values = pictures["values"].reshape(12, 784)
        assert values.dtype == np.int8
        assert (np.abs(values.astype(int)).max(axis=1) == 127).all()
        np.testing.assert_allclose(pictures["scales"], np.abs(weights).max(axis=1))
        back = values / 127 * pictures["scales"][:, np.newaxis]
        assert np.abs(back - weights).max() <= pictures["scales"].max() / 127

    @pytest.mark.filterwarnings("error")
    def test_weights_that_are_all_zero_are_a_grey_picture(self, lab: Lab) -> None:
        value(lab, "train", settings={**SETTINGS, "initializer": "zeros"})
        assert not value(lab, "pictures")["values"].any()

    def test_no_more_than_so_many(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lab_module, "PICTURES", 5)
        value(lab, "train", settings=SETTINGS)
        assert value(lab, "pictures")["count"] == 5

    def test_nets_that_begin_with_filters_have_no_such_pictures_or_their_own(
        self, lab: Lab
    ) -> None:
        value(lab, "open_model", model="cnn", data=cnn())
        answer = lab.call("pictures", {"model": "cnn"})
        if "value" in answer:
            pictures = answer["value"]
            assert pictures["values"].size % pictures["count"] == 0


class TestCorrect:
    def test_one_step_moves_the_bars(self, trained: Lab) -> None:
        before = value(trained, "predict", model="live", pixels=image_of(3))
        steps = value(trained, "progress")["step"]
        after = value(trained, "correct", label=7, model="live", pixels=image_of(3))
        assert after["probabilities"][7] > before["probabilities"][7]
        assert value(trained, "progress")["step"] == steps + 1

    def test_without_a_live_net_a_copy_of_the_model_becomes_it(self, lab: Lab) -> None:
        value(lab, "open_model", model="cnn", data=cnn())
        before = value(lab, "predict", model="cnn", pixels=image_of(3))
        after = value(lab, "correct", label=7, model="cnn", pixels=image_of(3))
        assert after["probabilities"][7] > before["probabilities"][7]
        again = value(lab, "predict", model="cnn", pixels=image_of(3))
        np.testing.assert_array_equal(again["probabilities"], before["probabilities"])
        value(lab, "predict", model="live", pixels=image_of(3))
        value(lab, "reset")
        error(lab, "predict", model="live", pixels=image_of(3))

    def test_another_model_is_copied_in_the_place_of_the_copy(self, lab: Lab) -> None:
        value(lab, "open_model", model="cnn", data=cnn())
        first = value(lab, "correct", label=7, model="cnn", pixels=image_of(3))
        second = value(lab, "correct", label=7, model="live", pixels=image_of(3))
        assert second["probabilities"][7] > first["probabilities"][7]
        again = value(lab, "correct", label=7, model="cnn", pixels=image_of(3))
        np.testing.assert_array_equal(again["probabilities"], first["probabilities"])

    def test_a_net_in_training_is_never_replaced(self, trained: Lab) -> None:
        value(trained, "open_model", model="cnn", data=cnn())
        steps = value(trained, "progress")["step"]
        value(trained, "correct", label=7, model="cnn", pixels=image_of(3))
        assert value(trained, "progress")["step"] == steps + 1

    def test_with_strokes_too(self, trained: Lab) -> None:
        drawing = {"points": [10.0, 10.0, 40.0, 90.0], "lengths": [2]}
        before = value(trained, "predict", model="live", **drawing)
        after = value(trained, "correct", label=1, model="live", **drawing)
        assert after["probabilities"][1] > before["probabilities"][1]

    @pytest.mark.parametrize("label", [10, -1, 1.5, "3", None, True, [3]])
    def test_labels_that_are_no_digits_are_refused(self, trained: Lab, label: Any) -> None:
        steps = value(trained, "progress")["step"]
        assert "label" in error(trained, "correct", label=label, model="live", pixels=image_of(3))
        assert value(trained, "progress")["step"] == steps

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_correction_that_diverges_is_an_error_and_no_exception(self, lab: Lab) -> None:
        wild = {"activation": "relu", "output": "identity", "loss": "mse", "optimizer": "sgd"}
        value(lab, "train", settings={**SETTINGS, **wild, "learningRate": 1e20})
        drawing = {"model": "live", "pixels": image_of(3)}
        for _ in range(20):
            answer = lab.call("correct", {"label": 7, **drawing})
            if answer.get("error", {}).get("type") == "Diverged":
                break
        assert "learning rate" in answer["error"]["message"]
        assert np.isfinite(value(lab, "predict", **drawing)["probabilities"]).all()


def test_curves_are_arrays_of_equal_length(trained: Lab) -> None:
    curves = value(trained, "curves")
    assert set(curves) == {
        "epochs", "costs", "accuracies", "testEpochs", "testCosts", "testAccuracies",
    }  # fmt: skip
    assert len(curves["epochs"]) == len(curves["costs"]) == len(curves["accuracies"]) == 90
    assert len(curves["testEpochs"]) == len(curves["testCosts"]) == 12
    assert (np.diff(curves["epochs"]) > 0).all()
    assert (np.diff(curves["testEpochs"]) > 0).all()
    assert curves["epochs"][-1] == curves["testEpochs"][-1] == 3
    assert curves["testAccuracies"][-1] == value(trained, "progress")["testAccuracy"]


class TestExamples:
    """MNIST's images as examples of the step that is followed."""

    def test_a_seed_picks_different_images_of_those_that_are_there(self) -> None:
        lab = filled(Lab())
        value(lab, "arrived", images=40)
        picked = value(lab, "examples", name="train", count=10, seed=3)
        again = value(lab, "examples", name="train", count=10, seed=3)
        np.testing.assert_array_equal(picked["indices"], again["indices"])
        assert len(set(picked["indices"])) == 10
        assert max(picked["indices"]) < 40
        images, labels = drawn(TRAIN, 1)
        np.testing.assert_array_equal(picked["images"].reshape(10, 784), images[picked["indices"]])
        np.testing.assert_array_equal(picked["labels"], labels[picked["indices"]])
        other = value(lab, "examples", name="train", count=10, seed=4)
        assert list(other["indices"]) != list(picked["indices"])

    def test_a_step_on_them_is_the_nets_own(self) -> None:
        lab = filled(Lab())
        images, labels = drawn(TEST, 2)
        net = recipes.get(recipes.DEFAULT).network()
        cost, _ = net.backward(images[[5, 7]], np.eye(10, dtype=np.float32)[labels[[5, 7]]])
        traced = value(
            lab, "trace", model="fresh", labels=[int(labels[5]), int(labels[7])], rate=1.0,
            name="test", indices=[5, 7],
        )  # fmt: skip
        found = [
            one["values"][0]
            for stage in traced["stages"]
            for one in stage["result"]
            if one["symbol"] == "C"
        ]
        assert found == [np.float32(cost)]

    def test_a_drawing_is_one_example(self) -> None:
        pixels = drawn(1, 9)[0][0] / 255
        traced = value(Lab(), "trace", model="fresh", labels=[4], rate=1.0, pixels=pixels)
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
    def test_images_that_are_not_there(self, arguments: dict[str, Any], message: str) -> None:
        lab = filled(Lab())
        value(lab, "arrived", images=40)
        assert message in error(lab, "trace", model="fresh", rate=1.0, **arguments)

    def test_more_than_there_are(self) -> None:
        assert "60 images are there" in error(
            filled(Lab()), "examples", name="test", count=61, seed=0
        )
        assert "MNIST has not been loaded" in error(Lab(), "examples", name="test", count=1, seed=0)
