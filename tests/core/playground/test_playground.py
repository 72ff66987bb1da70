"""The playground as a page asks for it: through the Lab, by name, in plain values."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nets_core import gradcheck
from nets_core.initializers import INITIALIZERS
from nets_core.layers import Dropout
from nets_core.page.lab import Lab
from nets_core.page.names import from_page, to_page
from nets_core.playground import plane
from nets_core.playground.world import ADJUSTABLE, DATA, HIDDEN, World

TANH = {"neurons": 3, "activation": "tanh", "dropout": 0.0}
SMALL = {"samples": 40, "layers": [TANH], "data": "xor", "seed": 3}
LONG = 1e9
"""Milliseconds that no test takes."""


class Page:
    """Calls as the page's; an answer that is refused is raised."""

    def __init__(self, **settings: Any) -> None:
        self.lab = Lab()
        self.settings = self("make", settings=settings)

    def __call__(self, method: str, **arguments: Any) -> Any:
        answer = self.lab.call(f"playground.{method}", arguments)
        if "error" in answer:
            errors = {"ValueError": ValueError, "TypeError": TypeError}
            raise errors[answer["error"]["type"]](answer["error"]["message"])
        return answer["value"]


def train(page: Page, epochs: float) -> Any:
    return page("advance", epochs=epochs, milliseconds=LONG)


def same_costs(one: Page, other: Page) -> bool:
    return np.array_equal(one("costs"), other("costs"))


# --- settings


def test_the_first_prediction_does_not_import_the_playground() -> None:
    lab = Lab()
    assert not lab._clients
    assert "value" in lab.call("playground.choices", {})
    assert lab.call("playground._begin", {})["error"]["type"] == "TypeError"


def test_choices_are_what_settings_take() -> None:
    choices = Page()("choices")
    assert choices["data"]["classification"] == [
        "circle", "xor", "gaussian", "spiral", "moons", "points", "formula",
    ]  # fmt: skip
    assert choices["data"]["regression"] == ["plane", "hills", "points", "formula"]
    assert choices["features"] == ["x1", "x2", "x1^2", "x2^2", "x1x2", "sin(x1)", "sin(x2)"]
    assert choices["initializers"] == list(INITIALIZERS)
    assert "softmax" not in choices["activations"]
    assert choices["limits"] == {"layers": 6, "neurons": 8, "samples": 500, "points": 500}
    assert Page().settings == choices["defaults"]


def test_every_setting_reaches_the_world() -> None:
    given = {
        "problem": "regression", "data": "formula", "samples": 50, "noise": 0.1, "share": 0.2,
        "seed": 5, "points": [[1.0, 2.0, 0.5]], "formula": "x * y",
        "features": ["x1", "sin(x2)", "x1x2"],
        "layers": [
            {"neurons": 5, "activation": "relu", "dropout": 0.25},
            {"neurons": 2, "activation": "swish", "dropout": 0.0},
        ],
        "initializer": "he", "optimizer": "adam", "learningRate": 0.01, "l1": 0.001, "l2": 0.002,
        "batchSize": 4, "edits": [[0, 1, 2, 0.5], [2, 0, -1, -1.5]],
    }  # fmt: skip
    chosen = World.from_plain(from_page(given))
    assert to_page(chosen.plain()) == given
    assert Page(**given).settings == given
    net = chosen.network()
    assert net.dtype == np.float64
    assert [layer.kind for layer in net.layers] == ["dense", "dropout", "dense", "dense"]
    assert [p.shape for p in net.parameters()] == [(5, 3), (5,), (2, 5), (2,), (1, 2), (1,)]
    assert [layer.activation.name for layer in net.layers] == [
        "relu", "identity", "swish", "identity",
    ]  # fmt: skip
    assert (net.loss.name, net.initializer, net.seed) == ("mse", "he", 5)
    assert net.parameters()[0][1, 2] == 0.5
    assert net.parameters()[5][0] == -1.5
    train, test = chosen.parts()
    assert (len(train.x), len(test.x)) == (10, 40)
    trainer = chosen.trainer(net, chosen.make_optimizer(), train)
    assert (trainer.l1, trainer.l2, trainer.batch_size, trainer.seed) == (0.001, 0.002, 4, 5)
    assert (trainer.optimizer.name, trainer.optimizer.learning_rate) == ("adam", 0.01)


WRONG: list[tuple[str, Any]] = [
    ("problem", "clustering"), ("data", "cube"), ("data", "hills"), ("samples", 1),
    ("samples", 501), ("samples", 10.5), ("noise", 0.6), ("noise", -0.1), ("noise", "0"),
    ("share", 0.05), ("share", 0.95), ("seed", -1), ("formula", 5), ("formula", "x" * 200),
    ("features", []), ("features", ["x3"]), ("features", ["x1", "x1"]), ("features", "x1"),
    ("layers", [TANH] * 7), ("layers", [{"neurons": 9}]), ("layers", [{"neurons": 0}]),
    ("layers", [{"activation": "softmax"}]), ("layers", [{"dropout": 0.95}]), ("layers", [4]),
    ("layers", [{"units": 4}]), ("layers", 3), ("initializer", "ones"), ("optimizer", "lbfgs"),
    ("learningRate", 0), ("learningRate", math.inf), ("l1", -1), ("l2", "0"), ("batchSize", 0),
    ("points", [[0, 0]]), ("points", [[7, 0, 1]]), ("points", [[0, 0, 1]] * 501), ("points", 3),
    ("edits", [[0, 0, 0]]), ("edits", [[9, 0, 0, 1.0]]), ("edits", [[0, 9, 0, 1.0]]),
    ("edits", [[0, 0, 2, 1.0]]), ("edits", [[0, 0, -2, 1.0]]), ("edits", [[0, 0, 0, 101]]),
    ("edits", [[0.5, 0, 0, 1.0]]), ("edits", [[0, 0, 0, math.nan]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: str(value)[:30])
def test_a_wrong_setting_is_named_and_changes_nothing(name: str, value: Any) -> None:
    page = Page(**SMALL)
    before = train(page, 1)
    with pytest.raises((ValueError, TypeError)) as caught:
        page("make", settings={name: value})
    message = str(caught.value)
    assert name.removesuffix("s") in message
    assert message.count("\n") == 0
    after = page("view")
    assert after["step"] == before["step"] > 0
    np.testing.assert_array_equal(after["pictures"], before["pictures"])


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        Page(colour="red")


@pytest.mark.parametrize(
    ("problem", "value", "right"),
    [
        ("classification", 1, True), ("classification", 0.5, False), ("classification", -1, False),
        ("regression", 0.5, True), ("regression", -1, True), ("regression", 1.5, False),
    ],
)  # fmt: skip
def test_a_point_s_value_goes_with_the_problem(problem: str, value: float, right: bool) -> None:
    page = Page(problem=problem, data="points")
    if right:
        assert page("place", x1=0, x2=0, value=value)["points"] == [[0, 0, value]]
        return
    with pytest.raises(ValueError, match="value of a point"):
        page("place", x1=0, x2=0, value=value)
    with pytest.raises(ValueError, match="value of a point"):
        Page(problem=problem, data="points", points=[[0, 0, value]])


def test_what_the_data_does_not_use_may_stay() -> None:
    Page(data="circle", formula="y^", points=[[0, 0, 0.5]])
    with pytest.raises(ValueError, match="formula"):
        Page(data="formula", formula="y^")


# --- points


@pytest.mark.parametrize(
    ("problem", "data"), [(problem, data) for problem in DATA for data in DATA[problem]]
)
def test_every_data_set_is_split_and_learned(problem: str, data: str) -> None:
    by_hand = [[-2, 1, 0], [2, 1, 1], [0, -2, 1]]
    page = Page(problem=problem, data=data, samples=50, share=0.3, points=by_hand)
    points = page("points")
    train_points, test_points = (points[name].reshape(-1, 2) for name in ("train", "test"))
    if data == "points":
        np.testing.assert_array_equal(train_points, np.array(by_hand)[:, :2])
        assert len(test_points) == 0
    else:
        assert (len(train_points), len(test_points)) == (15, 35)
    assert len(points["trainTargets"]) == len(train_points)
    assert len(points["testTargets"]) == len(test_points)
    if problem == "classification":
        assert set(points["trainTargets"]) <= {0.0, 1.0}
    first = page("view")
    last = train(page, 200)
    assert last["state"] == "ready"
    assert last["cost"] < 0.9 * first["cost"]
    assert (last["accuracy"] is None) == (problem == "regression")
    assert (last["testCost"] is None) == (data == "points")


def test_share_moves_the_border_and_not_the_points() -> None:
    halves, most = (Page(share=share, samples=60)("points") for share in (0.5, 0.9))
    np.testing.assert_array_equal(
        np.concatenate((halves["train"], halves["test"])),
        np.concatenate((most["train"], most["test"])),
    )
    assert (len(halves["trainTargets"]), len(most["trainTargets"])) == (30, 54)
    two = Page(samples=2, share=0.9)("points")
    assert len(two["trainTargets"]) == len(two["testTargets"]) == 1


def test_points_set_by_hand_are_learned_by_the_same_net() -> None:
    page = Page(data="points", layers=[TANH])
    view = page("step")
    assert view["step"] == 0
    assert view["cost"] is None
    assert page("curves")["epochs"].size == 0
    assert page("view", mode="gradient", density=4)["deltas"].size == 0
    page("place", x1=-1, x2=0.5, value=0)
    settings = page("place", x1=2, x2=-0.5, value=1)
    assert settings["points"] == [[-1, 0.5, 0], [2, -0.5, 1]]
    before = train(page, 5)
    settings = page("place", x1=5, x2=5, value=1)
    after = page("view")
    for layer, other in zip(before["layers"], after["layers"], strict=True):
        np.testing.assert_array_equal(layer["weights"], other["weights"])
    assert after["step"] == before["step"]
    assert after["epoch"] == before["epoch"]
    np.testing.assert_array_equal(page("points")["train"], [-1, 0.5, 2, -0.5, 5, 5])
    assert train(page, 1)["step"] == before["step"] + 1
    assert page("remove", x1=4, x2=4)["points"] == [[-1, 0.5, 0], [2, -0.5, 1]]
    assert Page(**page("remove", x1=-5, x2=0))("points")["train"].tolist() == [2, -0.5]
    page("remove", x1=0, x2=0)
    assert page("step")["step"] == before["step"] + 1
    assert page("view")["cost"] is None
    page("place", x1=1, x2=1, value=1)
    assert page("step")["step"] == before["step"] + 2
    page("remove", x1=0, x2=0)
    with pytest.raises(ValueError, match="no point"):
        page("remove", x1=0, x2=0)
    with pytest.raises(ValueError, match="by hand"):
        Page()("place", x1=0, x2=0, value=1)
    with pytest.raises(ValueError, match="x1 of a point"):
        page("place", x1=7, x2=0, value=1)


def test_points_placed_before_learning_are_as_if_there_from_the_start() -> None:
    placed, given = Page(data="points"), Page(data="points", points=[[-1, 0, 0], [2, 1, 1]])
    placed("place", x1=-1, x2=0, value=0)
    placed("place", x1=2, x2=1, value=1)
    for page in (placed, given):
        train(page, 3)
    assert same_costs(placed, given)
    np.testing.assert_array_equal(placed("curves")["costs"], given("curves")["costs"])


# --- learning


def test_an_epoch_is_its_updates() -> None:
    by_epoch, by_step, in_parts = Page(**SMALL), Page(**SMALL), Page(**SMALL)
    view = train(by_epoch, 2)
    assert (view["epoch"], view["step"]) == (2, 4)
    for step in range(4):
        view = by_step("step")
        assert view["step"] == step + 1
        assert view["epoch"] == (step + 1) / 2
    assert [train(in_parts, 0.5)["epoch"] for _ in range(4)] == [0.5, 1, 1.5, 2]
    assert len(by_epoch("costs")) == 4
    assert same_costs(by_epoch, by_step)
    assert same_costs(by_epoch, in_parts)
    assert train(by_epoch, 0)["step"] == 4
    late = by_epoch("advance", epochs=1000, milliseconds=0)
    assert late["step"] == 5


def test_curves_have_a_point_for_each_epoch() -> None:
    page = Page(**SMALL)
    costs = [page("view")["cost"]] + [train(page, 1)["cost"] for _ in range(3)]
    curves = page("curves")
    assert curves["epochs"].tolist() == [0, 1, 2, 3]
    assert curves["costs"].tolist() == costs
    assert curves["testCosts"][-1] == page("view")["testCost"]


def test_adjusting_goes_on_with_the_same_net() -> None:
    page, other = Page(**SMALL), Page(**SMALL)
    for each in (page, other):
        train(each, 2)
    changed = {"learningRate": 0.01, "l1": 0.1, "l2": 0.2, "batchSize": 7}
    assert set(from_page(changed)) == set(ADJUSTABLE)
    assert page("adjust", settings=changed) == page.settings | changed
    assert page("view")["step"] == 4
    train(page, 1)
    train(other, 1)
    assert page("view")["step"] == 4 + 3
    assert not same_costs(page, other)
    with pytest.raises(ValueError, match="seed cannot change"):
        page("adjust", settings={"seed": 1})
    with pytest.raises(ValueError, match="learningRate"):
        page("adjust", settings={"learningRate": -1})


def test_a_net_that_diverges_says_so_and_can_go_on() -> None:
    page = Page(problem="regression", learningRate=1e6, layers=[{"activation": "relu"}])
    view = train(page, 50)
    assert view["state"] == "diverged"
    assert "learning rate" in view["message"]
    assert train(page, 1)["step"] == view["step"]
    assert np.isfinite(np.concatenate([layer["weights"] for layer in view["layers"]])).all()
    page("adjust", settings={"learningRate": 0.01})
    after = train(page, 1)
    assert after["state"] == "ready"
    assert after["message"] == ""
    assert after["step"] > view["step"]


def test_weights_by_hand_before_learning_are_how_the_net_starts() -> None:
    page = Page(**SMALL)
    page("weight", layer=0, neuron=1, source=0, value=2)
    page("weight", layer=0, neuron=1, source=0, value=2.5)
    settings = page("weight", layer=1, neuron=0, source=-1, value=-1)
    assert settings["edits"] == [[0, 1, 0, 2.5], [1, 0, -1, -1.0]]
    view = page("view")
    assert view["layers"][0]["weights"][2] == 2.5
    assert view["layers"][1]["biases"][0] == -1
    again = Page(**settings)
    assert page("curves")["costs"].tolist() == again("curves")["costs"].tolist() == [view["cost"]]
    for each in (page, again):
        train(each, 2)
    assert same_costs(page, again)
    assert page("weight", layer=0, neuron=0, source=0, value=1)["edits"] == settings["edits"]
    assert page("view")["layers"][0]["weights"][0] == 1
    for place in ((2, 0, 0), (0, 3, 0), (0, 0, 2), (0, 0, -2)):
        with pytest.raises(ValueError, match="of an edit"):
            page("weight", **dict(zip(("layer", "neuron", "source"), place, strict=True)), value=1)


# --- the mathematics


@pytest.mark.parametrize("problem", DATA)
@pytest.mark.parametrize("activation", HIDDEN)
def test_gradients_against_finite_differences(problem: str, activation: str) -> None:
    chosen = World.from_plain(
        {
            "problem": problem,
            "data": "formula",
            "samples": 20,
            "features": ["x1", "x2", "x1x2"],
            "layers": [
                {"neurons": 5, "activation": activation, "dropout": 0.4},
                {"neurons": 4, "activation": activation, "dropout": 0.0},
            ],
        }
    )
    net, (part, _) = chosen.network(), chosen.parts()
    assert any(isinstance(layer, Dropout) for layer in net.layers)
    compared = list(gradcheck.compare(net, part.x, part.y))
    assert sum(len(c.entries) for c in compared) > sum(p.size for p in net.parameters()) / 2
    assert gradcheck.check(net, part.x, part.y) < 1e-6


WIDTH = 1e-4


@pytest.mark.parametrize("problem", DATA)
def test_what_flows_back_is_the_slope_of_the_cost(problem: str) -> None:
    page = Page(problem=problem, data="formula", samples=30, layers=[TANH, TANH])
    train(page, 2)
    layers = page("view")["layers"]
    flow = page("view", mode="gradient", density=4)
    assert "pictures" not in flow
    largest = 0.0
    for l, (layer, slopes) in enumerate(zip(layers, flow["layers"], strict=True)):  # noqa: E741
        sources = len(layer["weights"]) // len(layer["biases"])
        for j, bias in enumerate(layer["biases"]):
            row = [bias, *layer["weights"][j * sources : (j + 1) * sources]]
            found = [slopes["biases"][j], *slopes["weights"][j * sources : (j + 1) * sources]]
            for k, (value, slope) in enumerate(zip(row, found, strict=True)):
                costs = []
                for moved in (value + WIDTH, value - WIDTH, value):
                    page("weight", layer=l, neuron=j, source=k - 1, value=moved)
                    costs.append(page("view")["cost"])
                assert slope == pytest.approx((costs[0] - costs[1]) / (2 * WIDTH), abs=1e-7)
                largest = max(largest, abs(slope))
    assert flow["largest"]["weights"] == largest > 0.01
    deltas = flow["deltas"].reshape(7, 15)
    assert deltas.dtype == np.float32
    biases = np.concatenate([layer["biases"] for layer in flow["layers"]])
    np.testing.assert_allclose(deltas.mean(axis=1), biases, atol=1e-6)
    assert flow["largest"]["deltas"] == pytest.approx(np.abs(deltas).max())


def test_looking_does_not_change_what_is_learned() -> None:
    dropped = [{"neurons": 5, "dropout": 0.5}, {"neurons": 5, "dropout": 0.5}]
    looked, left = (Page(layers=dropped, samples=40) for _ in range(2))
    for _ in range(4):
        looked("view", mode="gradient", density=3)
        looked("view", mode="activations", density=7)
        looked("initial", activation="tanh", initializer="he", seed=0)
        for page in (looked, left):
            train(page, 1)
    assert same_costs(looked, left)
    assert looked("view")["cost"] == looked("view")["cost"]


WORLDS = st.fixed_dictionaries(
    {
        "problem": st.sampled_from(list(DATA)),
        "samples": st.integers(2, 60),
        "noise": st.floats(0, 0.5),
        "share": st.floats(0.1, 0.9),
        "seed": st.integers(0, 2**40),
        "points": st.lists(
            st.tuples(st.floats(-6, 6), st.floats(-6, 6), st.integers(0, 1)).map(list), max_size=5
        ),
        "features": st.lists(st.sampled_from(list(plane.FEATURES)), min_size=1, unique=True),
        "layers": st.lists(
            st.fixed_dictionaries(
                {
                    "neurons": st.integers(1, 8),
                    "activation": st.sampled_from(HIDDEN),
                    "dropout": st.sampled_from([0, 0.1, 0.9]),
                }
            ),
            max_size=6,
        ),
        "initializer": st.sampled_from(list(INITIALIZERS)),
        "optimizer": st.sampled_from(["sgd", "adam"]),
        "learningRate": st.floats(1e-6, 1e9),
        "l1": st.floats(0, 10),
        "l2": st.floats(0, 10),
        "batchSize": st.integers(1, 500),
    }
)


@given(WORLDS, st.data())
@settings(max_examples=60, deadline=None)
def test_any_world_learns_and_is_drawn_without_a_warning(chosen: Any, data: Any) -> None:
    chosen["data"] = data.draw(st.sampled_from(DATA[chosen["problem"]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = Page(**chosen)
        assert page.settings == {**page.settings, **chosen}
        view = train(page, 2)
        flow = page("view", mode="gradient", density=3)
        points = page("points")
        if points["trainTargets"].size:
            assert "Trainer(" in page("export")
    neurons = len(chosen["features"]) + sum(layer["neurons"] for layer in chosen["layers"]) + 1
    assert view["pictures"].shape == (neurons * 20**2,)
    assert view["pictures"].min() >= -127
    assert flow["deltas"].size % max(1, len(points["trainTargets"])) == 0
    assert view["state"] in ("ready", "diverged")
    assert (view["state"] == "diverged") == bool(view["message"])
    for layer in view["layers"]:
        assert np.isfinite(layer["weights"]).all()
    assert np.isfinite(page("costs")).all()


# --- pictures


def test_pictures_are_each_neuron_s_activation_over_the_plane() -> None:
    page = Page(
        features=["x1", "x2^2"],
        layers=[{"neurons": 2, "activation": "tanh"}, {"neurons": 2, "activation": "sigmoid"}],
        samples=40,
    )
    view = page("advance", epochs=3, milliseconds=LONG, density=4)
    pictures = view["pictures"].reshape(7, 4, 4)
    assert pictures.dtype == np.int8
    layers = [
        (layer["weights"].reshape(len(layer["biases"]), -1), layer["biases"])
        for layer in view["layers"]
    ]

    def sigmoid(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    for row, x2 in enumerate((4.5, 1.5, -1.5, -4.5)):
        for column, x1 in enumerate((-4.5, -1.5, 1.5, 4.5)):
            x = [x1, x2**2]
            (w1, b1), (w2, b2), (w3, b3) = layers
            hidden = [math.tanh(w @ x + b) for w, b in zip(w1, b1, strict=True)]
            second = [sigmoid(w @ hidden + b) for w, b in zip(w2, b2, strict=True)]
            output = sigmoid(w3[0] @ second + b3[0])
            scaled = [x1 / 4.5, x2**2 / 4.5**2, *hidden]
            scaled += [2 * a - 1 for a in (*second, output)]
            expected = 127 * np.array(scaled)
            np.testing.assert_allclose(pictures[:, row, column], expected, atol=0.51)


def test_what_has_no_bounds_is_scaled_by_its_largest() -> None:
    page = Page(problem="regression", layers=[{"neurons": 4, "activation": "relu"}], samples=40)
    pictures = page("view", density=16)["pictures"].reshape(7, 256)
    hidden = pictures[2:6]
    assert hidden.min() == 0
    assert (hidden.max(axis=1) == 127).all()
    page("weight", layer=1, neuron=0, source=-1, value=100)
    assert (page("view", density=16)["pictures"].reshape(7, 256)[6] == 127).all()
    for neuron in range(4):
        for source in (-1, 0, 1):
            page("weight", layer=0, neuron=neuron, source=source, value=0)
    assert (page("view", density=16)["pictures"].reshape(7, 256)[2:6] == 0).all()


@pytest.mark.parametrize("arguments", [{"mode": "weights"}, {"density": 0}, {"density": 10_000}])
def test_a_wrong_view_is_refused(arguments: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        Page()("view", **arguments)


def test_the_output_is_blue_where_its_class_is() -> None:
    page = Page(data="gaussian")
    picture = train(page, 30) and page("view", density=12)["pictures"].reshape(-1, 144)[-1]
    centre = np.where(plane.grid(12).sum(axis=1) > 0, -1, 1)  # class 0 is at the top right
    away = np.abs(plane.grid(12).sum(axis=1)) > 2
    assert (np.sign(picture) == centre)[away].all()


# --- how deep nets start


def test_an_initializer_s_signal_through_a_deep_net() -> None:
    page = Page()

    def layers(activation: str, initializer: str) -> Any:
        return page("initial", activation=activation, initializer=initializer, seed=1)["layers"]

    for activation in page("choices")["activations"]:
        for layer in layers(activation, "xavier"):
            assert sum(layer["counts"]) == 200 * 100
            assert layer["low"] < layer["high"]
            assert 0 <= layer["saturated"] <= 1
    drowned, kept = layers("relu", "small"), layers("relu", "he")
    assert len(kept) == 10
    assert drowned[-1]["deviation"] < 1e-3 * kept[-1]["deviation"]
    assert 0.3 < kept[-1]["deviation"] / kept[0]["deviation"] < 3
    assert layers("tanh", "normal")[-1]["saturated"] > 0.7
    assert layers("tanh", "xavier")[-1]["saturated"] < 0.1
    zeros = layers("relu", "zeros")[-1]
    assert (zeros["dead"], zeros["deviation"]) == (1, 0)
    assert layers("tanh", "xavier")[0]["dead"] == 0
    first = np.random.default_rng(1).standard_normal((100, 100)) * math.sqrt(2 / 100)
    inputs = np.random.default_rng(1).standard_normal((200, 100))
    a = np.maximum(inputs @ first.T, 0)
    assert kept[0]["mean"] == pytest.approx(a.mean())
    assert kept[0]["deviation"] == pytest.approx(a.std())
    a = 1 / (1 + np.exp(-inputs @ (first / math.sqrt(2)).T))
    flat = a * (1 - a) < 0.05 / 4  # a twentieth of σ'(0)
    assert layers("sigmoid", "xavier")[0]["saturated"] == pytest.approx(flat.mean(), abs=1e-3)
    with pytest.raises(ValueError, match="softmax"):
        layers("softmax", "he")
    with pytest.raises(ValueError, match="initializer"):
        layers("tanh", "ones")
