"""One traced step: its numbers and the lines it points to are those of training."""

from __future__ import annotations

import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nets_core
from nets_core import SGD, Adam, Network
from nets_core.layers import Conv2D, Dense, Flatten
from nets_core.optimizers import Optimizer
from nets_core.page import bugs
from nets_core.study import trace
from nets_core.study.sources import text_of
from nets_core.study.step_trace import StepTrace

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
    kept = {"m": "mean", "v": "square"} if optimizer.name == "adam" else {}
    assert {key[1] for key in found if key[0] == "update"} == {"w", "b", *kept}
    for symbol, name in kept.items():
        for layer in range(2, len(net.layers) + 2):
            np.testing.assert_array_equal(
                found["update", symbol, layer], optimizer.state[name][2 * layer - 4]
            )
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
        "dw": "matmul_tn(delta, self.a_in)",
        "update": "p ← p − η g",
    }
    divided = "delta = delta / len(delta)"  # where the mean is made: shown with both gradients
    for stage in trace.step(net, X, np.eye(3)[[0]], SGD(1)):
        place = stage.source
        lines = (folder / place.file).read_text().splitlines()
        assert place.begin <= place.first <= place.last <= place.end
        assert lines[place.begin - 1].strip().startswith("def ")
        marked = "\n".join(lines[place.first - 1 : place.last])
        assert expected[stage.equation] in marked
        assert (divided in marked) == (stage.equation in ("db", "dw"))
        assert text_of(place.file).splitlines() == lines


def test_a_net_of_other_layers_is_refused() -> None:
    net = Network([Conv2D(2, 2), Flatten(), Dense(3)], (3, 2, 1))
    with pytest.raises(ValueError, match="only nets of dense layers"):
        trace.step(net, X, np.eye(3)[[0]], SGD(1))


class TestStepTrace:
    def test_one_weight_is_followed_by_the_numbers_of_the_equations(self, net: Network) -> None:
        lesson = StepTrace(net, X, [1], SGD(0.25))
        found = quantities(trace.step(net, X, np.eye(3)[[1]], SGD(0.25)))
        top = len(net.layers) + 1
        for layer in range(2, top + 1):
            w = net.layers[layer - 2].parameters()[0]
            j, k = w.shape[0] - 1, w.shape[1] - 2
            path = lesson.follow(layer, j, k)
            assert path.w == w[j, k]
            assert path.a_in == found["input" if layer == 2 else "a", "a", layer - 1][0, k]
            delta = found["delta_output" if layer == top else "delta", "delta", layer][0, j]
            assert path.actual == {
                "z": found["z", "z", layer][0, j],
                "a": found["a", "a", layer][0, j],
                "delta": delta,
                "dw": found["dw", "dw", layer][j, k],
                "update": found["update", "w", layer][j, k],
            }
            assert path.expected == path.actual
            assert path.departures == {}
            assert path.actual["z"] == pytest.approx(path.w * path.a_in + path.rest)
            assert path.actual["dw"] == pytest.approx(path.a_in * delta)
            assert path.actual["update"] == pytest.approx(path.w - 0.25 * path.actual["dw"])
            if not np.isnan(path.slope):
                assert path.slope == path.code_slope
            if layer < top or path.loss == "mse":
                assert delta == pytest.approx(path.error * path.slope)

    def test_it_stays_what_it_was_when_the_net_goes_on(self, net: Network) -> None:
        lesson = StepTrace(net, X, [1], SGD(0.25))
        before = lesson.follow(2, 0, 0)
        for p in net.parameters():
            p += 1
        net.forward(np.zeros((2, 6)))
        after = lesson.follow(2, 0, 0)
        for name, number in asdict(before).items():
            np.testing.assert_array_equal(asdict(after)[name], number)

    def test_the_check_finds_backward_right(self, net: Network) -> None:
        checked = StepTrace(net, X, [1], SGD(0.25)).check(entries=8)
        assert checked["right"] is True
        assert [array["checked"] for array in checked["arrays"]] == [
            min(8, p.size) for p in net.parameters()
        ]
        for array in checked["arrays"]:
            assert array["histogram"].sum() == array["checked"]
            assert array["error"] < 1e-6

    def test_the_check_finds_a_planted_bug(self, net: Network) -> None:
        lesson = StepTrace(net, X, [1], SGD(0.25))
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
        lesson = StepTrace(Network.mlp([6, 5, 3]), X.astype(np.float32), [1], SGD(1))
        with pytest.raises(ValueError, match=message):
            lesson.follow(*place)

    def test_a_label_that_the_net_has_not(self) -> None:
        with pytest.raises(ValueError, match="labels holds 3, expected 0 to 2"):
            StepTrace(Network.mlp([6, 3]), X.astype(np.float32), [3], SGD(1))


def by_loops(
    net: Network, x: np.ndarray, y: np.ndarray
) -> tuple[list[list[list[float]]], list[np.ndarray]]:
    """δ^l_j of every example and the mean of a^{l-1}_k δ^l_j, from the formulas, without matrices.

    The activations are the net's own; σ' and ∇C are finite differences of σ and of the cost.
    """
    eps = 1e-6
    weights = [layer.parameters()[0] for layer in net.layers]
    deltas: list[list[list[float]]] = [[] for _ in weights]
    means = [np.zeros(w.shape) for w in weights]
    for example, target in zip(x, y, strict=True):
        net.forward(example[np.newaxis])
        a = [example, *(layer.a[0].copy() for layer in net.layers)]
        z = [layer.z.copy() for layer in net.layers]
        top = net.layers[-1]

        def cost(z_top: np.ndarray, top: Any = top, target: Any = target) -> float:
            return net.loss.cost(z_top, top.activation.function(z_top.copy()), target[np.newaxis])

        delta = []
        for j in range(net.outputs):
            nudge = np.zeros((1, net.outputs))
            nudge[0, j] = eps
            delta.append((cost(z[-1] + nudge) - cost(z[-1] - nudge)) / (2 * eps))
        for l in range(len(weights) - 1, -1, -1):  # noqa: E741 — the book's letter
            deltas[l].append(delta)
            for j in range(weights[l].shape[0]):
                for k in range(weights[l].shape[1]):
                    means[l][j, k] += a[l][k] * delta[j] / len(x)
            if l:
                sigma = net.layers[l - 1].activation.function
                slope = (sigma(z[l - 1] + eps) - sigma(z[l - 1] - eps))[0] / (2 * eps)
                delta = [
                    sum(weights[l][i, j] * delta[i] for i in range(len(delta))) * slope[j]
                    for j in range(len(slope))
                ]
    return deltas, means


class TestMiniBatch:
    LABELS = (2, 0, 1, 1)

    @pytest.fixture
    def batch(self) -> np.ndarray:
        return np.random.default_rng(5).random((4, 6))

    def test_the_errors_are_each_examples_and_the_gradients_are_means(
        self, net: Network, batch: np.ndarray
    ) -> None:
        deltas, means = by_loops(net, batch, np.eye(3)[list(self.LABELS)])
        lesson = StepTrace(net, batch, self.LABELS, SGD(0.25)).plain()
        assert lesson["examples"] == 4
        results = {
            (one["symbol"], one["layer"]): one
            for stage in lesson["stages"]
            for one in stage["result"]
            if stage["equation"] != "update"
        }
        for layer, (delta, mean) in enumerate(zip(deltas, means, strict=True), start=2):
            found = results["delta", layer]
            assert found["rows"] == 4
            np.testing.assert_allclose(found["values"].reshape(4, -1), delta, rtol=1e-5, atol=1e-7)
            np.testing.assert_allclose(found["largest"], np.abs(delta).max(axis=1), rtol=1e-5)
            found = results["dw", layer]
            assert found["rows"] == 1
            np.testing.assert_allclose(found["values"], mean.ravel(), rtol=1e-5, atol=1e-7)
            bias = np.mean(delta, axis=0)
            np.testing.assert_allclose(results["db", layer]["values"], bias, rtol=1e-5, atol=1e-7)
        costs = [
            StepTrace(net, batch[[i]], [label], SGD(1)).plain()["stages"]
            for i, label in enumerate(self.LABELS)
        ]
        alone = [
            float(one["values"][0])
            for stages in costs
            for stage in stages
            for one in stage["result"]
            if one["symbol"] == "C"
        ]
        assert results["C", len(net.layers) + 1]["values"] == pytest.approx([sum(alone) / 4])

    def test_a_weights_gradient_is_the_mean_of_what_the_examples_say(
        self, net: Network, batch: np.ndarray
    ) -> None:
        lesson = StepTrace(net, batch, self.LABELS, SGD(0.25))
        alone = [
            StepTrace(net, batch[[i]], [label], SGD(0.25)) for i, label in enumerate(self.LABELS)
        ]
        for layer in range(2, len(net.layers) + 2):
            chains = [lesson.follow(layer, 1, 2, example) for example in range(4)]
            for one, single in zip(chains, alone, strict=True):
                expected = single.follow(layer, 1, 2)
                for name in ("a_in", "w", "rest", "slope", "error"):
                    mine, theirs = getattr(one, name), getattr(expected, name)
                    assert mine == pytest.approx(theirs, nan_ok=True)
                for name in ("z", "a", "delta"):
                    assert one.actual[name] == pytest.approx(expected.actual[name])
                products = [other.follow(layer, 1, 2).actual["dw"] for other in alone]
                assert list(one.products) == pytest.approx(products)
                assert one.actual["dw"] == pytest.approx(sum(products) / 4)
                assert one.actual["update"] == pytest.approx(one.w - 0.25 * sum(products) / 4)

    def test_the_telling_weight_has_the_largest_gradient(
        self, net: Network, batch: np.ndarray
    ) -> None:
        neuron, source = StepTrace(net, batch, self.LABELS, SGD(1)).plain()["telling"]
        gradient = np.abs(net.backward(batch, np.eye(3)[list(self.LABELS)])[1][0])
        assert gradient[neuron, source] == gradient.max()

    def test_an_example_that_is_not_there(self, batch: np.ndarray) -> None:
        lesson = StepTrace(Network.mlp([6, 3]), batch.astype(np.float32), self.LABELS, SGD(1))
        with pytest.raises(ValueError, match="example is 4, expected 0 to 3"):
            lesson.follow(2, 0, 0, 4)

    def test_each_example_needs_a_label(self, batch: np.ndarray) -> None:
        with pytest.raises(ValueError, match=r"labels has shape \(2,\), expected \(4,\)"):
            StepTrace(Network.mlp([6, 3]), batch.astype(np.float32), [0, 1], SGD(1))


@pytest.mark.parametrize("file", ["../pyproject.toml", "nothing.py", "network.pyc", ""])
def test_only_modules_of_the_library_have_a_source(file: str) -> None:
    with pytest.raises(ValueError, match="expected a module of nets_core"):
        text_of(file)


class TestChangedCode:
    """A net with a changed function is traced through that function."""

    def test_the_changed_line_is_the_one_that_is_shown(self) -> None:
        net = bugs.broken(Network.mlp([6, 5, 3], dtype=np.float64), "summed")
        stages = trace.step(net, X, np.eye(3)[[1]], SGD(0.25))
        [place] = {stage.source for stage in stages if stage.equation == "dw"}
        text = text_of(place.file)
        assert "len(delta)" not in text
        assert "matmul_tn" in text.splitlines()[place.first - 1]
        unchanged = {stage.source.file for stage in stages if stage.equation == "z"}
        assert unchanged == {"layers.py"}

    def test_a_summed_gradient_is_as_many_times_the_mean_as_there_are_examples(self) -> None:
        whole = Network.mlp([6, 5, 3], dtype=np.float64)
        x, y = np.random.default_rng(3).random((4, 6)), np.eye(3)[[0, 2, 1, 1]]
        right = quantities(trace.step(whole, x, y, SGD(0.25)))
        wrong = quantities(trace.step(bugs.broken(whole, "summed"), x, y, SGD(0.25)))
        for key, values in right.items():
            factor = 4 if key[0] in ("dw", "db") else 1
            if key[0] != "update":
                np.testing.assert_allclose(wrong[key], factor * values, rtol=1e-12)

    @pytest.mark.parametrize("name", bugs.FOLLOWED)
    def test_the_check_sees_it_and_the_net_itself_stays_whole(self, name: str) -> None:
        net = Network.mlp([6, 5, 3], dtype=np.float64)
        before = [p.copy() for p in net.parameters()]
        x = np.random.default_rng(3).random((4, 6))
        assert (
            StepTrace(bugs.broken(net, name), x, [0, 2, 1, 1], SGD(0.25)).check(8)["right"] is False
        )
        assert StepTrace(net, x, [0, 2, 1, 1], SGD(0.25)).check(8)["right"] is True
        for p, kept in zip(net.parameters(), before, strict=True):
            assert np.array_equal(p, kept)

    def test_a_bug_that_shows_in_no_single_step_is_refused(self) -> None:
        with pytest.raises(ValueError, match="bug is 'off-by-one', expected one of"):
            bugs.broken(Network.mlp([6, 3]), "off-by-one")
