"""The service "workshop": checks changed functions by finite differences, and races them.

The page's gallery of bugs and its editor work alike: they replace the text of a library function,
check whether the gradient is still right, and race the changed library against the original.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nets_core import checks
from nets_core.data.datasets import Examples, Mnist
from nets_core.ops import Array
from nets_core.page import bugs
from nets_core.page.bugs import PLAIN, RELU
from nets_core.page.settings import Settings
from nets_core.study import patching, race
from nets_core.study.race import Change, Race, Runner
from nets_core.training import Diverged, Trainer

SPLIT = "Mnist.split"
"""The only function that is not patched into a run: it makes the data for the run."""
MOST_EXAMPLES = 10_000
"""The most training examples of a race: the first of MNIST."""
HELD_BACK = 500
"""How many of them are held back for evaluation; a fifth where there are few."""
FRESH = 1_000
"""The number of test images, which no run sees, for the accuracy at the end."""
LONGEST = 2000
"""The most characters of a message about an exception."""


@dataclass(frozen=True)
class Target:
    """A function that can be changed in the editor, with settings of a run that uses it."""

    name: str
    what: str
    settings: Mapping[str, Any]


SOFTMAX = RELU | {"activation": "sigmoid", "initializer": "nielsen", "learning_rate": 0.5}
TARGETS = (
    Target("Network.backpropagate", "the whole backward pass: the four equations", PLAIN),
    Target("Dense.gradients", "∂C/∂w and ∂C/∂b from δ", PLAIN),
    Target("Dense.backward", "δ sent back through the weights", PLAIN),
    Target("Dense.forward", "z and a of a layer", PLAIN),
    Target("sigmoid", "the activation 1 / (1 + e^−z)", PLAIN),
    Target("sigmoid_prime", "its slope σ′(z)", PLAIN),
    Target("relu", "the activation max(0, z)", RELU),
    Target("relu_prime", "its slope, 0 or 1", RELU),
    Target("softmax", "the output as probabilities", RELU),
    Target("MeanSquaredError.cost", "the quadratic cost", PLAIN),
    Target("MeanSquaredError.gradient", "its gradient ∇C", PLAIN),
    Target("CrossEntropy.delta", "the error δ of the output", SOFTMAX),
    Target("SGD.update", "a step of gradient descent", PLAIN),
    Target("Adam.update", "a step of Adam", PLAIN | {"optimizer": "adam", "learning_rate": 0.003}),
    Target("Trainer.learn", "one step of learning, from mini-batch to update", PLAIN),
)
ADJUSTABLE = (
    "hidden",
    "activation",
    "output",
    "loss",
    "initializer",
    "optimizer",
    "learning_rate",
    "batch_size",
    "seed",
)
"""The settings of a race that a visitor or a link may choose."""


class Workshop:
    """Tries changed functions on MNIST.

    ``data()`` returns (training examples, test examples), of which the first ``MOST_EXAMPLES``
    and ``FRESH`` are used. It raises ValueError while MNIST is not loaded.
    """

    def __init__(self, data: Callable[[], tuple[Examples, Examples]]) -> None:
        self._data = data
        self._race: Race | None = None

    def targets(self) -> list[dict[str, Any]]:
        """The functions for the editor: name, what it is, file, line, text and settings."""
        return [
            {
                "name": target.name,
                "what": target.what,
                "file": patching.place_of(target.name)[0],
                "line": patching.place_of(target.name)[1],
                "text": patching.source_of(target.name),
                "settings": _chosen(target.settings),
            }
            for target in TARGETS
        ]

    def bugs(self) -> dict[str, Any]:
        """The gallery: ``outcomes`` to choose from, and ``bugs`` as of ``bugs.Bug.plain``.

        Each bug also has ``editable``, whether its function is one of ``targets()``, and
        ``settings``, with which the bug shows, for the editor.
        """
        known = {one.name for one in TARGETS}
        return {
            "outcomes": bugs.OUTCOMES,
            "bugs": [
                bug.plain() | {"editable": bug.target in known, "settings": _chosen(bug.settings)}
                for bug in bugs.BUGS.values()
            ],
        }

    def try_bug(self, bug: str, mended: bool = False) -> dict[str, Any]:
        """Begin the race of a bug of the gallery; returns ``race.verdict`` on its gradient.

        With ``mended`` the patched text races after its fix, which should change nothing.
        """
        chosen = bugs.get(bug)
        settings = Settings.from_plain(chosen.settings)
        different = {} if mended else chosen.changed
        changed = Settings.from_plain({**chosen.settings, **different})
        changes = []
        if chosen.target is not None:
            text = chosen.mended() if mended else chosen.text()
            function = patching.compiled(chosen.target, text)
            changes.append(Change(chosen.target, function))
        return self._begin(settings, changed, changes, chosen.epochs, chosen.examples)

    def try_text(self, target: str, text: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Begin the race of a visitor's function; returns ``race.verdict`` on its gradient.

        ``target`` is one of ``targets()``, ``settings`` any of ``ADJUSTABLE``. Where the text
        cannot be used, or raises, the result is {"trouble": {"message", "line", "diverged"}} and
        nothing runs.
        """
        known = {one.name: one for one in TARGETS}
        base = known[checks.one_of("target", target, known)].settings
        for name in settings:
            checks.one_of("setting", name, ADJUSTABLE)
        chosen = Settings.from_plain({**base, **settings})
        changes: list[Change] = []
        self._race = None
        try:
            changes.append(Change(target, patching.compiled(target, text)))
            return self._begin(chosen, chosen, changes, 2, MOST_EXAMPLES)
        except race.RAISED as error:
            raised = changes or [Change(target, patching.original(target))]
            return {"trouble": _trouble(error, raised)}

    def advance(self, milliseconds: float) -> dict[str, Any]:
        """Let both runs train for about this long.

        Returns ``running``, and for ``healthy`` and ``changed`` each: ``curves``, ``cost`` and
        ``accuracy`` of the latest examples, ``test_accuracy``, and ``trouble``, None or what ended
        the run too early: message, line of the changed text or None, and diverged. Once the race is
        over, each also has ``fresh``, its accuracy on test images that neither has seen, and
        ``dead``, how many of its hidden neurons are 0 for all of them.
        """
        if self._race is None:
            raise ValueError("nothing is racing: run something first")
        self._race.advance(checks.positive("milliseconds", milliseconds))
        running = self._race.running
        state: dict[str, Any] = {"running": running}
        for name, runner in (("healthy", self._race.healthy), ("changed", self._race.changed)):
            state[name] = _plain(runner)
            if not running:
                state[name] |= self._examined(runner.session.trainer)
        return state

    def _begin(
        self,
        settings: Settings,
        changed: Settings,
        changes: list[Change],
        epochs: int,
        examples: int,
    ) -> dict[str, Any]:
        train, test = self._data()
        mnist = Mnist(Examples(train.images[:examples], train.labels[:examples]), test)
        splits = {change.name: change.function for change in changes}
        split = splits.pop(SPLIT, Mnist.split)
        others = [change for change in changes if change.name in splits]
        held_back = max(1, min(HELD_BACK, len(mnist.train.labels) // 5))
        self._race = None
        begun = Race(
            _trainer(settings, Mnist.split(mnist, held_back)),
            _trainer(changed, split(mnist, held_back)),
            epochs,
            others,
        )
        found = race.verdict(begun.changed.session.trainer)
        self._race = begun
        return found

    def _examined(self, trainer: Trainer) -> dict[str, Any]:
        _, test = self._data()
        images, labels = test.images[:FRESH], test.labels[:FRESH]
        try:
            with np.errstate(all="ignore"):
                right = trainer.net.forward(images).argmax(axis=1) == labels
            hidden: list[Array] = [layer.a for layer in trainer.net.layers[:-1]]
            dead = sum(int((a == 0).all(axis=0).sum()) for a in hidden)
            return {"fresh": float(right.mean()), "dead": dead}
        except race.RAISED:  # by a visitor's function, or by what it left behind
            return {"fresh": None, "dead": None}


def _plain(runner: Runner) -> dict[str, Any]:
    """A run of a race, as ``Workshop.advance`` returns it."""
    session = runner.session
    cost, accuracy = session.curves.latest()
    return {
        "curves": session.curves.plain(),
        "cost": cost,
        "accuracy": accuracy,
        "test_accuracy": session.test_accuracy,
        "trouble": None if runner.trouble is None else _trouble(runner.trouble, runner.changes),
    }


def _trouble(error: BaseException, changes: Sequence[Change]) -> dict[str, Any]:
    """An exception for the page: message, line of the changed text or None, and diverged."""
    message, line = _words(error), None
    diverged = isinstance(error, Diverged)
    if isinstance(error, patching.Refused):
        message, line = str(error), error.line
    elif isinstance(error, Diverged):
        message = f"{error.what[:1].upper()}{error.what[1:]}."  # the learning rate is not to blame
    else:
        lines = [patching.line_of(error, change.name) for change in changes]
        line = next((one for one in lines if one is not None), None)
        if isinstance(error, MemoryError):
            message = "It needs more memory than the 512 MB that it may use."
        elif line is None and changes:
            message = f"What {changes[0].name} returned could not be used. {message}"
    return {"message": message[:LONGEST], "line": line, "diverged": diverged}


def _words(error: BaseException) -> str:
    """An exception's type and message, cut: a visitor's may be long, or raise when it is read."""
    try:
        return f"{type(error).__name__[:LONGEST]}: {str(error)[:LONGEST]}".rstrip(": ")
    except race.RAISED:
        return "It raised an exception that has no message."


def _trainer(settings: Settings, split: tuple[Examples, Examples, Examples]) -> Trainer:
    train, held_back, _ = split
    return settings.trainer(train.images, train.labels, (held_back.images, held_back.labels))


def _chosen(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a race that may be chosen, with their defaults."""
    values = Settings.from_plain(settings).plain()
    return {name: values[name] for name in ADJUSTABLE}
