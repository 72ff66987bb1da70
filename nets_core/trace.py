"""One step of learning with every quantity under the name that the equations give it.

Nothing is computed here that training does not compute: the net's own ``backpropagate`` runs, and
what it and its layers kept (a^{l-1}, z^l, a^l, δ^l) is read off; the optimizer's own ``update``
runs on a copy. Each stage also says which line of the library did it, found in the source itself.

Layers are numbered as in Nielsen's book: 1 is the input, L the output, and w^l leads to layer l.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nets_core.layers import Dense
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import Optimizer


@dataclass(frozen=True)
class Source:
    """Lines ``first`` to ``last`` of ``file`` (a module of nets_core), inside a function's lines
    ``begin`` to ``end``."""

    file: str
    begin: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Quantity:
    """One quantity: ``symbol`` is "a", "z", "delta", "w", "b", "dw", "db", "y" or "C".

    ``layer`` is l; values are batch first where the quantity belongs to single examples.
    """

    symbol: str
    layer: int
    values: Array


@dataclass(frozen=True)
class Stage:
    """One stage of the step: which equation it is, what it makes of what, and which code did it.

    ``equation`` is "input", "z", "a", "cost", "delta_output", "delta", "db", "dw" or "update".
    """

    equation: str
    layer: int
    result: tuple[Quantity, ...]
    source: Source


def step(net: Network, x: Array, y: Array, optimizer: Optimizer) -> list[Stage]:
    """The stages of one update of ``net`` on x (batch, inputs) and one-hot y (batch, outputs).

    Parameters and optimizer stay as they are. Raises ValueError for a net that is not all dense
    layers, since the stages are the four equations in their plain form, and what
    ``Network.backward`` raises.
    """
    layers = dense_layers(net)
    cost, gradients = net.backward(x, y)
    top = len(layers) + 1
    inner = range(2, top + 1)

    def stage(equation: str, layer: int, source: Source, **result: Array) -> Stage:
        quantities = tuple(Quantity(symbol, layer, value) for symbol, value in result.items())
        return Stage(equation, layer, quantities, source)

    update = _lines(type(optimizer).update, "(p, ")
    parameters = updated(net, gradients, optimizer)
    stages = [stage("input", 1, _lines(Network.propagate, "x.reshape"), a=layers[0].a_in)]
    for number, layer in enumerate(layers, start=2):
        stages.append(
            stage("z", number, _lines(Dense.forward, "self.z =", "ops.add_row"), z=layer.z)
        )
        stages.append(stage("a", number, _lines(Dense.forward, "self.a = self.act"), a=layer.a))
    cost_line = _lines(type(net.loss).cost, "return")
    stages.append(stage("cost", top, cost_line, y=np.asarray(y), C=np.array([cost])))
    output = _lines(type(net.loss).delta, "return")
    stages.append(stage("delta_output", top, output, delta=net.deltas[-1]))
    above = _lines(Network.backpropagate, "above.backward")
    for number in inner[-2::-1]:
        stages.append(stage("delta", number, above, delta=net.deltas[number - 2]))
    for number in inner:
        dw, db = gradients[2 * number - 4 : 2 * number - 2]
        stages.append(stage("db", number, _lines(Dense.gradients, "sum_rows"), db=db))
        stages.append(stage("dw", number, _lines(Dense.gradients, "matmul_tn"), dw=dw))
    for number in inner:
        w, b = parameters[2 * number - 4 : 2 * number - 2]
        stages.append(stage("update", number, update, w=w, b=b))
    return stages


def dense_layers(net: Network) -> list[Dense]:
    """The layers of a net that has only dense ones; ValueError for another."""
    layers = [layer for layer in net.layers if isinstance(layer, Dense)]
    if len(layers) != len(net.layers):
        raise ValueError("only nets of dense layers alone can be followed: choose another net")
    return layers


def updated(net: Network, gradients: list[Array], optimizer: Optimizer) -> list[Array]:
    """What the optimizer would make of the net's parameters; both stay as they are."""
    parameters = [p.copy() for p in net.parameters()]
    copy.deepcopy(optimizer).update(parameters, [g.copy() for g in gradients])
    return parameters


def _lines(function: Callable[..., Any], begin: str, end: str | None = None) -> Source:
    """The lines of a function from the first that has ``begin`` to the next that has ``end``."""
    file = inspect.getsourcefile(function)
    lines, start = inspect.getsourcelines(function)
    first = next(i for i, line in enumerate(lines) if begin in line)
    last = next(i for i, line in enumerate(lines) if i >= first and (end or begin) in line)
    assert file is not None
    return Source(Path(file).name, start, start + len(lines) - 1, start + first, start + last)
