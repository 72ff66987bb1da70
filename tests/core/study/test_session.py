"""A training session: it drives a trainer, records it, and knows how the run ended."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from nets_core import SGD, Network, Trainer
from nets_core.study.curves import Curves
from nets_core.study.session import TrainingSession
from nets_core.training import BLOCK, Evaluating, Evaluation, Step, Waiting

EXAMPLES = 30
RNG = np.random.default_rng(2)
X, LABELS = RNG.random((EXAMPLES, 4), np.float32), RNG.integers(0, 3, EXAMPLES)


def trainer(rate: float = 0.1, *, test: bool = True, evaluations: int = 2) -> Trainer:
    net = Network.mlp([4, 5, 3], output="identity", seed=1)
    held = (X[:10], LABELS[:10]) if test else None
    return Trainer(net, SGD(rate), X, LABELS, 5, test=held, evaluations=evaluations)


def test_each_piece_is_the_trainers_and_is_recorded() -> None:
    session, alone = TrainingSession(trainer(), epochs=2), trainer()
    kinds = []
    while (piece := session.piece()) is not None:
        kinds.append(type(piece))
    assert kinds == [type(piece) for piece in alone.work(2)]
    assert (kinds.count(Step), kinds.count(Evaluation)) == (12, 4)
    assert session.state == "done"
    assert not session.running
    assert session.position == 2
    plain = session.curves.plain()
    np.testing.assert_allclose(plain["epochs"], np.arange(1, 13) / 6)
    np.testing.assert_allclose(plain["test_epochs"], [0.5, 1, 1.5, 2])
    assert session.test_accuracy == plain["test_accuracies"][-1]
    assert session.piece() is None
    assert session.step() is None


def test_a_step_makes_one_update_after_what_is_due_before_it() -> None:
    session = TrainingSession(trainer(), epochs=1)
    for count in range(1, 7):
        step = session.step()
        assert step is not None
        assert (step.step, session.trainer.step) == (count, count)
    assert session.step() is None
    assert session.state == "done"
    assert len(session.curves.plain()["test_epochs"]) == 2


def test_an_evaluation_is_due_until_it_is_complete() -> None:
    session = TrainingSession(trainer(), epochs=1)
    due = []
    while (piece := session.piece()) is not None:
        due.append((type(piece), session.evaluation_due))
    assert [is_due for kind, is_due in due if kind is Evaluating] == [True, True]
    assert [is_due for kind, is_due in due if kind is Evaluation] == [False, False]
    steps = [is_due for kind, is_due in due if kind is Step]
    assert steps == [False, False, True, False, False, True]


def test_time_ends_it_after_one_piece_at_the_earliest() -> None:
    session = TrainingSession(trainer(), epochs=1)
    for milliseconds in (0, -1):
        before = session.trainer.step
        session.advance(milliseconds)
        assert session.trainer.step == before + 1
    session.advance(60_000)
    assert session.state == "done"


def test_it_waits_for_examples_and_goes_on() -> None:
    session = TrainingSession(trainer(), epochs=1)
    session.trainer.available = 0
    assert BLOCK > EXAMPLES
    assert isinstance(session.piece(), Waiting)
    assert session.state == "waiting"
    assert session.running
    assert session.step() is None
    session.advance(1000)
    assert session.trainer.step == 0
    session.trainer.available = EXAMPLES
    assert session.step() is not None
    assert session.state == "training"


def test_a_run_that_diverged_ends_and_can_be_taken_up_again() -> None:
    session = TrainingSession(trainer(1e20), epochs=2)
    session.advance(60_000)
    assert session.state == "diverged"
    assert "learning rate" in str(session.failure)
    assert session.piece() is None
    session.trainer.optimizer.learning_rate = 0.01
    session.train_for(epochs=1)
    assert session.failure is None
    session.advance(60_000)
    assert session.state == "done"


def test_a_run_that_has_begun_goes_on_with_its_curves() -> None:
    begun = TrainingSession(trainer(), epochs=2)
    for _ in range(4):
        begun.step()
    curves = Curves.from_description(begun.curves.describe())
    session = TrainingSession(begun.trainer, 2, curves)
    assert session.test_accuracy == begun.test_accuracy
    assert not session.evaluation_due
    session.advance(60_000)
    np.testing.assert_allclose(session.curves.plain()["test_epochs"], [0.5, 1, 1.5, 2])


@pytest.mark.parametrize("rate", [0.1, 1e20])
def test_nothing_keeps_a_session_alive_that_was_let_go(rate: float) -> None:
    session = TrainingSession(trainer(rate), epochs=1)
    session.advance(60_000)
    held = weakref.ref(session.trainer)
    gc.disable()
    try:
        del session
        assert held() is None
    finally:
        gc.enable()
