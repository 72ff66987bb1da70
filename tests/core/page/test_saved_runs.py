"""What a page keeps of a run, and what it makes of a file that somebody opens."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from nets_core import SGD, Adam, Network, Trainer
from nets_core.data.augment import Distortion
from nets_core.files import npz, safetensors, saving
from nets_core.files.container import Contents
from nets_core.layers import Dense, Flatten, Votes
from nets_core.page.lab import Lab
from nets_core.page.names import to_page
from nets_core.recipes import RECIPES

TRAIN, TEST = 300, 60
RNG = np.random.default_rng(4)
ARRAYS = {
    "train-images": RNG.integers(0, 256, TRAIN * 784),
    "train-labels": RNG.integers(0, 10, TRAIN),
    "test-images": RNG.integers(0, 256, TEST * 784),
    "test-labels": RNG.integers(0, 10, TEST),
}
X, LABELS = ARRAYS["train-images"].reshape(TRAIN, 784).astype(np.uint8), ARRAYS["train-labels"]
SETTINGS: dict[str, Any] = {"hidden": [12], "epochs": 3, "batch_size": 10, "learning_rate": 0.01}


def new_lab() -> Lab:
    lab = Lab()
    lab.mnist.allocate({"train": TRAIN, "test": TEST})
    for name, values in ARRAYS.items():
        lab.mnist.buffer(name)[:] = values
    lab.mnist.set_available(TRAIN)
    return lab


def finish(lab: Lab) -> dict[str, Any]:
    while lab.training.work(1000) == "training":
        pass
    return lab.training.progress()


def begun(steps: int = 37, **settings: Any) -> Lab:
    lab = new_lab()
    lab.training.train({**SETTINGS, **settings})
    for _ in range(steps):
        lab.training.step()
    return lab


def autosaved(lab: Lab) -> dict[str, Any]:
    while (found := lab.runs.autosave()) is None:
        lab.training.work(0)
    return found


def same_run(one: Lab, other: Lab) -> None:
    """Net, optimizer, curves and all that is shown, but how fast it was."""
    headers = [saving.header_of(lab.runs.save()) for lab in (one, other)]
    for header in headers:
        for epoch in header["training"]["history"]:
            del epoch["seconds"]
        del header["training"]["sums"][2]
    assert headers[0] == headers[1]
    a, b = (saving.loads(lab.runs.save()).parameters() for lab in (one, other))
    for p, q in zip(a, b, strict=True):
        np.testing.assert_array_equal(p, q)
    shown = [{**lab.training.progress(), "examples_per_second": 0} for lab in (one, other)]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("format", saving.FORMATS)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "sgd", "l2": 0.001, "output": "softmax", "loss": "cross_entropy"},
        {"recipe": "mlp-large", "hidden": [8, 6]},
        {"augment": True},
    ],
    ids=["default", "sgd", "dropout", "distorted"],
)
def test_a_reopened_run_goes_on_as_if_nothing_had_happened(
    format: str, settings: dict[str, Any]
) -> None:
    lab, other = begun(**settings), new_lab()
    plain = other.runs.reopen(lab.runs.save(format))["settings"]
    assert plain == lab.training.check({**SETTINGS, **settings})
    assert other.training.progress()["test_accuracy"] == lab.training.progress()["test_accuracy"]
    finish(lab)
    finish(other)
    same_run(lab, other)
    for name, values in lab.training.curves().items():
        np.testing.assert_array_equal(values, other.training.curves()[name])


def test_wherever_it_was_autosaved() -> None:
    """Also around evaluations, of which none is lost and none is made twice."""
    whole = begun(0)
    states = []
    while True:
        found = whole.runs.autosave()
        if found:
            states.append(found)
        if whole.training.work(0) == "done":
            break
    assert len(states) > 90
    for found in states[::13]:
        other = new_lab()
        other.runs.reopen(found["data"])
        finish(other)
        same_run(whole, other)
        assert (
            len(other.training.curves()["test_epochs"])
            == len(whole.training.curves()["test_epochs"])
            == 12
        )


def test_what_is_kept_says_what_it_holds() -> None:
    lab = begun(40)
    assert Lab().runs.autosave() is None
    about = autosaved(lab)["about"]
    assert about["title"] == "784-12-10"
    assert about["settings"]["learning_rate"] == 0.01
    assert (about["epoch"], about["epochs"], about["step"]) == (2, 3, 40)
    assert about["test_accuracy"] == lab.training.progress()["test_accuracy"]
    assert json.loads(json.dumps(about)) == about


def test_notes_are_in_the_pages_names_as_every_release_wrote_them() -> None:
    lab, other = begun(), new_lab()
    notes = saving.header_of(lab.runs.save())["notes"]
    assert notes["settings"] == to_page(lab.training.check(SETTINGS))
    assert {"learningRate", "batchSize"} < set(notes["settings"])
    trainer = Trainer(Network.mlp([784, 10], seed=3), SGD(0.5), X, LABELS, batch_size=20)
    written = {
        "recipe": "mlp-30", "hidden": [], "activation": "sigmoid", "output": "sigmoid",
        "loss": "mse", "optimizer": "sgd", "learningRate": 0.5, "l2": 0.0,
        "initializer": "nielsen", "batchSize": 20, "epochs": 4, "seed": 3, "augment": False,
    }  # fmt: skip
    data = saving.dumps(trainer, recipe="mlp-30", notes={"settings": written})
    assert to_page(other.runs.reopen(data)["settings"]) == written


def test_a_changed_setting_is_autosaved() -> None:
    lab = begun()
    lab.training.adjust({"learning_rate": 0.5, "batch_size": 20, "l2": 0.25})
    other = new_lab()
    settings = other.runs.reopen(autosaved(lab)["data"])["settings"]
    assert (settings["learning_rate"], settings["batch_size"], settings["l2"]) == (0.5, 20, 0.25)
    other.training.adjust({"l2": 0})
    assert other.training.step()["step"] == lab.training.progress()["step"] + 1


def test_of_a_net_about_to_diverge_nothing_is_kept_and_then_its_last_finite_state() -> None:
    wild = {"activation": "relu", "output": "identity", "loss": "mse", "optimizer": "sgd"}
    lab = begun(0, **wild, learning_rate=1e25)
    while lab.training.work(0) == "training":
        found = lab.runs.autosave()
        assert found is None or np.isfinite(saving.loads(found["data"]).parameters()[0]).all()
    assert lab.training.progress()["state"] == "diverged"
    assert autosaved(lab)["about"]["state"] == "diverged"
    for format in saving.FORMATS:
        other = new_lab()
        other.runs.reopen(lab.runs.save(format))
        for p in saving.loads(other.runs.save()).parameters():
            assert np.isfinite(p).all()
        other.training.adjust({"learning_rate": 1e-6})
        assert finish(other)["state"] == "done"


def test_a_run_that_was_over_can_go_on() -> None:
    lab, other = begun(0), new_lab()
    finish(lab)
    assert other.runs.reopen(lab.runs.save())["settings"]["epochs"] == 6
    assert finish(other)["epoch"] == 6
    assert other.runs.reopen(other.runs.save())["settings"]["epochs"] == 12


def test_a_corrected_net_without_a_run_is_kept_as_a_net() -> None:
    lab = new_lab()
    lab.training.correct(3, "fresh", pixels=X[0] / 255)
    found = autosaved(lab)
    assert found["about"] == {
        "title": "784-30-10",
        "state": "idle",
        "message": "",
        "parameters": 23_860,
    }
    other = new_lab()
    other.runs.reopen(found["data"])
    assert other.training.progress()["step"] == 0
    assert (
        lab.reading.predict("live", pixels=X[0] / 255)["probabilities"]
        == other.reading.predict("live", pixels=X[0] / 255)["probabilities"]
    ).all()
    assert other.training.step()["step"] == 1


class TestFromElsewhere:
    """Files that Python wrote, whose runs know of no page's settings."""

    def test_a_run_of_python_goes_on_in_the_page_and_back(self) -> None:
        test = (ARRAYS["test-images"].reshape(TEST, 784).astype(np.uint8), ARRAYS["test-labels"])
        net = Network.mlp([784, 20, 15, 10], "tanh", "softmax", "cross_entropy", "xavier", 9)
        trainer = Trainer(net, Adam(0.02), X, LABELS, 16, 0.001, 5, test)
        trainer.run(epochs=2)
        lab = new_lab()
        settings = lab.runs.reopen(saving.dumps(trainer))["settings"]
        assert settings["hidden"] == [20, 15]
        assert (settings["activation"], settings["output"]) == ("tanh", "softmax")
        assert (settings["batch_size"], settings["l2"], settings["learning_rate"]) == (
            16,
            0.001,
            0.02,
        )
        assert lab.training.progress()["step"] == trainer.step
        for _ in range(10):
            lab.training.step()
        back = saving.resume(lab.runs.save(), X, LABELS, test)
        steps = trainer.steps(epochs=1)
        for _ in range(10):
            next(steps)
        assert back.step == trainer.step
        for p, q in zip(back.net.parameters(), trainer.net.parameters(), strict=True):
            np.testing.assert_array_equal(p, q)

    def test_a_run_that_distorts_in_another_way(self) -> None:
        augment = Distortion(rotation=0.3)
        trainer = Trainer(
            Network.mlp([784, 10]), SGD(0.1, momentum=0.5), X, LABELS, augment=augment
        )
        trainer.run(epochs=1)
        lab = new_lab()
        assert lab.runs.reopen(saving.dumps(trainer))["settings"]["augment"] is True
        for _ in range(10):
            lab.training.step()

    def test_a_net_alone_begins_a_run(self) -> None:
        for net, recipe in (
            (RECIPES["cnn"].network(), "cnn"),
            (RECIPES["softmax"].network(), "softmax"),
            (Network([Flatten(), Dense(45), Votes(10)], (28, 28, 1)), "mlp-30"),
            (Network.mlp([784, 2001, 10]), "mlp-30"),
        ):
            lab = new_lab()
            named = recipe if recipe == "softmax" else ""  # the others are told by their layers
            settings = lab.runs.reopen(saving.dumps(net, recipe=named))["settings"]
            assert settings["recipe"] == recipe
            assert lab.training.progress()["step"] == 0
            lab.training.step()
            lab.training.adjust({"learning_rate": 0.001})

    def test_a_run_of_other_examples_is_a_net(self) -> None:
        trainer = Trainer(Network.mlp([784, 10]), Adam(0.1), X[:50], LABELS[:50])
        trainer.run(epochs=1)
        lab = new_lab()
        remark = lab.runs.reopen(saving.dumps(trainer))["remark"]
        assert remark == "it learned from 50 other examples, so its training begins anew"
        assert lab.training.progress()["step"] == 0

    @pytest.mark.parametrize("format", saving.FORMATS)
    def test_a_run_without_its_optimizer_s_memory_is_a_net_and_says_so(self, format: str) -> None:
        lab = begun()
        header, arrays = npz.decode(lab.runs.save())
        few = {name: values for name, values in arrays.items() if name.startswith("p")}
        codec = import_module(f"nets_core.files.{format}")
        other = new_lab()
        opened = other.runs.reopen(codec.encode(Contents(header, few)))
        assert opened["remark"] == (
            "the file lacks what its optimizer remembers, so its training begins anew"
        )
        assert opened["progress"]["step"] == 0
        image = X[0] / 255
        np.testing.assert_array_equal(
            lab.reading.predict("live", pixels=image)["probabilities"],
            other.reading.predict("live", pixels=image)["probabilities"],
        )
        assert other.training.step()["step"] == 1
        assert new_lab().runs.reopen(lab.runs.save())["remark"] == ""

    def test_other_programs_metadata_stay_in_the_file(self) -> None:
        texts = {"modelspec.title": "my net", "author": "é"}
        header, arrays = npz.decode(begun().runs.save())
        data = safetensors.encode(Contents({**header, "metadata": texts}, arrays))
        for format in saving.FORMATS:
            lab = new_lab()
            lab.runs.reopen(data)
            lab.training.step()
            assert saving.header_of(lab.runs.save(format))["metadata"] == texts
            lab.training.train(SETTINGS)
            assert "metadata" not in saving.header_of(lab.runs.save(format))

    def test_a_net_of_something_else_is_refused(self) -> None:
        lab = begun()
        data = saving.dumps(Network.mlp([3, 2]))
        for method in (lab.runs.inspect, lab.runs.reopen):
            with pytest.raises(ValueError, match="reads 3 numbers"):
                method(data)
        trainer = Trainer(Network.mlp([784, 3]), Adam(0.1), X, LABELS % 3)
        with pytest.raises(ValueError, match="answers with 3"):
            lab.runs.reopen(saving.dumps(trainer))
        assert lab.training.step()["step"] == 38
        assert lab.runs.inspect(lab.runs.save()) == {"title": "784-12-10"}


@pytest.mark.parametrize(
    "notes",
    [
        {"settings": 5},
        {"settings": []},
        {"curves": []},
        {"curves": {"steps": {"points": "abc", "each": 1, "sums": [0, 0, 0], "open": 0}}},
        {"curves": {"steps": 5, "evaluations": []}},
        {
            "curves": {
                "steps": {"points": [5], "each": 1, "sums": [0, 0, 0], "open": 0},
                "evaluations": [],
            }
        },
        {"settings": {"colour": 1}},
        {"settings": {"epochs": -1}},
        {"settings": {"epochs": 10**400}},
        {"settings": {"learningRate": 10**400}},
        {"settings": {"learning_rate": 0.1}},
        {"curves": 5},
        {"curves": {}},
        {"curves": {"steps": {"points": [[1, 2]], "each": 1, "open": []}, "evaluations": []}},
        {
            "curves": {
                "steps": {"points": [[0, 0, 0]] * 400, "each": 1, "open": []},
                "evaluations": [],
            }
        },
        {"curves": {"steps": {"points": [], "each": 1, "open": [[0, 0, 0]]}, "evaluations": []}},
        {"curves": {"steps": {"points": [], "each": 0, "open": []}, "evaluations": []}},
        {"curves": {"steps": {"points": [], "each": 1, "open": []}, "evaluations": [["a", 1, 2]]}},
        {"curves": {"steps": {"points": [], "each": 1, "open": []}, "evaluations": "abc"}},
    ],
    ids=str,
)
def test_damaged_notes_are_refused_in_a_sentence(notes: dict[str, Any]) -> None:
    trainer = Trainer(Network.mlp([784, 10]), Adam(0.1), X, LABELS)
    refused_in_a_sentence(saving.dumps(trainer, notes=notes))


@pytest.mark.parametrize("value", [None, True, -1, 0.5, "x", 10**400, [], ["x"], {}, {"a": "x"}])
@pytest.mark.parametrize("name", ["training", "notes", "augmentation", "examples", "rotation"])
def test_damaged_runs_are_refused_in_a_sentence(name: str, value: Any) -> None:
    """Values of another type than every part of a header that the page reads."""
    distortion = Distortion(rotation=0.3)
    trainer = Trainer(Network.mlp([784, 10]), Adam(0.1), X, LABELS, augment=distortion)
    header, arrays = npz.decode(saving.dumps(trainer))
    run = header["training"]
    at = {"rotation": run["augmentation"], "augmentation": run, "examples": run}.get(name, header)
    if (name, value) in (("augmentation", None), ("notes", {}), ("notes", {"a": "x"})) or (
        (name, value) == ("rotation", 0.5)
    ):
        return  # a run without distortions, notes of none of ours, another distortion
    at[name] = value
    refused_in_a_sentence(npz.encode(Contents(header, arrays)))


def refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]{15,400}$") as caught:
        new_lab().runs.reopen(data)
    python_s_own = r"'\w+' object|\w+\(\)|argument|NoneType|iterable|to unpack|indices|^'\w+'$"
    assert not re.search(python_s_own, str(caught.value))


def test_more_than_is_read_again_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "MOST_BYTES", 50_000)
    lab = begun()
    for ask in (lab.runs.save, lab.runs.autosave):
        with pytest.raises(ValueError, match="nothing is saved"):
            ask()


def test_kept_at_rest_in_the_midst_of_an_evaluation_only_that_is_lost() -> None:
    whole = begun(0)
    found = []
    while whole.training.work(0) != "done":
        state = whole.runs.autosave(resting=True)
        assert state is not None
        if whole.runs.autosave() is None:
            found.append(state["data"])
    assert len(found) >= 12
    for data in found:
        other = new_lab()
        other.runs.reopen(data)
        finish(other)
        assert other.training.progress()["step"] == whole.training.progress()["step"]
        assert (
            other.training.progress()["test_accuracy"] == whole.training.progress()["test_accuracy"]
        )
        for p, q in zip(
            saving.loads(other.runs.save()).parameters(),
            saving.loads(whole.runs.save()).parameters(),
            strict=True,
        ):
            np.testing.assert_array_equal(p, q)
