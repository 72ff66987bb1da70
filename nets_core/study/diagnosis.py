"""Why a net has not learned: what its weights and activations show after a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nets_core import ops
from nets_core.layers import Layer
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.training import Trainer

IMAGES = 200
"""How many test images the net is looked at with."""
FLAT = 0.01
"""A sigmoid or tanh is saturated where its slope is below this share of its steepest."""
_STEEPEST = {"sigmoid": 0.25, "tanh": 1.0}
ALIKE = 1e-3
"""Neurons whose weights differ by less than this share of the largest weight are alike."""


@dataclass(frozen=True)
class Diagnosis:
    """What a trained net of several outputs shows.

    Attributes
    ----------
    answer : the output that is largest for every image looked at, None if there is no such;
        ``answered`` is the share (0…1) of the test labels that are it.
    common : the most common test label, and ``guess`` its share (0…1): the accuracy of a net that
        always answers it.
    chance : the largest accuracy on the test set that is no better than that, up to three standard
        deviations.
    saturated : the share (0…1) of sigmoids and tanhs that are saturated; 0 without any.
    dead : the share (0…1) of hidden ReLUs that are 0 for every image looked at; 0 without any.
    alike : how many neurons the first hidden layer has whose neurons all have the same weights,
        None without such a layer.
    moved : how far the weights have moved, as a share of their size before the run.
    shrunk : the size of the weights as a share of their size before the run.
    """

    answer: int | None
    answered: float
    common: int
    guess: float
    chance: float
    saturated: float
    dead: float
    alike: int | None
    moved: float
    shrunk: float


def diagnose(trainer: Trainer) -> Diagnosis:
    """Look at a trainer's net, on its test set; ValueError if it has none."""
    if trainer.test is None:
        raise ValueError("the trainer has no test set to look at the net with")
    net, (x, labels) = trainer.net, trainer.test
    with np.errstate(all="ignore"):
        answers = net.propagate(ops.as_floats(x[:IMAGES], net.dtype)).argmax(axis=1)
    counts = np.bincount(labels)
    guess = float(counts.max() / len(labels))
    hidden = net.layers[:-1]
    first = int(answers[0])
    constant = bool((answers == first).all())
    moved, shrunk = _change(net)
    return Diagnosis(
        answer=first if constant else None,
        answered=float(counts[first] / len(labels)) if first < len(counts) else 0.0,
        common=int(counts.argmax()),
        guess=guess,
        chance=guess + 3 * float(np.sqrt(guess * (1 - guess) / len(labels))),
        saturated=_share([_flat(layer) for layer in net.layers]),
        dead=_share([_silent(layer) for layer in hidden]),
        alike=next((n for n in map(_alike, hidden) if n), None),
        moved=moved,
        shrunk=shrunk,
    )


def _flat(layer: Layer) -> Array:
    """Where a layer's sigmoids or tanhs are saturated; empty for other layers."""
    steepest = _STEEPEST.get(layer.activation.name)
    if steepest is None:
        return np.empty(0, bool)
    return layer.activation.derivative(layer.z, layer.a) < FLAT * steepest


def _silent(layer: Layer) -> Array:
    """Which of a layer's ReLUs are 0 for every image; empty for other layers."""
    if layer.activation.name != "relu":
        return np.empty(0, bool)
    silent: Array = (layer.a.reshape(-1, layer.a.shape[-1]) == 0).all(axis=0)
    return silent


def _alike(layer: Layer) -> int:
    """How many neurons a layer has if all have the same weights, else 0."""
    if not layer.parameters() or len(layer.parameters()[0]) < 2:
        return 0
    weights = layer.parameters()[0]
    return len(weights) if np.ptp(weights, axis=0).max() <= ALIKE * np.abs(weights).max() else 0


def _share(masks: list[Array]) -> float:
    """The share of True in all the arrays together."""
    count = sum(mask.size for mask in masks)
    return sum(int(mask.sum()) for mask in masks) / count if count else 0.0


def _change(net: Network) -> tuple[float, float]:
    """How far the weights have moved from where they began, and how large they are now; both as
    shares of their size then, infinite if they began at 0."""
    begun = type(net).from_description(net.describe())
    pairs = [
        (after, before)
        for after, before in zip(net.parameters(), begun.parameters(), strict=True)
        if after.ndim > 1
    ]
    size = sum(float(np.abs(before).sum()) for _, before in pairs)
    if not size:
        return np.inf, np.inf
    moved = sum(float(np.abs(after - before).sum()) for after, before in pairs)
    return moved / size, sum(float(np.abs(after).sum()) for after, _ in pairs) / size
