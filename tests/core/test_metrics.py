"""Accuracy, confusion and an examination in slices, compared with counting one by one."""

from __future__ import annotations

import numpy as np
import pytest

from nets_core import Network, metrics
from nets_core.study.examination import Examination

RNG = np.random.default_rng(4)
X = RNG.random((47, 6))
LABELS = RNG.integers(0, 3, 47)
NET = Network.mlp([6, 5, 3], "tanh", "softmax", "cross_entropy", "normal", 2, np.float64)
GUESSES = [int(NET.forward(X[i : i + 1])[0].argmax()) for i in range(47)]


@pytest.mark.parametrize("size", [1, 10, 47, 500])
def test_accuracy_and_slices(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SLICE", size)
    right = sum(guess == label for guess, label in zip(GUESSES, LABELS, strict=True))
    assert metrics.accuracy(NET, X, LABELS) == pytest.approx(right / 47)
    outputs = list(metrics.predictions(NET, X))
    assert max(len(output) for output in outputs) <= size
    np.testing.assert_allclose(np.concatenate(outputs), NET.forward(X), rtol=1e-10)


def test_accuracy_refuses_what_does_not_belong_together() -> None:
    with pytest.raises(ValueError, match="labels has shape"):
        metrics.accuracy(NET, X, LABELS[:-1])
    with pytest.raises(ValueError, match="labels holds 3"):
        metrics.accuracy(NET, X, np.full(47, 3))
    with pytest.raises(ValueError, match="x holds no examples"):
        metrics.accuracy(NET, X[:0], LABELS[:0])


def test_confusion_counts_rows_of_labels_and_columns_of_guesses() -> None:
    expected = np.zeros((3, 3), int)
    for label, guess in zip(LABELS, GUESSES, strict=True):
        expected[label, guess] += 1
    found = metrics.confusion(np.array(GUESSES), LABELS, 3)
    np.testing.assert_array_equal(found, expected)
    assert metrics.confusion(np.array([], int), np.array([], int)).shape == (10, 10)


def test_an_examination_slice_by_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SLICE", 10)
    examination = Examination(NET, X, LABELS)
    assert examination.share == 0
    for done in (10, 20, 30, 40, 47, 47):
        examination.advance()
        assert examination.share == done / 47
        assert examination.confusion().sum() == done
    found = metrics.confusion(np.array(GUESSES), LABELS, 3)
    np.testing.assert_array_equal(examination.confusion(), found)
    for label in range(3):
        for guess in range(3):
            assert len(examination.cell(label, guess)) == found[label, guess]
    worst = examination.worst()
    assert sorted(worst) == [i for i in range(47) if GUESSES[i] != LABELS[i]]
    certainty = NET.forward(X).max(axis=1)[worst]
    assert (np.diff(certainty) <= 1e-12).all()
