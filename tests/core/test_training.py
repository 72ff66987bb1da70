"""A training run can be stopped, changed and resumed at any step, and loses nothing."""

from __future__ import annotations

import gc
import math
import warnings
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nets_core import SGD, Adam, Diverged, Network, Trainer
from nets_core import training as training_module
from nets_core.files import saving
from nets_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D
from nets_core.training import Evaluating, Evaluation, Step, Waiting

N, INPUTS = 23, 16
RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 3, N)
PIXELS = (RNG.integers(0, 100, (N, INPUTS)) + 70 * LABELS[:, None]).astype(np.uint8)
TEST = (PIXELS[:10], LABELS[:10])


def plain_net() -> Network:
    return Network.mlp([INPUTS, 5, 3], seed=3)


def dropout_net() -> Network:
    layers = [Dense(6, "relu"), Dropout(0.4), Dense(5, "tanh"), Dropout(0.2), Dense(3, "softmax")]
    return Network(layers, (INPUTS,), "cross_entropy", "he", 3)


def picture_net() -> Network:
    layers = [Conv2D(2, 2), MaxPool2D(2), Flatten(), Dropout(0.3), Dense(3, "softmax")]
    return Network(layers, (4, 4, 1), "cross_entropy", "he", 3, np.float64)


NETS = {"plain": plain_net, "dropout": dropout_net, "picture": picture_net}
OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: SGD(0.3),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "adam": lambda: Adam(0.01),
}
every_kind = pytest.mark.parametrize(
    ("net", "optimizer"),
    [
        ("plain", "sgd"),
        ("plain", "momentum"),
        ("plain", "adam"),
        ("dropout", "momentum"),
        ("dropout", "adam"),
        ("picture", "adam"),
    ],
)


def trainer_of(net: str = "plain", optimizer: str = "sgd", **kwargs: Any) -> Trainer:
    arguments: dict[str, Any] = {"batch_size": 4, "l2": 0.01, "seed": 9, **kwargs}
    return Trainer(NETS[net](), OPTIMIZERS[optimizer](), PIXELS, LABELS, **arguments)


def order_of(trainer: Trainer) -> NDArray[Any]:
    """The order of the examples in the current epoch."""
    blocks = training_module._shuffled(len(trainer.x), trainer.seed, trainer.epoch)
    return np.concatenate(list(blocks))


def state(trainer: Trainer) -> list[NDArray[Any]]:
    memory = [array for arrays in trainer.optimizer.state.values() for array in arrays]
    return [p.copy() for p in (*trainer.net.parameters(), *memory)]


def same(one: Trainer, other: Trainer) -> None:
    """Equal bit for bit, except for the seconds."""
    for p, q in zip(state(one), state(other), strict=True):
        np.testing.assert_array_equal(p, q)
    for trainer in (one, other):
        assert trainer.step == trainer.optimizer.steps
    assert (one.epoch, one.position, one.step) == (other.epoch, other.position, other.step)
    for a, b in zip(one.history, other.history, strict=True):
        assert (a.cost, a.accuracy, a.test_accuracy) == (b.cost, b.accuracy, b.test_accuracy)
    assert one.sums[:2] == other.sums[:2]


def without_speed(step: Step) -> tuple[int, int, float, float]:
    """A step's values without its speed."""
    return step.epoch, step.step, step.cost, step.accuracy


STEPS_AN_EPOCH = math.ceil(N / 4)


class TestSteps:
    @every_kind
    def test_same_seeds_same_run_and_another_seed_another(self, net: str, optimizer: str) -> None:
        one, other, different = (trainer_of(net, optimizer, seed=seed) for seed in (9, 9, 10))
        for trainer in (one, other, different):
            trainer.run(epochs=2)
        same(one, other)
        assert any((p != q).any() for p, q in zip(state(one), state(different), strict=True))

    def test_the_steps_are_those_of_a_loop_written_by_hand(self) -> None:
        """The mini-batches are a partition of the examples; the update is the optimizer's."""
        trainer, by_hand = trainer_of(l2=0.0), plain_net()
        for _ in range(3):
            order = order_of(trainer).copy()
            assert sorted(order) == list(range(N))
            steps = list(trainer.steps(epochs=1))
            for step, first in zip(steps, range(0, N, 4), strict=True):
                rows = order[first : first + 4]
                x, y = (PIXELS[rows] / 255).astype(np.float32), np.eye(3)[LABELS[rows]]
                guesses = by_hand.forward(x).argmax(axis=1)
                cost, gradients = by_hand.backward(x, y)
                for p, g in zip(by_hand.parameters(), gradients, strict=True):
                    p -= np.float32(0.3) * g
                assert step.cost == pytest.approx(cost, rel=1e-4)
                assert step.accuracy == pytest.approx((guesses == LABELS[rows]).mean())
        for p, q in zip(trainer.net.parameters(), by_hand.parameters(), strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-3, atol=1e-5)

    @pytest.mark.parametrize("batch_size", [1, 2, 5, 22, 23, 24, 1000])
    def test_each_example_is_seen_exactly_once_an_epoch(self, batch_size: int) -> None:
        trainer = trainer_of(batch_size=batch_size)
        seen: Counter[int] = Counter()
        learn = trainer.learn

        def watched(x: Any, labels: Any) -> Any:
            seen.update(int(row) for row in np.rint(x[:, 0] * 255))
            return learn(x, labels)

        trainer.x = trainer.x.copy()
        trainer.x[:, 0] = np.arange(N)
        trainer.learn = watched  # type: ignore[method-assign]
        for epoch in range(1, 4):
            steps = list(trainer.steps(epochs=1))
            assert len(steps) == math.ceil(N / batch_size)
            assert seen == Counter(dict.fromkeys(range(N), epoch))

    def test_epochs_are_shuffled_anew(self) -> None:
        trainer = trainer_of()
        orders = []
        for _ in range(3):
            orders.append(order_of(trainer).tolist())
            trainer.run(epochs=1)
        assert len({tuple(order) for order in orders}) == 3
        assert list(range(N)) not in orders

    def test_an_epoch_is_the_mean_of_its_examples(self) -> None:
        trainer = trainer_of()
        steps = list(trainer.steps(epochs=1))
        sizes = [4] * 5 + [3]
        (epoch,) = trainer.history
        assert epoch.cost == pytest.approx(np.average([s.cost for s in steps], weights=sizes))
        assert epoch.accuracy == pytest.approx(
            np.average([s.accuracy for s in steps], weights=sizes)
        )
        assert epoch.test_accuracy is None

    def test_run_is_the_same_as_the_steps(self) -> None:
        one, other = trainer_of(test=TEST), trainer_of(test=TEST)
        history = one.run(epochs=3)
        for _ in other.steps(epochs=3):
            pass
        same(one, other)
        assert history == one.history

    def test_xor_is_learned(self) -> None:
        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
        net = Network.mlp([2, 8, 2], "tanh", "softmax", "cross_entropy", seed=1)
        Trainer(net, Adam(0.05), x, [0, 1, 1, 0], batch_size=4).run(epochs=200)
        assert net.forward(x).argmax(axis=1).tolist() == [0, 1, 1, 0]
        assert net.forward(x).max(axis=1).min() > 0.9

    @pytest.mark.parametrize("pictures", [False, True])
    def test_nets_learn(self, pictures: bool) -> None:
        layers = [Conv2D(4, 2), MaxPool2D(2), Flatten(), Dense(8, "tanh"), Dense(3, "softmax")]
        made = Network(layers, (4, 4, 1), "cross_entropy", "he", 3) if pictures else plain_net()
        optimizer = Adam(0.02) if pictures else SGD(0.1, momentum=0.9)
        trainer = Trainer(made, optimizer, PIXELS, LABELS, batch_size=4, test=TEST)
        history = trainer.run(epochs=60)
        assert history[-1].cost < history[0].cost / 2
        assert history[-1].test_accuracy is not None
        assert history[-1].test_accuracy >= 0.9


@settings(deadline=None, max_examples=20)
@given(cuts=st.lists(st.integers(0, 3 * STEPS_AN_EPOCH - 1), max_size=4))
def test_saved_and_resumed_again_and_again(cuts: list[int]) -> None:
    whole, run = trainer_of("dropout", "adam"), trainer_of("dropout", "adam")
    expected = [without_speed(step) for step in whole.steps(epochs=3)]
    found = []
    stream = iter(run.steps(epochs=3))
    for at in range(3 * STEPS_AN_EPOCH):
        if at in cuts:
            run = saving.resume(saving.dumps(run), PIXELS, LABELS)
            stream = iter(run.steps(epochs=3 - run.epoch))
        found.append(without_speed(next(stream)))
    assert found == expected
    for _ in stream:
        pass
    same(whole, run)


class TestSplitting:
    @every_kind
    @pytest.mark.parametrize("at", range(2 * STEPS_AN_EPOCH + 1))
    def test_a_run_split_at_any_step_is_the_unsplit_one(
        self, net: str, optimizer: str, at: int
    ) -> None:
        whole, split = trainer_of(net, optimizer, test=TEST), trainer_of(net, optimizer, test=TEST)
        expected = [without_speed(step) for step in whole.steps(epochs=3)]
        stream = iter(split.steps(epochs=3))
        found = [without_speed(next(stream)) for _ in range(at)]
        del stream  # walked away
        while split.epoch < 3:
            found += [without_speed(step) for step in split.steps(epochs=1)]
        assert found == expected
        same(whole, split)

    @every_kind
    @pytest.mark.parametrize("at", [0, 1, 4, STEPS_AN_EPOCH, STEPS_AN_EPOCH + 3])
    def test_a_run_saved_at_any_step_goes_on_bit_for_bit(
        self, net: str, optimizer: str, at: int
    ) -> None:
        whole = trainer_of(net, optimizer, test=TEST)
        stream = iter(whole.steps(epochs=3))
        for _ in range(at):
            next(stream)
        resumed = saving.resume(saving.dumps(whole), PIXELS, LABELS, test=TEST)
        same(whole, resumed)
        rest = resumed.steps(epochs=3 - resumed.epoch)
        assert [without_speed(step) for step in stream] == [without_speed(step) for step in rest]
        same(whole, resumed)
        assert saving.loads(saving.dumps(resumed)).describe() == whole.net.describe()

    def test_using_the_net_between_steps_changes_nothing(self) -> None:
        disturbed, whole = trainer_of("dropout", "adam"), trainer_of("dropout", "adam")
        whole.run(epochs=2)
        for _ in disturbed.steps(epochs=2):
            disturbed.net.forward(PIXELS[:2])
            saving.dumps(disturbed)
        same(whole, disturbed)

    def test_a_pause_between_the_slices_of_an_evaluation_changes_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nets_core.metrics.SLICE", 4)
        whole, disturbed = (trainer_of(test=TEST, evaluations=2) for _ in range(2))
        expected = [piece for piece in whole.work(epochs=2) if isinstance(piece, Evaluation)]
        found = []
        for piece in disturbed.work(epochs=2):
            disturbed.net.forward(PIXELS)  # the pad reads with the net in training
            if isinstance(piece, Evaluation):
                found.append(piece)
        assert found == expected
        assert len(found) == 4
        same(whole, disturbed)


class TestChanges:
    """Changes in mid-training take effect with the next step, and nothing is lost."""

    def steps_with(self, change: Callable[[Trainer], None], at: int = 8) -> list[Any]:
        trainer = trainer_of()
        found = []
        for step in trainer.steps(epochs=3):
            found.append(without_speed(step))
            if step.step == at:
                change(trainer)
        return found

    def test_learning_rate_and_l2(self) -> None:
        plain = self.steps_with(lambda trainer: None)
        for name, value in (("learning_rate", 0.9), ("l2", 0.5)):

            def change(trainer: Trainer, name: str = name, value: float = value) -> None:
                setattr(trainer.optimizer if name == "learning_rate" else trainer, name, value)

            changed = self.steps_with(change)
            assert changed[:9] == plain[:9]  # the ninth's cost is from before its update
            assert [c[2] for c in changed[9:]] != [p[2] for p in plain[9:]]
            assert len(changed) == len(plain)

    @pytest.mark.parametrize("size", [1, 3, 7, 100])
    def test_batch_size_in_mid_epoch_still_shows_every_example_once(self, size: int) -> None:
        trainer = trainer_of()
        stream = iter(trainer.steps(epochs=1))
        steps = [next(stream), next(stream)]
        trainer.batch_size = size
        steps += list(stream)
        assert len(steps) == 2 + math.ceil((N - 8) / size)
        sizes = [4, 4] + [min(size, N - first) for first in range(8, N, size)]
        assert trainer.history[0].cost == pytest.approx(
            np.average([s.cost for s in steps], weights=sizes)
        )

    def test_a_changed_run_is_saved_as_it_is(self) -> None:
        trainer = trainer_of("plain", "momentum")
        next(iter(trainer.steps(epochs=1)))
        trainer.optimizer.learning_rate, trainer.l2, trainer.batch_size = 0.02, 0.3, 6
        resumed = saving.resume(saving.dumps(trainer), PIXELS, LABELS)
        assert (resumed.optimizer.learning_rate, resumed.l2, resumed.batch_size) == (0.02, 0.3, 6)
        one, other = next(iter(trainer.steps(epochs=1))), next(iter(resumed.steps(epochs=1)))
        assert without_speed(one) == without_speed(other)
        same(trainer, resumed)


class TestEvaluation:
    @pytest.mark.parametrize("evaluations", [1, 2, 3, 4, 6, 40])
    def test_so_many_an_epoch_evenly_spread(self, evaluations: int) -> None:
        trainer = trainer_of(test=TEST, evaluations=evaluations)
        pieces = list(trainer.work(epochs=2))
        found = [piece for piece in pieces if isinstance(piece, Evaluation)]
        each = min(evaluations, STEPS_AN_EPOCH)
        assert [piece.epoch for piece in found] == [1] * each + [2] * each
        assert found[-1].step == 2 * STEPS_AN_EPOCH
        gaps = np.diff([0, *(piece.step for piece in found)])
        assert gaps.max() - gaps.min() <= 1

    def test_it_says_what_the_net_answers_at_that_moment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nets_core.metrics.SLICE", 3)  # 10 examples: slices of 3, 3, 3 and 1
        trainer = trainer_of(test=TEST)
        shares = []
        for piece in trainer.work(epochs=2):
            if isinstance(piece, Evaluating):
                shares.append(piece.share)
            if isinstance(piece, Evaluation):
                a = trainer.net.forward(TEST[0])
                assert piece.accuracy == pytest.approx((a.argmax(axis=1) == TEST[1]).mean())
                cost = trainer.net.cost(TEST[0], np.eye(3)[TEST[1]])
                assert piece.cost == pytest.approx(cost, rel=1e-5)
                assert trainer.history[-1].test_accuracy == piece.accuracy
        assert shares == pytest.approx([0.3, 0.6, 0.9, 1.0] * 2)

    def test_it_leaves_dropout_off_and_no_trace(self) -> None:
        tested, untested = trainer_of("dropout", "adam", test=TEST), trainer_of("dropout", "adam")
        tested.run(epochs=2)
        untested.run(epochs=2)
        for p, q in zip(state(tested), state(untested), strict=True):
            np.testing.assert_array_equal(p, q)


class TestAvailable:
    def test_it_waits_for_the_first_block_and_goes_on_when_it_has_come(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(training_module, "BLOCK", 10)
        whole, trainer = trainer_of(), trainer_of()
        expected = [without_speed(step) for step in whole.steps(epochs=2)]
        trainer.available = 0
        work = trainer.work(epochs=2)
        found: list[Any] = []
        for available in (0, 5, 9, 10, 19, 20, N - 1):
            trainer.available = available
            for _ in range(20):
                piece = next(work)
                if isinstance(piece, Waiting):
                    break
                assert isinstance(piece, Step)
                found.append(without_speed(piece))
            assert isinstance(piece, Waiting)
            # Blocks are shuffled, so only whole ones are used, up to a part of a mini-batch.
            assert available // 10 * 10 - 3 <= trainer.position <= available // 10 * 10
        assert isinstance(next(work), Waiting)
        trainer.available = N
        found += [without_speed(piece) for piece in work if isinstance(piece, Step)]
        assert found == expected
        same(whole, trainer)

    def test_what_has_not_come_is_not_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(training_module, "BLOCK", 10)
        x = np.zeros((N, INPUTS), np.uint8)
        trainer = Trainer(plain_net(), SGD(0.3), x, LABELS, batch_size=4, seed=9, l2=0.01)
        whole = trainer_of()
        expected = [without_speed(step) for step in whole.steps(epochs=1)]
        trainer.available, found = 0, []
        for piece in trainer.work(epochs=1):
            if isinstance(piece, Step):
                found.append(without_speed(piece))
            else:
                new = slice(trainer.available, min(trainer.available + 10, N))
                x[new] = PIXELS[new]
                trainer.available = new.stop
        assert found == expected


def finite(trainer: Trainer) -> bool:
    return all(np.isfinite(array).all() for array in state(trainer))


class TestDivergence:
    """A net that diverges says so, returns to its last finite state, and can train on."""

    def diverging(self, optimizer: Any, rate: float, after: int = 0, **kwargs: Any) -> Trainer:
        net = Network.mlp([INPUTS, 5, 3], "relu", "identity", "mse", "he", seed=3)
        trainer = Trainer(net, optimizer, PIXELS, LABELS, batch_size=4, seed=1, **kwargs)
        stream = iter(trainer.steps(epochs=1000))
        for _ in range(after):
            next(stream)
        trainer.optimizer.learning_rate = rate
        return trainer

    @pytest.mark.parametrize("after", [0, 1, 49, 50, 51, 120])
    @pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
    def test_it_raises_and_the_net_is_finite_and_can_be_trained_and_saved(
        self, optimizer: str, after: int
    ) -> None:
        made = OPTIMIZERS[optimizer]()
        made.learning_rate = 1e-3
        trainer = self.diverging(made, 1e25, after)
        with pytest.raises(Diverged, match="learning rate"), np.errstate(all="ignore"):
            trainer.run(epochs=1000)
        assert finite(trainer)
        answers = trainer.net.forward(PIXELS)
        assert np.isfinite(answers).all()
        assert np.abs(answers).max() < 1e6  # from before it diverged
        resumed = saving.resume(saving.dumps(trainer), PIXELS, LABELS)
        for again in (trainer, resumed):
            again.optimizer.learning_rate = 1e-3
            again.run(epochs=3)
            assert finite(again)

    def test_the_message_says_what_happened_and_what_usually_causes_it(self) -> None:
        trainer = self.diverging(SGD(0.1), 1e25)
        with pytest.raises(Diverged) as caught, np.errstate(all="ignore"):
            trainer.run(epochs=10)
        assert "cost" in str(caught.value)
        assert "1e+25" in str(caught.value)

    @pytest.mark.parametrize(("test", "rate"), [(None, 1e39), (TEST, 1e38)])
    def test_the_very_last_step_of_a_run_is_watched_too(self, test: Any, rate: float) -> None:
        net = Network.mlp([INPUTS, 5, 3], "relu", "identity", "mse", "he", seed=3)
        trainer = Trainer(net, SGD(rate), PIXELS, LABELS, batch_size=N, test=test)
        before = [p.copy() for p in net.parameters()]
        with pytest.raises(Diverged), np.errstate(all="ignore"):
            trainer.run(epochs=1)
        for p, q in zip(net.parameters(), before, strict=True):
            np.testing.assert_array_equal(p, q)

    def test_weights_without_bounds_are_not_kept_though_the_cost_is_finite(self) -> None:
        """Sigmoids hide infinite weights: σ(±∞) is 1 or 0, so the cost stays finite."""
        net = Network.mlp([INPUTS, 5, 3], seed=3)
        trainer = Trainer(net, SGD(0.1), PIXELS + np.uint8(1), LABELS, batch_size=4)
        trainer.run(epochs=9)  # 54 steps
        net.layers[-1].biases[:] = np.inf
        with np.errstate(all="ignore"), pytest.raises(Diverged):
            trainer.run(epochs=30)
        assert finite(trainer)

    def test_no_warning_reaches_the_page(self) -> None:
        trainer = self.diverging(SGD(0.1), 1e25)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(Diverged):
                trainer.run(epochs=10)


class TestLearn:
    def test_one_step_on_one_example_moves_its_answer(self) -> None:
        trainer = trainer_of("plain", "sgd", l2=0.0)
        x, labels = (PIXELS[:1] / 255).astype(np.float32), np.array([2])
        before = trainer.net.forward(x)[0, 2]
        cost, accuracy = trainer.learn(x, labels)
        assert math.isfinite(cost)
        assert accuracy in (0.0, 1.0)
        assert trainer.net.forward(x)[0, 2] > before
        assert trainer.step == 1
        assert (trainer.epoch, trainer.position) == (0, 0)


class TestDecay:
    @pytest.mark.parametrize(("l1", "l2"), [(0.1, 0.0), (0.0, 0.2), (0.03, 0.07)])
    def test_the_update_is_the_one_written_by_hand(self, l1: float, l2: float) -> None:
        """w ← w − η(∂C/∂w + λ₁ sign w + λ₂ w), b ← b − η ∂C/∂b, weight by weight."""
        net = Network.mlp([INPUTS, 5, 3], seed=3, dtype=np.float64)
        net.layers[0].parameters()[0][0, :4] = 0  # sign 0 = 0
        trainer = Trainer(net, SGD(0.3), PIXELS, LABELS, batch_size=N, l1=l1, l2=l2)
        _, gradients = net.backward(PIXELS, np.eye(3)[LABELS])
        expected = []
        for p, gradient in zip(net.parameters(), gradients, strict=True):
            new = []
            for w, slope in zip(p.ravel().tolist(), gradient.ravel().tolist(), strict=True):
                sign = (w > 0) - (w < 0)
                decay = l1 * sign + l2 * w if p.ndim > 1 else 0.0
                new.append(w - 0.3 * (slope + decay))
            expected.append(np.reshape(new, p.shape))
        trainer.run(epochs=1)
        for p, q in zip(net.parameters(), expected, strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-10, atol=1e-14)

    def test_l1_brings_weights_that_nothing_needs_near_zero_first(self) -> None:
        """Only the decay changes the weight of an input that is always 0: by η λ₁ per step."""
        x = np.random.default_rng(1).standard_normal((40, 3))
        x[:, 2] = 0
        net = Network.mlp([3, 1], loss="cross_entropy", seed=1, dtype=np.float64)
        net.layers[0].parameters()[0][0, 2] = 0.5
        trainer = Trainer(net, SGD(0.1), x, (x[:, 0] > 0).astype(int), batch_size=40, l1=0.01)
        trainer.run(epochs=200)
        assert net.layers[0].parameters()[0][0, 2] == pytest.approx(0.5 - 200 * 0.1 * 0.01)

    def test_is_kept_in_a_file_and_may_change(self) -> None:
        trainer, other = trainer_of(l1=0.0), trainer_of(l1=0.05)
        trainer.l1 = 0.05
        trainer.run(epochs=1)
        other.run(epochs=1)
        same(trainer, other)
        resumed = saving.resume(saving.dumps(trainer), PIXELS, LABELS)
        assert resumed.l1 == 0.05
        resumed.run(epochs=1)
        trainer.run(epochs=1)
        same(resumed, trainer)


class TestTargets:
    def test_one_output_learns_from_labels_0_and_1(self) -> None:
        labels = (LABELS > 0).astype(int)
        net = Network.mlp([INPUTS, 1], loss="cross_entropy", initializer="zeros", dtype=np.float64)
        trainer = Trainer(net, SGD(0.5), PIXELS, labels, batch_size=N, test=(PIXELS, labels))
        first = next(trainer.steps(epochs=1))
        assert first.cost == pytest.approx(math.log(2))
        assert first.accuracy == pytest.approx(labels.mean())  # every answer is 0.5: read as 1
        last = trainer.run(epochs=200)[-1]
        guesses = net.forward(PIXELS)[:, 0] >= 0.5
        assert last.test_accuracy == (guesses == labels).mean() > 0.8
        for wrong in (LABELS, -labels):
            with pytest.raises(ValueError, match="0 to 1"):
                Trainer(net, SGD(0.5), PIXELS, wrong)

    def test_numbers_are_come_close_to(self) -> None:
        """A single linear neuron finds the least-squares solution, computed here directly."""
        rng = np.random.default_rng(2)
        x = rng.standard_normal((50, 3))
        y = x @ [[1.0, 2.0], [-0.5, 0.0], [0.0, 1.0]] + 0.1 * rng.standard_normal((50, 2)) + 0.5
        net = Network.mlp([3, 2], output="identity", dtype=np.float64)
        trainer = Trainer(net, SGD(0.1), x, y, batch_size=50, test=(x[:20], y[:20]))
        last = trainer.run(epochs=1000)[-1]
        solved, *_ = np.linalg.lstsq(np.column_stack((x, np.ones(50))), y, rcond=None)
        weights, biases = net.parameters()
        np.testing.assert_allclose(np.column_stack((weights, biases)).T, solved, rtol=1e-6)
        left = x @ weights.T + biases - y
        assert last.cost == pytest.approx((left**2).sum() / 2 / 50)
        assert math.isnan(last.accuracy)
        assert last.test_accuracy is not None
        assert math.isnan(last.test_accuracy)

    def test_such_a_run_is_saved_and_goes_on(self) -> None:
        rng = np.random.default_rng(2)
        x, y = rng.standard_normal((20, 3)), rng.standard_normal((20, 1))
        net = Network.mlp([3, 4, 1], output="identity", dtype=np.float64)
        trainer = Trainer(net, Adam(0.01), x, y, batch_size=6)
        trainer.run(epochs=2)
        next(trainer.steps(epochs=1))
        resumed = saving.resume(saving.dumps(trainer), x, y)
        assert math.isnan(resumed.history[0].accuracy)
        for one in (trainer, resumed):
            one.run(epochs=1)
        for p, q in zip(state(trainer), state(resumed), strict=True):
            np.testing.assert_array_equal(p, q)
        assert trainer.history[-1].cost == resumed.history[-1].cost


def test_a_trainer_that_nobody_holds_is_gone_at_once() -> None:
    """In a reference cycle a net would stay in memory until Python's cycle collector runs."""
    trainer = trainer_of()
    trainer.run(1)
    gone = weakref.ref(trainer)
    gc.disable()
    try:
        del trainer
        assert gone() is None
    finally:
        gc.enable()
