"""Bugs that people who write their first network make, each a small patch to the library's code.

Each names its function, the lines that it changes, the settings with which it shows, its outcome,
and whether finite differences can see it. ``tests/library/page/test_bugs.py`` checks it on MNIST.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nets_core import checks
from nets_core.network import Network
from nets_core.page.settings import Settings
from nets_core.study import patching

OUTCOMES = {
    "same": "It learns just as well",
    "worse": "It learns, but worse",
    "nothing": "It does not learn: no better than guessing",
    "astray": "It learns, but the wrong thing",
    "breaks": "The numbers become infinite or NaN",
    "flattered": "It seems to learn better than it does",
}
"""The possible outcomes of a bug: the visitor chooses one before seeing the evidence."""


@dataclass(frozen=True)
class Bug:
    """One bug.

    ``target`` is the function's name as ``patching`` takes it. In its text, dedented, ``old``
    becomes ``new``. Without a target, ``old`` and ``new`` are a line of the script that trains, and
    ``changed`` are the settings that differ. ``settings`` are those of both runs (see
    ``settings.Settings``). ``outcome`` is one of ``OUTCOMES``, ``check_sees`` says whether the
    gradient check finds the bug, and ``lesson`` is what to learn from it.
    """

    id: str
    name: str
    story: str
    target: str | None
    old: str
    new: str
    outcome: str
    check_sees: bool
    lesson: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 2
    examples: int = 10_000

    def text(self) -> str:
        """The function with the bug in it; ValueError for a bug that is no patch."""
        return _replaced(self._source(), self.old, self.new)

    def mended(self) -> str:
        """The function after the fix, the reversed patch: the library's own text again."""
        return _replaced(self.text(), self.new, self.old)

    def plain(self) -> dict[str, Any]:
        """The bug for a page.

        ``before`` and ``after`` are the lines of the function, or one line of the script.
        ``first`` is the index of the first line that differs; ``removed`` and ``added`` count the
        lines that do. ``run`` describes the training in words, ``epochs`` is its length.
        """
        before = (self._source() if self.target else self.old).rstrip("\n").split("\n")
        after = (self.text() if self.target else self.new).rstrip("\n").split("\n")
        file, line = patching.place_of(self.target) if self.target else ("", 1)
        first = _alike(before, after)
        last = _alike(before[first:][::-1], after[first:][::-1])
        return {
            "id": self.id,
            "name": self.name,
            "story": self.story,
            "target": self.target,
            "file": file,
            "line": line,
            "before": before,
            "after": after,
            "first": first,
            "removed": len(before) - first - last,
            "added": len(after) - first - last,
            "run": self._run(),
            "epochs": self.epochs,
            "outcome": self.outcome,
            "check_sees": self.check_sees,
            "lesson": self.lesson,
        }

    def _source(self) -> str:
        if self.target is None:
            raise ValueError(f"bug {self.id!r} changes a setting, not a function")
        return patching.source_of(self.target)

    def _run(self) -> str:
        settings = Settings.from_plain(self.settings)
        sizes = "-".join(str(size) for size in (784, *settings.hidden, 10))
        neurons = {"relu": "ReLUs", "sigmoid": "sigmoids"}[settings.activation]
        return (
            f"A net {sizes} of {neurons}, learning rate η = {settings.learning_rate:g}, "
            f"mini-batches of {settings.batch_size}, {self.epochs} epochs of {self.examples:,} "
            "digits."
        )


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"the text has {old!r} {text.count(old)} times, expected once")
    return text.replace(old, new)


def _alike(lines: Sequence[str], others: Sequence[str]) -> int:
    """The number of lines at the beginning that are the same."""
    pairs = zip(lines, others, strict=False)
    return next(
        (i for i, (line, other) in enumerate(pairs) if line != other),
        min(len(lines), len(others)),
    )


PLAIN = {"optimizer": "sgd", "learning_rate": 3.0, "batch_size": 10, "augment": False}
"""Nielsen's way to train 784-30-10: plain gradient descent, η = 3, mini-batches of 10."""
RELU = {
    "hidden": [30],
    "activation": "relu",
    "output": "softmax",
    "loss": "cross_entropy",
    "initializer": "he",
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "batch_size": 10,
}

BUGS = {
    bug.id: bug
    for bug in (
        Bug(
            id="summed",
            name="The gradient summed, not averaged",
            story="Every example of the mini-batch has its gradient. Add them all up, and go.",
            target="Dense.gradients",
            old="    delta = delta / len(delta)\n    return [ops.matmul_tn(",
            new="    return [ops.matmul_tn(",
            settings=PLAIN,
            outcome="nothing",
            check_sees=True,
            lesson=(
                "Every step is ten times too long, as if η were 30 and not 3: after a few of them "
                "the sigmoids are saturated, and saturated neurons learn nothing. With a smaller η "
                "it would learn, and nobody would notice. It took the author of the blog post "
                "longest to find. The check sees it at once: backward’s answer is a multiple of "
                "the right one, and the multiple is the number of examples."
            ),
        ),
        Bug(
            id="transpose",
            name="The missing transpose that fits",
            story=(
                "δ goes back through the transposed weights. Forget the transpose, and NumPy "
                "complains about the shapes, unless a layer has as many neurons as the one before."
            ),
            target="Dense.backward",
            old="ops.matmul_nn(delta, self.weights)",
            new="ops.matmul_nt(delta, self.weights)",
            settings=RELU | {"hidden": [10, 10], "learning_rate": 0.2},
            outcome="nothing",
            check_sees=True,
            lesson=(
                "784-10-10-10: each layer above the first has as many inputs as outputs, and the "
                "wrong product fits by luck. The output layer’s own gradient is right, but the "
                "layers below are pushed about at random. With sigmoids or a smaller η the layers "
                "above often learn around it, and nobody notices. Check the gradient of a net "
                "whose sizes all differ: then the shapes find it for you."
            ),
        ),
        Bug(
            id="early-update",
            name="Updated before δ went back",
            story=(
                "Go backward through the layers and update each one’s weights as soon as their "
                "gradient is known: why wait? Then take δ on to the layer before."
            ),
            target="Network.backpropagate",
            old="        delta = above.backward(delta) * layer.sigma_prime()\n",
            new=(
                "        updated = above.weights - 0.5 * above.gradients(delta)[0]\n"
                "        delta = delta @ updated * layer.sigma_prime()\n"
            ),
            settings=PLAIN | {"learning_rate": 0.5},
            outcome="same",
            check_sees=True,
            lesson=(
                "δ went back through w − η ∂C/∂w, the weights of the next step and not those of "
                "the forward pass. At the start that matters, but soon a step hardly changes the "
                "weights, and the curve shows nothing. The check does: the output layer is right, "
                "the one below is not."
            ),
        ),
        Bug(
            id="prime-of-a",
            name="σ′(a) instead of σ′(z)",
            story="σ′ is wanted at z. The activation a is at hand, of the same shape.",
            target="sigmoid_prime",
            old="    return a - a * a\n",
            new="    s = sigmoid(a)\n    return s - s * s\n",
            settings=PLAIN,
            outcome="worse",
            check_sees=True,
            lesson=(
                "σ′(a) lies between 0.19 and 0.25 whatever happens: a wrong slope of the right "
                "sign. So the cost falls, at first even faster, since no neuron seems saturated; "
                "then the steps point somewhere else than downhill, and it stays behind. A falling "
                "cost proves nothing. The check sees that this is not the gradient."
            ),
        ),
        Bug(
            id="no-maximum",
            name="Softmax without the maximum subtracted",
            story="a = e^z / Σ e^z, as in the book. In mathematics the maximum cancels.",
            target="softmax",
            old="ops.exp(z - z.max(axis=-1, keepdims=True))",
            new="ops.exp(z)",
            settings=RELU | {"initializer": "normal", "hidden": [100], "learning_rate": 0.01},
            outcome="breaks",
            check_sees=False,
            lesson=(
                "float32 ends at 3.4 · 10³⁸, which is about e⁸⁹. One z above 89, and ∞/∞ is NaN, "
                "which spreads to every weight. The check runs in float64, where e^z reaches "
                "further, and the formula is right: it sees nothing. Where the weights start "
                "small it may strike later, in the middle of a long run."
            ),
        ),
        Bug(
            id="zeros",
            name="All weights started at zero",
            story="Weights have to start somewhere, and zero favours nobody.",
            target="xavier",
            old="return rng.standard_normal((outputs, inputs)) * np.sqrt(2 / (inputs + outputs))",
            new="return np.zeros((outputs, inputs))",
            settings=PLAIN | {"initializer": "xavier", "hidden": [32]},
            outcome="worse",
            check_sees=False,
            lesson=(
                "Hidden neurons that begin alike get the same gradient and stay alike: thirty-two "
                "of them are worth one, and only rounding could ever tell them apart. Randomness "
                "is not decoration, it is what lets them become different. The gradient is right, "
                "so the check has nothing to find."
            ),
        ),
        Bug(
            id="off-by-one",
            name="Labels off by one",
            story="Labels counted from 1, rows of the target counted from 0.",
            target="Trainer.learn",
            old="self._targets(labels))",
            new="self._targets(labels - 1))",
            settings=PLAIN,
            outcome="astray",
            check_sees=False,
            lesson=(
                "The cost falls as well as ever: the net learns perfectly to answer 6 when it sees "
                "a 7. Only the accuracy tells, and it is far worse than guessing. When a net does "
                "worse than chance, look at the labels. The check sees nothing: it is the right "
                "gradient of the wrong question."
            ),
        ),
        Bug(
            id="dead-relu",
            name="ReLUs that die",
            story="It learns slowly, so the learning rate is raised: it worked for the sigmoids.",
            target=None,
            old="optimizer = SGD(learning_rate=0.1)",
            new="optimizer = SGD(learning_rate=3.0)",
            settings=RELU,
            changed={"learning_rate": 3.0},
            outcome="nothing",
            check_sees=False,
            lesson=(
                "One step too far pushes a neuron’s bias so low that z < 0 for every digit. Then "
                "its output is 0, its slope is 0, its gradient is 0, and it never comes back. That "
                "0 is right, as is every gradient on the way: the check has nothing to find."
            ),
        ),
        Bug(
            id="test-in-training",
            name="Test data in training",
            story="Some images are held back to measure with. They must not be trained with.",
            target="Mnist.split",
            old="Examples(images[:-validation], labels[:-validation])",
            new="Examples(images, labels)",
            settings=RELU | {"learning_rate": 0.2},
            outcome="flattered",
            check_sees=False,
            epochs=30,
            examples=2_000,
            lesson=(
                "100 % is a fairy tale: the net has learned the very images by heart that it is "
                "measured with. On digits that neither net has seen, the two are alike. No check "
                "of the mathematics can see it. Ask where every image went."
            ),
        ),
    )
}


FOLLOWED = ("summed", "prime-of-a", "early-update")
"""The bugs that show in a single step of a net like the blog post's."""


def broken(net: Network, name: str) -> Network:
    """A copy of a net with the bug of this id in it; ValueError if it is none of FOLLOWED."""
    bug = BUGS[checks.one_of("bug", name, FOLLOWED)]
    assert bug.target is not None
    copy = net.astype(net.dtype)
    patching.put(copy, bug.target, patching.compiled(bug.target, bug.text()))
    return copy


def get(name: str) -> Bug:
    """The bug of this id; ValueError for an unknown one."""
    return BUGS[checks.one_of("bug", name, BUGS)]
