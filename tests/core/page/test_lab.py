"""The lab: it finds services, translates names, and reports errors as values."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest

from nets_core.page import lab as lab_module
from nets_core.page.lab import Lab
from tests.core.page.conftest import SETTINGS, cnn, error, image_of, value

NEED_NOTHING = (
    "computing.in_use", "computing.use_numpy", "models.pictures", "playground.choices",
    "playground.costs", "playground.curves", "playground.export", "playground.points",
    "playground.step", "playground.view", "runs.autosave", "training.choices", "training.curves",
    "training.progress", "training.reset", "training.step", "workshop.bugs", "workshop.targets",
)  # fmt: skip


def public(lab: Lab) -> Iterator[str]:
    """The name of every method that a page can call."""
    for service in (*lab_module.SHARED, *lab_module.OWN):
        client = lab if service in lab_module.SHARED else lab._client("")
        for name, method in vars(type(getattr(client, service))).items():
            if isinstance(method, FunctionType) and not name.startswith("_"):
                yield f"{service}.{name}"


def test_a_value_or_an_error_of_a_kind(lab: Lab) -> None:
    assert lab.call("training.progress", {}) == {"value": {"state": "idle", "message": ""}}
    assert lab.call("reading.predict", {"model": "none", "pixels": image_of(1)})["error"] == {
        "type": "ValueError",
        "message": error(lab, "reading.predict", model="none", pixels=image_of(1)),
    }


@pytest.mark.parametrize(
    "method",
    [
        "call", "_net", "__init__", "__class__", "nothing", "", "models", "leave", "progress",
        "_live.begin", "models.__getitem__", "models._nets", "mnist.loaded", "steps._trace",
        "none.predict", "models.none", "training.live.begin", ".", "models.",
    ],
)  # fmt: skip
def test_what_is_not_public_cannot_be_called(lab: Lab, method: str) -> None:
    assert "no method" in error(lab, method)


def test_wrong_arguments_are_errors_and_not_exceptions(lab: Lab) -> None:
    methods = sorted(public(lab))
    assert len(methods) > 40
    for method in methods:
        if method not in NEED_NOTHING:
            error(lab, method)
        error(lab, method, colour="red")
    for method, arguments in [
        ("mnist.set_available", {"images": "all"}), ("mnist.set_available", {"images": -1}),
        ("mnist.set_available", {"images": 1.5}),
        ("mnist.allocate", {"counts": {"train": -1}}),
        ("mnist.allocate", {"counts": {"train": 1.5}}),
        ("mnist.buffer", {"name": "kitchen"}), ("mnist.buffer", {"name": ["train-images"]}),
        ("training.work", {"milliseconds": "long"}),
        ("models.open", {"model": "x", "data": b"nothing"}),
        ("models.open", {"model": "x", "data": "text"}), ("runs.save", {}),
        ("training.adjust", {"settings": {"l2": 1}}), ("models.pictures", {"model": "live"}),
        ("training.train", {"settings": {"hidden": 5}}),
    ]:  # fmt: skip
        error(lab, method, **arguments)


def test_what_a_client_has_for_itself_is_forgotten_when_it_leaves(lab: Lab) -> None:
    def call(method: str, client: str, **arguments: Any) -> Any:
        return lab.call(method, arguments, client)

    for client in ("one", "other"):
        call("steps.trace", client, model="fresh", labels=[3], rate=1.0, pixels=image_of(3))
        assert "value" in call("playground.choices", client)
    held = weakref.ref(lab._client("one").playground)
    lab.leave("one")
    gc.collect()
    assert held() is None
    weight = {"layer": 2, "neuron": 0, "source": 0}
    assert "error" in call("steps.follow", "one", **weight)
    assert "value" in call("steps.follow", "other", **weight)


def test_nets_and_the_net_in_training_are_common_to_all_clients(lab: Lab) -> None:
    value(lab, "models.open", model="cnn", data=cnn())
    value(lab, "training.train", settings=SETTINGS)
    for model in ("cnn", "live"):
        arguments = {"model": model, "pixels": image_of(3)}
        assert "value" in lab.call("reading.predict", arguments, "another")


def test_names_are_the_pages_on_its_side(lab: Lab) -> None:
    made = value(lab, "training.train", settings={"learningRate": 0.25, "batchSize": 20})
    assert (made["settings"]["learningRate"], made["settings"]["batchSize"]) == (0.25, 20)
    assert {"trainAccuracy", "testAccuracy", "examplesPerSecond"} < set(made["progress"])
    assert "batchSize is 0" in error(lab, "training.train", settings={"batchSize": 0})
    message = error(lab, "training.train", settings={"learning_rate": 0.25})
    assert message == "setting is 'learning_rate', expected 'learningRate'"


def test_a_message_that_quotes_much_is_cut(lab: Lab) -> None:
    many = {f"key {i}": i for i in range(20_000)}
    for settings in ({"recipe": many}, {"hidden": many}, {"x" * 100_000: 1}, {"epochs": many}):
        assert "expected" in error(lab, "training.check", settings=settings)  # a sentence, in short
    assert "has no method" in error(lab, "x." + "x" * 100)
    assert "has no method" in error(lab, "training." + "x" * 100_000)


def test_a_first_prediction_imports_no_more_than_it_needs(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [f"nets_core.page.{name}" for name in ("examination", "steps", "workshop", "bugs")]
    late += ["nets_core.playground.playground", "nets_core.study.step_trace"]
    for name in late:
        monkeypatch.setitem(sys.modules, name, None)  # whoever imports it raises ImportError
    fresh = Lab()
    value(fresh, "models.open", model="cnn", data=cnn())
    for method in ("reading.predict", "reading.activations"):
        value(fresh, method, model="cnn", pixels=image_of(3))
    value(fresh, "reading.compare", models=["cnn"], pixels=image_of(3))
    for method in ("choices", "progress", "curves", "reset"):
        value(fresh, f"training.{method}")
    value(fresh, "computing.in_use")
    assert value(fresh, "runs.autosave") is None
    with pytest.raises(ImportError):
        fresh.call("steps.source", {"file": "network.py"})
