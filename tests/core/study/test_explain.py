"""What can be seen of a net: activations, evidence, and its answers to a test set."""

from __future__ import annotations

import numpy as np
import pytest

from nets_core import Network
from nets_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D, Votes
from nets_core.study.examination import Examination
from nets_core.study.explain import activations, evidence


def output_gap(net: Network, x: np.ndarray, digit: int, rival: int) -> float:
    net.propagate(x)
    z = net.layers[-1].z[0]
    return float(z[digit] - z[rival])


def test_evidence_of_a_linear_net_adds_up_to_the_gap_but_for_the_biases() -> None:
    net = Network.mlp([6, 4], output="softmax", loss="cross_entropy", seed=3, dtype=np.float64)
    x = np.random.default_rng(0).random((1, 6))
    biases = net.layers[0].parameters()[1]
    found = evidence(net, x, 2, 0)
    assert found.shape == (6,)
    assert found.sum() == pytest.approx(output_gap(net, x, 2, 0) - (biases[2] - biases[0]))


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "swish"])
def test_evidence_is_the_input_times_the_slope(hidden: str) -> None:
    layers = [Conv2D(3, 2, hidden), MaxPool2D(2), Flatten(), Dropout(0.5), Dense(3, "softmax")]
    net = Network(layers, (5, 5, 1), "cross_entropy", seed=1, dtype=np.float64)
    x = np.random.default_rng(1).random((1, 25))
    expected = []
    for k in range(25):
        step = np.zeros_like(x)
        step[0, k] = 1e-6
        slope = (output_gap(net, x + step, 1, 2) - output_gap(net, x - step, 1, 2)) / 2e-6
        expected.append(slope * x[0, k])
    np.testing.assert_allclose(evidence(net, x, 1, 2), expected, rtol=1e-5, atol=1e-9)


def test_evidence_of_votes_is_that_of_the_pairs_own_map() -> None:
    net = Network([Dense(6), Votes(4)], (5,), seed=2, dtype=np.float64)
    weights = net.layers[0].parameters()[0]
    x = np.random.default_rng(2).random((1, 5))
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    np.testing.assert_allclose(evidence(net, x, 1, 3), weights[pairs.index((1, 3))] * x[0])
    np.testing.assert_allclose(evidence(net, x, 3, 1), -weights[pairs.index((1, 3))] * x[0])


def test_activations_are_those_of_the_layers_one_map_after_the_other() -> None:
    layers = [Conv2D(2, 2), MaxPool2D(2), Flatten(), Dropout(0.5), Dense(3, "softmax")]
    net = Network(layers, (5, 5, 1), "cross_entropy", seed=4)
    x = np.random.default_rng(3).random((1, 25)).astype(np.float32)
    found = activations(net, x)
    assert [(one["kind"], one["shape"]) for one in found] == [
        ("conv2d", [4, 4, 2]),
        ("maxpool2d", [2, 2, 2]),
        ("dense", [3]),
    ]
    maps = found[0]["values"].reshape(2, 4, 4)
    np.testing.assert_array_equal(maps[1], net.layers[0].a[0, :, :, 1])
    np.testing.assert_array_equal(found[2]["values"], net.forward(x)[0])


class TestExamination:
    net = Network.mlp([8, 5, 10], seed=6)
    x = np.random.default_rng(5).integers(0, 256, (1203, 8)).astype(np.uint8)
    labels = np.random.default_rng(6).integers(0, 10, 1203)

    def examined(self) -> Examination:
        examination = Examination(self.net, self.x, self.labels)
        shares = []
        while examination.share < 1:
            examination.advance()
            shares.append(examination.share)
        assert len(shares) > 1, "the test set is read slice by slice"
        assert shares == sorted(shares)
        return examination

    def test_the_confusion_counts_every_answer(self) -> None:
        guesses = self.net.forward(self.x).argmax(axis=1)
        confusion = self.examined().confusion()
        for label in range(10):
            for guess in range(10):
                expected = sum((self.labels == label) & (guesses == guess))
                assert confusion[label, guess] == expected

    def test_a_cell_holds_its_images_the_surest_first(self) -> None:
        examination = self.examined()
        outputs = self.net.forward(self.x)
        label, guess = np.unravel_index(examination.confusion().argmax(), (10, 10))
        cell = examination.cell(int(label), int(guess))
        assert len(cell) == examination.confusion()[label, guess]
        assert (self.labels[cell] == label).all()
        assert (outputs[cell].argmax(axis=1) == guess).all()
        certainty = outputs[cell].max(axis=1) / outputs[cell].sum(axis=1)
        assert (np.diff(certainty) <= 1e-7).all()

    def test_the_worst_are_wrong_and_all_of_them(self) -> None:
        examination = self.examined()
        worst = examination.worst()
        wrong = self.net.forward(self.x).argmax(axis=1) != self.labels
        assert sorted(worst) == list(np.flatnonzero(wrong))

    def test_more_advancing_changes_nothing(self) -> None:
        examination = self.examined()
        before = examination.confusion().copy()
        examination.advance()
        np.testing.assert_array_equal(examination.confusion(), before)
