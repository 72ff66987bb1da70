"""One step of learning, with every quantity under its name in the equations.

Nothing is computed here that training does not compute: the net's own ``backpropagate`` runs, and
the values that it and its layers keep (a^{l-1}, z^l, a^l, δ^l) are read; the optimizer's own
``update`` runs on a copy. A net with a changed function (``patching``) is traced like any other.
Each stage also says which lines of the source computed it.

Layers are numbered as in Nielsen's book: 1 is the input, L the output, and w^l leads to layer l.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nets_core.layers import Dense
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import Optimizer
from nets_core.study import sources
from nets_core.training import decay

EACH = frozenset({"a", "z", "delta", "y"})
"""The symbols of the quantities that have a value for each example of a mini-batch."""
_MEMORY = {"mean": "m", "square": "v"}
"""The optimizer's state, and its symbols in the equations of Adam."""
_COSTS = {"mse": "squared_distance", "cross_entropy": "if self.output"}
"""Text that marks the first line of each loss's formula."""


@dataclass(frozen=True)
class Source:
    """Lines ``first`` to ``last`` of ``file`` (a module of nets_core), counted from 1.

    The function around them has the lines ``begin`` to ``end``.
    """

    file: str
    begin: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Quantity:
    """One quantity: ``symbol`` is "a", "z", "delta", "w", "b", "dw", "db", "y", "C", "m" or "v".

    ``layer`` is l. Values of ``EACH`` are batch first, a row for each example; "C", "dw" and "db"
    are means over the mini-batch. "m" and "v" are Adam's running means for w^l.
    """

    symbol: str
    layer: int
    values: Array


@dataclass(frozen=True)
class Stage:
    """One stage of the step: its equation, the quantities it computes, and the code that does it.

    ``equation`` is "input", "z", "a", "cost", "delta_output", "delta", "db", "dw" or "update".
    """

    equation: str
    layer: int
    result: tuple[Quantity, ...]
    source: Source


def step(net: Network, x: Array, y: Array, optimizer: Optimizer, l2: float = 0.0) -> list[Stage]:
    """The stages of one update of ``net`` on x (batch, inputs) and one-hot y (batch, outputs).

    ``l2`` is the weight decay of the update. Parameters and optimizer do not change. Raises
    ValueError for a net with layers that are not dense, since the stages are the four equations in
    their plain form, and for a changed ``backpropagate`` that does not keep the errors; and what
    ``Network.backward`` raises.
    """
    layers = dense_layers(net)
    dense = layers[0]
    net.deltas = []
    cost, gradients = net.backward(x, y)
    if len(net.deltas) != len(layers):
        raise ValueError("backpropagate keeps no error δ of each layer in self.deltas to show")
    top = len(layers) + 1
    inner = range(2, top + 1)

    def stage(equation: str, layer: int, source: Source, **result: Array) -> Stage:
        quantities = tuple(Quantity(symbol, layer, value) for symbol, value in result.items())
        return Stage(equation, layer, quantities, source)

    update = _lines(optimizer.update, "learning_rate", "(p, ")
    parameters, memory = updated(net, gradients, optimizer, l2)
    stages = [stage("input", 1, _lines(net.propagate, "x.reshape"), a=layers[0].a_in)]
    for number, layer in enumerate(layers, start=2):
        stages.append(
            stage("z", number, _lines(dense.forward, "self.z =", "ops.add_row"), z=layer.z)
        )
        stages.append(stage("a", number, _lines(dense.forward, "self.a = self.act"), a=layer.a))
    cost_lines = _lines(net.loss.cost, _COSTS[net.loss.name], "return")
    stages.append(stage("cost", top, cost_lines, y=np.asarray(y), C=np.array([cost])))
    output = _lines(net.loss.delta, "return")
    stages.append(stage("delta_output", top, output, delta=net.deltas[-1]))
    above = _lines(net.backpropagate, "above.backward")
    for number in inner[-2::-1]:
        stages.append(stage("delta", number, above, delta=net.deltas[number - 2]))
    for number in inner:
        dw, db = gradients[2 * number - 4 : 2 * number - 2]
        mean = _lines(dense.gradients, "/ len(delta)", "return")
        stages += [stage("db", number, mean, db=db), stage("dw", number, mean, dw=dw)]
    for number in inner:
        w, b = parameters[2 * number - 4 : 2 * number - 2]
        kept = {_MEMORY[name]: arrays[2 * number - 4] for name, arrays in memory.items()}
        stages.append(stage("update", number, update, **kept, w=w, b=b))
    return stages


def dense_layers(net: Network) -> list[Dense]:
    """The layers of a net; ValueError unless all are dense."""
    layers = [layer for layer in net.layers if isinstance(layer, Dense)]
    if len(layers) != len(net.layers):
        raise ValueError("only nets of dense layers can be followed: choose another net")
    return layers


def updated(
    net: Network, gradients: list[Array], optimizer: Optimizer, l2: float = 0.0
) -> tuple[list[Array], dict[str, list[Array]]]:
    """The parameters after the optimizer's update with weight decay ``l2``, and its state, by the
    names of ``Optimizer.memory``. The net and the optimizer themselves do not change."""
    parameters = [p.copy() for p in net.parameters()]
    gradients = [g.copy() for g in gradients]
    decay(parameters, gradients, l2=l2)
    optimizer = copy.deepcopy(optimizer)
    optimizer.update(parameters, gradients)
    return parameters, {name: optimizer.state[name] for name in optimizer.memory if name in _MEMORY}


def _lines(function: Callable[..., Any], begin: str, end: str | None = None) -> Source:
    """The lines of a function from the first that contains ``begin`` to the next with ``end``.

    A changed function (see ``patching``) without such a line is marked at its first line.
    """
    file = inspect.getsourcefile(function)
    lines, start = inspect.getsourcelines(function)
    found = [i for mark in (begin, end or begin) for i, line in enumerate(lines) if mark in line]
    first = found[0] if found else 0
    last = next((i for i in range(first, len(lines)) if (end or begin) in lines[i]), first)
    assert file is not None
    return Source(sources.name_of(file), start, start + len(lines) - 1, start + first, start + last)
