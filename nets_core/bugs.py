"""Bugs that people who write their first network make, each a small patch to the library's code.

A bug says which function it is in, the lines it changes, with which settings it shows, what comes
of it, and whether finite differences can see it. ``tests/test_bugs.py`` holds each to its word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nets_core import checks, patching

OUTCOMES = {
    "same": "It learns just as well",
    "worse": "It learns, but worse",
    "nothing": "It does not learn",
    "astray": "It learns, but the wrong thing",
    "breaks": "The numbers become infinite or NaN",
    "flattered": "It seems to learn better than it does",
}
"""What may come of a bug: the answers to choose from before the evidence is shown."""


@dataclass(frozen=True)
class Bug:
    """One bug.

    ``target`` is the function's name as ``patching`` takes it, in which ``old`` becomes ``new``
    (both as they stand in the function's text, dedented); without a target they are a line of the
    script that trains, and ``changed`` are the settings that it changes. ``settings`` are those of
    both runs (see ``settings.Settings``). ``outcome`` is one of ``OUTCOMES``, ``check_sees`` says
    whether the gradient check finds it, ``lesson`` is what to learn from it.
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
        if self.target is None:
            raise ValueError(f"bug {self.id!r} changes a setting, not a function")
        source = patching.source_of(self.target)
        if source.count(self.old) != 1:
            raise ValueError(f"bug {self.id!r} does not fit {self.target} any more")
        return source.replace(self.old, self.new)

    def plain(self) -> dict[str, Any]:
        """The bug for a page; ``before`` and ``after`` are the lines of the function, or one line
        of the script."""
        before = patching.source_of(self.target) if self.target else self.old
        after = self.text() if self.target else self.new
        file, line = patching.place_of(self.target) if self.target else ("your script", 1)
        return {
            "id": self.id,
            "name": self.name,
            "story": self.story,
            "target": self.target,
            "file": file,
            "line": line,
            "before": before.rstrip("\n").split("\n"),
            "after": after.rstrip("\n").split("\n"),
            "outcome": self.outcome,
            "checkSees": self.check_sees,
            "lesson": self.lesson,
        }


PLAIN = {"optimizer": "sgd", "learningRate": 3.0, "batchSize": 10, "augment": False}
"""Nielsen's way to train 784-30-10: plain gradient descent, η = 3, mini-batches of 10."""
RELU = {
    "hidden": [30],
    "activation": "relu",
    "output": "softmax",
    "loss": "cross_entropy",
    "initializer": "he",
    "optimizer": "sgd",
    "learningRate": 0.1,
    "batchSize": 10,
}

BUGS = {
    bug.id: bug
    for bug in (
        Bug(
            id="summed",
            name="The gradient summed, not averaged",
            story="Every example of the mini-batch has its gradient. Add them all up, and go.",
            target="Dense.gradients",
            old="    delta = delta / len(delta)\n",
            new="",
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
            settings=RELU | {"hidden": [10, 10]},
            outcome="nothing",
            check_sees=True,
            lesson=(
                "784-10-10-10: each layer above the first has as many inputs as outputs, and the "
                "wrong product fits by luck. The output layer’s own gradient is right, but the "
                "layers below are pushed about at random. Test with sizes that all differ, and the "
                "shapes will find it for you."
            ),
        ),
        Bug(
            id="early-update",
            name="Updated before δ went back",
            story=(
                "Go backward through the layers, compute each one’s gradient, update its weights "
                "there and then, and take δ on to the layer before."
            ),
            target="Network.backpropagate",
            old="        delta = above.backward(delta) * layer.sigma_prime()\n",
            new=(
                "        for p, g in zip(above.parameters(), above.gradients(delta)):\n"
                "            p -= 0.5 * g\n"
                "        delta = above.backward(delta) * layer.sigma_prime()\n"
            ),
            settings=PLAIN | {"learningRate": 0.5},
            outcome="same",
            check_sees=True,
            lesson=(
                "δ went back through weights that no longer are those of the forward pass. One "
                "step changes them so little that the curve tells you nothing. The check does: it "
                "is exact, and this is not."
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
            settings=RELU | {"initializer": "normal", "hidden": [100], "learningRate": 0.01},
            outcome="breaks",
            check_sees=False,
            lesson=(
                "float32 ends at 3.4 · 10³⁸, which is e⁸⁸. One z above that, and ∞/∞ is NaN, which "
                "spreads to every weight. The check runs in float64, where e^z reaches further, "
                "and the formula is right: it sees nothing. Where the weights start small it would "
                "strike later, in the middle of a long run."
            ),
        ),
        Bug(
            id="zeros",
            name="All weights started at zero",
            story="Weights have to start somewhere, and zero favours nobody.",
            target="xavier",
            old="return rng.standard_normal((outputs, inputs)) * np.sqrt(2 / (inputs + outputs))",
            new="return np.zeros((outputs, inputs))",
            settings=PLAIN | {"initializer": "xavier"},
            outcome="worse",
            check_sees=False,
            lesson=(
                "Hidden neurons that begin alike get the same gradient and stay alike for ever: "
                "thirty of them are worth one. Randomness is not decoration, it is what lets them "
                "become different. The gradient is right, so the check has nothing to find."
            ),
        ),
        Bug(
            id="off-by-one",
            name="Labels off by one",
            story="Labels counted from 1, rows of the target counted from 0.",
            target="Trainer.learn",
            old="self._targets[labels])",
            new="self._targets[labels - 1])",
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
            changed={"learningRate": 3.0},
            outcome="nothing",
            check_sees=False,
            lesson=(
                "One step too far pushes a neuron’s bias so low that z < 0 for every digit. Then "
                "its output is 0, its slope is 0, its gradient is 0, and it never comes back. The "
                "gradient is right, and the check says so: it really is zero."
            ),
        ),
        Bug(
            id="test-in-training",
            name="Test data in training",
            story="Some images are held back to measure with. They must not be trained with.",
            target="Mnist.split",
            old="Examples(images[:-validation], labels[:-validation])",
            new="Examples(images, labels)",
            settings=RELU | {"learningRate": 0.2},
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


def get(name: str) -> Bug:
    """The bug of this id; ValueError for an unknown one."""
    return BUGS[checks.one_of("bug", name, BUGS)]
