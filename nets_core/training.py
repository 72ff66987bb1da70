"""Learning as a stream of small steps.

A ``Trainer`` holds a whole training run: the net, the optimizer, the data and its position in them.
``work`` does the next small piece and says what it did. Whoever drives it (a loop, a web page, a
test) may stop between any two pieces, change the learning rate, save, or walk away.

The order of the examples depends on the seed and the epoch alone, so a run that is saved and
resumed goes on as if it had never stopped.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NoReturn, Protocol

import numpy as np
import numpy.typing as npt

from nets_core import checks, metrics, ops
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import Optimizer

BLOCK = 10_000
"""The first epoch takes the examples in blocks of this many, each shuffled, so that it can begin
as soon as the first block has loaded. Later epochs shuffle all examples."""

IN_THE_TAB = sys.platform == "emscripten"

CHECKPOINT_STEPS = 50
"""At most this many steps are lost when a net diverges."""


class Diverged(FloatingPointError):
    """The cost is no longer finite. The net is back at its latest finite checkpoint.

    ``what`` says what happened and when; the message adds advice.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}: {advice}")
        self.what = what


class Augmentation(Protocol):
    """Distorts a mini-batch: (batch, inputs) floats -> the same shape; see ``data.augment``."""

    def __call__(self, x: Array, rng: np.random.Generator) -> Array: ...

    def settings(self) -> dict[str, Any]:
        """The keyword arguments that make the same augmentation again."""
        ...


@dataclass(slots=True)
class Step:
    """One update. ``epoch`` and ``step`` count from 1, steps over the whole run.

    ``cost`` and ``accuracy`` (0…1) are those of the mini-batch before the update, without L2;
    ``examples_per_second`` is as in ``Trainer``.
    """

    epoch: int
    step: int
    cost: float
    accuracy: float
    examples_per_second: float


@dataclass(frozen=True)
class Evaluating:
    """A slice of an evaluation on the test set: ``share`` of it, 0…1, is done."""

    share: float


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation: ``accuracy`` (0…1) and ``cost`` on the whole test set."""

    epoch: int
    step: int
    accuracy: float
    cost: float


@dataclass(frozen=True)
class Waiting:
    """The next examples are not loaded yet (see ``Trainer.available``)."""


@dataclass(frozen=True)
class Epoch:
    """One pass over the training set.

    ``cost`` and ``accuracy`` (0…1) are means over its examples, each before the update that learned
    from it. ``test_accuracy`` (0…1) is measured at its end; None without a test set. ``seconds``
    is the training time, without evaluations.
    """

    cost: float
    accuracy: float
    test_accuracy: float | None
    seconds: float


MOST_HISTORY = 1000
"""How many epochs a trainer and its file keep: an hour of training may have thousands."""

Work = Step | Evaluating | Evaluation | Waiting


class Trainer:
    """Trains ``net`` with ``optimizer`` on ``x`` and ``labels``.

    Parameters
    ----------
    x : (examples, inputs), uint8 pixels (read as /255, converted batch by batch) or floats.
    labels : (examples,) integers from 0 to outputs − 1, or 0 and 1 for a net with one output; or
        regression targets, (examples, outputs) floats: every accuracy is then NaN.
    batch_size : examples in a mini-batch, at least 1; the last one of an epoch may be smaller.
    l1, l2 : weight decay λ₁ and λ₂ in w ← w − η(∂C/∂w + λ₁ sign w + λ₂ w); biases do not decay.
    seed : determines the order of the examples and their distortions.
    test : (x_test, labels_test), evaluated after every epoch.
    evaluations : how many evaluations on ``test`` an epoch has, evenly spread, the last at its end.
    augment : distorts each mini-batch before the net learns from it.

    Raises ValueError or TypeError, naming the argument, for anything else.
    """

    def __init__(
        self,
        net: Network,
        optimizer: Optimizer,
        x: npt.ArrayLike,
        labels: npt.ArrayLike,
        batch_size: int = 32,
        l2: float = 0.0,
        seed: int = 0,
        test: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
        evaluations: int = 1,
        augment: Augmentation | None = None,
        l1: float = 0.0,
    ) -> None:
        if not isinstance(net, Network):
            raise TypeError(f"net is a {type(net).__name__}, expected a Network")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"optimizer is {checks.quoted(optimizer)}, expected an SGD or Adam object"
            )
        self.net = net
        self.optimizer = optimizer
        self.x = checks.examples("x", x, net.inputs)
        self.labels = checks.labels_or_targets(
            "labels", labels, len(self.x), net.outputs, net.dtype
        )
        self.test: tuple[Array, Array] | None = None
        if test is not None:
            x_test = checks.examples("test[0]", test[0], net.inputs)
            labels_test = checks.labels_or_targets(
                "test[1]", test[1], len(x_test), net.outputs, net.dtype
            )
            self.test = x_test, labels_test
        self.batch_size = batch_size
        self.l1 = l1
        self.l2 = l2
        self.seed = checks.count("seed", seed, least=0)
        self.evaluations = checks.count("evaluations", evaluations)
        self.augment = augment
        self.available = len(self.x)
        """How many examples, counted from the first, are loaded; lower it while ``x`` fills up."""
        self.history: list[Epoch] = []
        """The latest ``MOST_HISTORY`` epochs."""
        self.epoch = 0
        """How many epochs are complete."""
        self.position = 0
        """How many examples of the current epoch the net has learned from."""
        self.step = 0
        """How many updates have been made."""
        self.sums = [0.0, 0.0, 0.0]
        """Sums over the current epoch: cost and right answers of its examples, and seconds."""
        self._examples = 0
        self._seconds = 0.0
        self._order: Array | None = None
        self._blocks: Iterator[Array] = iter(())
        self._codes = metrics.codes(net.outputs, net.dtype)
        self._checkpoint = [p.copy() for p in net.parameters()]

    @property
    def batch_size(self) -> int:
        """Examples in a mini-batch; may change at any time."""
        return self._batch_size

    @batch_size.setter
    def batch_size(self, value: int) -> None:
        self._batch_size = checks.count("batch_size", value)

    @property
    def l1(self) -> float:
        """Weight decay λ₁; may change at any time."""
        return self._l1

    @l1.setter
    def l1(self, value: float) -> None:
        self._l1 = checks.not_negative("l1", value)

    @property
    def l2(self) -> float:
        """Weight decay λ₂; may change at any time."""
        return self._l2

    @l2.setter
    def l2(self, value: float) -> None:
        self._l2 = checks.not_negative("l2", value)

    @property
    def examples_per_second(self) -> float:
        """Examples per second of training since the start or ``reset_clock``, without
        evaluations and pauses."""
        return self._examples / self._seconds if self._seconds else 0.0

    def reset_clock(self) -> None:
        """Restart the measurement of ``examples_per_second``, after a change that affects it."""
        self._examples = 0
        self._seconds = 0.0

    def run(self, epochs: int) -> list[Epoch]:
        """Train for this many epochs and return them; raises Diverged if the cost is not finite."""
        done = []
        for _ in range(checks.count("epochs", epochs, least=0)):
            for _ in self.work(1):
                pass
            done.append(self.history[-1])
        return done

    def steps(self, epochs: int) -> Iterator[Step]:
        """Train for this many epochs, one mini-batch at a time.

        The rest of an unfinished epoch counts as the first. Raises Diverged if the cost is not
        finite.
        """
        return (piece for piece in self.work(epochs) if isinstance(piece, Step))

    def work(self, epochs: int) -> Iterator[Work]:
        """The training loop, in pieces of which none takes long: mini-batches, as ``steps`` yields
        them, and slices of the evaluations."""
        last = self.epoch + checks.count("epochs", epochs, least=0)
        return self._work(last)

    def _work(self, last: int) -> Iterator[Work]:
        while self.epoch < last:
            due = self._evaluations_due()
            while self.position < len(self.x):
                if not self._is_available():
                    yield Waiting()
                    continue
                yield self._step()
                before, due = due, self._evaluations_due()
                if before < due < self.evaluations:
                    yield from self._evaluate()
            accuracy = None
            for piece in self._evaluate():
                if isinstance(piece, Evaluation):
                    accuracy = piece.accuracy
                    self._finish_epoch(accuracy)
                yield piece
            if accuracy is None:
                self._finish_epoch(None)

    def learn(self, x: Array, labels: Array) -> tuple[float, float]:
        """One update on these examples: x (batch, inputs) floats, labels as the trainer's.

        Returns (cost, accuracy) before the update. Raises Diverged if the cost is not finite, and
        restores the net's latest finite checkpoint.
        """
        parameters = self.net.parameters()
        with _no_overflow_warnings():  # Diverged says it in one sentence
            cost, gradients = self.net.backpropagate(x, self._targets(labels))
            if not math.isfinite(cost):
                self._diverge(f"the cost became {_in_words(cost)} in step {self.step + 1}")
            if self.step % CHECKPOINT_STEPS == 0:
                self._check_finite()
                for saved, p in zip(self._checkpoint, parameters, strict=True):
                    np.copyto(saved, p)
            decay(parameters, gradients, self._l1, self._l2)
            self.optimizer.update(parameters, gradients)
        self.step += 1
        return cost, metrics.right(self.net.layers[-1].a, labels) / len(labels)

    def _targets(self, labels: Array) -> Array:
        """y (batch, outputs) for labels, or regression targets as they are."""
        return ops.gather(self._codes, labels, self.net.dtype) if labels.ndim == 1 else labels

    def _step(self) -> Step:
        begun = perf_counter()
        rows = self._next_rows()
        x = ops.gather(self.x, rows, self.net.dtype)
        if self.augment is not None:
            x = self.augment(x, np.random.default_rng([self.seed, self.epoch, self.position]))
        cost, accuracy = self.learn(x, self.labels[rows])
        count = len(rows)
        self.position += count
        seconds = perf_counter() - begun
        sums = self.sums
        sums[0] += cost * count
        sums[1] += accuracy * count
        sums[2] += seconds
        self._examples += count
        self._seconds += seconds
        return Step(self.epoch + 1, self.step, cost, accuracy, self.examples_per_second)

    def _is_available(self) -> bool:
        """True if the examples of the next mini-batch are loaded."""
        if self.available >= len(self.x):
            return True
        if self.epoch > 0:
            return False
        needed = min(self.position + self.batch_size, len(self.x))
        return self.available >= min(-(-needed // BLOCK) * BLOCK, len(self.x))

    def _next_rows(self) -> Array:
        """The indices of the examples in the next mini-batch."""
        stop = min(self.position + self._batch_size, len(self.x))
        if self._order is None:
            self._blocks = _shuffled(len(self.x), self.seed, self.epoch)
            self._order = next(self._blocks)
        while len(self._order) < stop:
            self._order = np.concatenate([self._order, next(self._blocks)])
        return self._order[self.position : stop]

    def _evaluations_due(self) -> int:
        return self.evaluations * self.position // len(self.x)

    def _evaluate(self) -> Iterator[Evaluating | Evaluation]:
        self._check_finite()  # after the last step of a run, no further cost would show it
        if self.test is None:
            return
        x, labels = self.test
        right, cost, done = 0.0, 0.0, 0
        for a in metrics.predictions(self.net, x):
            slice_labels = labels[done : done + len(a)]
            z = self.net.layers[-1].z
            cost += self.net.loss.cost(z, a, self._targets(slice_labels)) * len(a)
            right += metrics.right(a, slice_labels)
            done += len(a)
            yield Evaluating(done / len(x))
        if not np.isfinite(cost):
            self._diverge(f"the cost on the test set became {_in_words(cost)} in step {self.step}")
        yield Evaluation(self.epoch + 1, self.step, right / len(x), cost / len(x))

    def _finish_epoch(self, test_accuracy: float | None) -> None:
        cost, right, seconds = self.sums
        n = len(self.x)
        self.history.append(Epoch(cost / n, right / n, test_accuracy, seconds))
        del self.history[:-MOST_HISTORY]
        self.epoch += 1
        self.position = 0
        self.sums = [0.0, 0.0, 0.0]
        self._order = None

    def _check_finite(self) -> None:
        """Raise Diverged unless the parameters are finite: sigmoids can keep the cost finite."""
        if not all(np.isfinite(p).all() for p in self.net.parameters()):
            self._diverge(f"the weights became infinite or NaN in step {self.step}")

    def _diverge(self, what: str) -> NoReturn:
        """Restore the checkpoint, clear the optimizer's memory and raise Diverged."""
        for p, saved in zip(self.net.parameters(), self._checkpoint, strict=True):
            np.copyto(p, saved)
        self.optimizer.forget()
        rate = self.optimizer.learning_rate
        raise Diverged(what, f"the learning rate {rate:g} is probably too high for this net")


def decay(
    parameters: Sequence[Array], gradients: Sequence[Array], l1: float = 0.0, l2: float = 0.0
) -> None:
    """∂C/∂w ← ∂C/∂w + λ₁ sign w + λ₂ w, in place; ∂C/∂b stays as it is."""
    for p, gradient in zip(parameters, gradients, strict=True):
        if p.ndim > 1 and l2:
            ops.combine(gradient, 1.0, p, l2)
        if p.ndim > 1 and l1:
            gradient += l1 * np.sign(p)


def _shuffled(count: int, seed: int, epoch: int) -> Iterator[Array]:
    """The order of ``count`` examples in an epoch, block by block; the same for the same arguments.

    A function, not a method: a generator that refers to its trainer makes a reference cycle, and
    the trainer would stay in memory after a reset.
    """
    rng = np.random.default_rng([seed, epoch])
    size = count if epoch else BLOCK
    for start in range(0, count, size):
        yield start + rng.permutation(min(size, count - start))


def _no_overflow_warnings() -> AbstractContextManager[object]:
    """Suppress NumPy's warnings of overflow.

    WebAssembly has no floating-point flags, so NumPy never warns in the tab, and entering
    ``np.errstate`` in every step would only cost time.
    """
    return nullcontext() if IN_THE_TAB else np.errstate(over="ignore", invalid="ignore")


def _in_words(cost: float) -> str:
    """A cost that is not finite, in words."""
    return "NaN" if math.isnan(cost) else "infinite"
