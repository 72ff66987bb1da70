"""One step, traced: the numbers are training's own, and so is the code that is pointed at."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nets_core
from nets_core import SGD, Adam, Network, trace
from nets_core.layers import Conv2D, Dense, Flatten
from nets_core.lesson import Lesson, source
from nets_core.optimizers import Optimizer

X = np.random.default_rng(0).random((1, 6))
NETS: dict[str, dict[str, Any]] = {
    "one layer": {"sizes": [6, 3]},
    "two layers": {"sizes": [6, 5, 3]},
    "three layers": {"sizes": [6, 5, 4, 3], "activation": "tanh"},
    "softmax": {"sizes": [6, 5, 3], "output": "softmax", "loss": "cross_entropy"},
    "cross-entropy": {"sizes": [6, 5, 3], "loss": "cross_entropy"},
}


@pytest.fixture(params=NETS, ids=list(NETS))
def net(request: pytest.FixtureRequest) -> Network:
    return Network.mlp(**NETS[request.param], seed=4, dtype=np.float64)


def quantities(stages: list[trace.Stage]) -> dict[tuple[str, str, int], np.ndarray]:
    return {
        (stage.equation, quantity.symbol, quantity.layer): quantity.values
        for stage in stages
        for quantity in stage.result
    }


@pytest.mark.parametrize("batch", [1, 4])
def test_it_is_what_backward_computes_to_the_last_bit(net: Network, batch: int) -> None:
    x = np.random.default_rng(1).random((batch, 6))
    y = np.eye(3)[np.arange(batch) % 3]
    cost, gradients = copy.deepcopy(net).backward(x, y)
    found = quantities(trace.step(net, x, y, SGD(0.5)))
    top = len(net.layers) + 1
    assert found["cost", "C", top] == cost
    for layer in range(2, top + 1):
        np.testing.assert_array_equal(found["dw", "dw", layer], gradients[2 * layer - 4])
        np.testing.assert_array_equal(found["db", "db", layer], gradients[2 * layer - 3])
    np.testing.assert_array_equal(found["a", "a", top], net.forward(x))


def test_each_quantity_follows_from_the_one_before_by_its_equation(net: Network) -> None:
    y = np.eye(3)[[1]]
    weights = [layer.parameters() for layer in net.layers]
    found = quantities(trace.step(net, X, y, SGD(0.5)))
    np.testing.assert_array_equal(found["input", "a", 1], X)
    before = X
    for layer, (w, b) in enumerate(weights, start=2):
        np.testing.assert_allclose(found["z", "z", layer][0], w @ before[0] + b)
        before = found["a", "a", layer]
        delta = found["delta_output" if layer == len(weights) + 1 else "delta", "delta", layer]
        np.testing.assert_allclose(found["db", "db", layer], delta[0])
        a = found["input" if layer == 2 else "a", "a", layer - 1]
        np.testing.assert_allclose(found["dw", "dw", layer], np.outer(delta[0], a[0]))


@pytest.mark.parametrize(
    "optimizer", [SGD(0.5), SGD(0.1, 0.9), Adam(0.01)], ids=["sgd", "momentum", "adam"]
)
def test_the_update_is_the_optimizers_and_changes_nothing_yet(
    net: Network, optimizer: Optimizer
) -> None:
    y = np.eye(3)[[2]]
    before = [p.copy() for p in net.parameters()]
    found = quantities(trace.step(net, X, y, optimizer))
    for p, q in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p, q)
    assert optimizer.steps == 0
    optimizer.update(net.parameters(), net.backward(X, y)[1])
    for layer in range(2, len(net.layers) + 2):
        w, b = net.layers[layer - 2].parameters()
        np.testing.assert_array_equal(found["update", "w", layer], w)
        np.testing.assert_array_equal(found["update", "b", layer], b)
    optimizer.steps = 0
    optimizer.state.clear()


def test_the_stages_are_in_the_order_of_the_algorithm() -> None:
    net = Network.mlp([6, 5, 4, 3])
    stages = trace.step(net, X, np.eye(3)[[0]], SGD(1))
    assert [(stage.equation, stage.layer) for stage in stages] == [
        ("input", 1),
        *[(name, layer) for layer in (2, 3, 4) for name in ("z", "a")],
        ("cost", 4),
        ("delta_output", 4),
        ("delta", 3),
        ("delta", 2),
        *[(name, layer) for layer in (2, 3, 4) for name in ("db", "dw")],
        *[("update", layer) for layer in (2, 3, 4)],
    ]


def test_the_source_is_the_line_that_did_it(net: Network) -> None:
    folder = Path(nets_core.__file__).parent
    expected = {
        "input": "reshape",
        "z": "matmul_nt",
        "a": "activation.function",
        "cost": "return",
        "delta_output": "return",
        "delta": "above.backward(delta) * layer.sigma_prime()",
        "db": "sum_rows(delta)",
        "dw": "matmul_tn",
        "update": "p ← p − η g",
    }
    for stage in trace.step(net, X, np.eye(3)[[0]], SGD(1)):
        place = stage.source
        lines = (folder / place.file).read_text().splitlines()
        assert place.begin <= place.first <= place.last <= place.end
        assert lines[place.begin - 1].strip().startswith("def ")
        assert expected[stage.equation] in "\n".join(lines[place.first - 1 : place.last])
        assert source(place.file).splitlines() == lines


def test_a_net_of_other_layers_is_refused() -> None:
    net = Network([Conv2D(2, 2), Flatten(), Dense(3)], (3, 2, 1))
    with pytest.raises(ValueError, match="only nets of dense layers"):
        trace.step(net, X, np.eye(3)[[0]], SGD(1))


class TestLesson:
    def test_one_weight_is_followed_by_the_numbers_of_the_equations(self, net: Network) -> None:
        lesson = Lesson(net, X, [1], SGD(0.25))
        found = quantities(trace.step(net, X, np.eye(3)[[1]], SGD(0.25)))
        top = len(net.layers) + 1
        for layer in range(2, top + 1):
            w, b = net.layers[layer - 2].parameters()
            j, k = w.shape[0] - 1, w.shape[1] - 2
            numbers = lesson.follow(layer, j, k)
            assert numbers["w"] == w[j, k]
            assert numbers["b"] == b[j]
            assert numbers["a_in"] == found["input" if layer == 2 else "a", "a", layer - 1][0, k]
            assert numbers["z"] == found["z", "z", layer][0, j]
            assert numbers["a"] == found["a", "a", layer][0, j]
            assert numbers["dw"] == found["dw", "dw", layer][j, k]
            assert numbers["dw"] == pytest.approx(numbers["a_in"] * numbers["delta"])
            assert numbers["w_new"] == pytest.approx(numbers["w"] - 0.25 * numbers["dw"])
            if not np.isnan(numbers["slope"]):
                assert numbers["delta"] == pytest.approx(numbers["error"] * numbers["slope"])

    def test_a_mini_batch_is_the_mean_of_its_examples(self, net: Network) -> None:
        x = np.random.default_rng(5).random((4, net.inputs)).astype(net.dtype)
        labels = [0, 2, 1, 2]
        lesson = Lesson(net, x, labels, SGD(0.25))
        alone = [Lesson(net, x[i : i + 1], [labels[i]], SGD(0.25)) for i in range(4)]
        for layer in range(2, len(net.layers) + 2):
            terms = []
            for i in range(4):
                numbers, own = lesson.follow(layer, 1, 2, example=i), alone[i].follow(layer, 1, 2)
                for key in ("a_in", "z", "a", "slope", "error", "delta"):
                    assert numbers[key] == pytest.approx(own[key], rel=1e-5, abs=1e-9, nan_ok=True)
                terms.append(own["a_in"] * own["delta"])
            assert numbers["examples"] == 4
            assert numbers["sum"] == pytest.approx(sum(terms), rel=1e-5, abs=1e-9)
            assert numbers["dw"] == pytest.approx(sum(terms) / 4, rel=1e-5, abs=1e-9)

    def test_each_example_is_shown_by_itself_and_the_gradient_for_all(self, net: Network) -> None:
        x = np.random.default_rng(5).random((4, net.inputs)).astype(net.dtype)
        lesson = Lesson(net, x, [0, 2, 1, 2], SGD(0.25))
        first, last = lesson.plain(0), lesson.plain(3)
        assert first["examples"] == 4
        assert list(first["labels"]) == [0, 2, 1, 2]
        for one, other in zip(first["stages"], last["stages"], strict=True):
            for a, b in zip(one["result"], other["result"], strict=True):
                same = np.array_equal(a["values"], b["values"])
                assert same == (a["symbol"] in ("w", "b", "dw", "db", "C")), a["symbol"]
        assert np.array_equal(last["stages"][0]["result"][0]["values"], x[3].astype(np.float32))
        with pytest.raises(ValueError, match="example is 4, expected 0 to 3"):
            lesson.plain(4)

    def test_it_stays_what_it_was_when_the_net_goes_on(self, net: Network) -> None:
        lesson = Lesson(net, X, [1], SGD(0.25))
        before = lesson.follow(2, 0, 0)
        for p in net.parameters():
            p += 1
        net.forward(np.zeros((2, 6)))
        assert lesson.follow(2, 0, 0) == pytest.approx(before, nan_ok=True)

    def test_the_check_finds_backward_right(self, net: Network) -> None:
        checked = Lesson(net, X, [1], SGD(0.25)).check(entries=8)
        assert checked["right"] is True
        assert [array["checked"] for array in checked["arrays"]] == [
            min(8, p.size) for p in net.parameters()
        ]
        for array in checked["arrays"]:
            assert array["histogram"].sum() == array["checked"]
            assert array["error"] < 1e-6

    def test_the_check_finds_a_planted_bug(self, net: Network) -> None:
        lesson = Lesson(net, X, [1], SGD(0.25))
        backward = type(net).backpropagate

        class Wrong(Network):
            def backpropagate(self, x: Any, y: Any) -> Any:
                cost, gradients = backward(self, x, y)
                return cost, [gradients[0] * 1.001, *gradients[1:]]

        net.__class__ = Wrong
        checked = lesson.check(entries=8)
        assert checked["right"] is False
        assert checked["arrays"][0]["error"] == pytest.approx(1e-3, rel=0.01)

    @pytest.mark.parametrize(
        ("place", "message"),
        [
            ((1, 0, 0), "layer is 1, expected 2 to"),
            ((9, 0, 0), "layer is 9, expected 2 to"),
            ((2, 99, 0), "neuron is 99, expected 0 to"),
            ((2, 0, -1), "source is -1, expected 0 or more"),
        ],
    )
    def test_a_weight_that_is_not_there(self, place: tuple[int, int, int], message: str) -> None:
        lesson = Lesson(Network.mlp([6, 5, 3]), X.astype(np.float32), [1], SGD(1))
        with pytest.raises(ValueError, match=message):
            lesson.follow(*place)

    def test_a_label_that_the_net_has_not(self) -> None:
        with pytest.raises(ValueError, match="labels holds 3, expected 0 to 2"):
            Lesson(Network.mlp([6, 3]), X.astype(np.float32), [3], SGD(1))


@pytest.mark.parametrize("file", ["../pyproject.toml", "nothing.py", "network.pyc", ""])
def test_only_modules_of_the_library_have_a_source(file: str) -> None:
    with pytest.raises(ValueError, match="expected a module of nets_core"):
        source(file)
