"""One step of learning in plain values: its stages, one weight's chain, the gradient check."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from nets_core import checks, gradcheck
from nets_core.layers import Dense
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import Optimizer
from nets_core.study import trace

BINS = np.arange(-16, 1)
"""Bins of the histogram of relative errors, powers of ten; the first holds all smaller errors."""
LIMIT = 1e-6
"""A gradient is right if all its relative errors are below this."""


class StepTrace:
    """A step of ``net`` on a mini-batch: ``x`` (batch, inputs) and ``labels`` (batch,).

    Raises ValueError or TypeError as ``trace.step`` does, or for labels that the net does not know.
    """

    def __init__(self, net: Network, x: Array, labels: npt.ArrayLike, optimizer: Optimizer) -> None:
        known = checks.label_array("labels", labels, len(x), net.outputs)
        self._net = net
        self._x = x
        self._y = np.eye(net.outputs, dtype=net.dtype)[known]
        self._optimizer = optimizer
        self._layers = trace.dense_layers(net)
        self._before = [p.copy() for p in net.parameters()]
        self._stages = trace.step(net, x, self._y, optimizer)
        self._quantities = {
            (quantity.symbol, quantity.layer): np.array(quantity.values)
            for stage in self._stages
            for quantity in stage.result
        }
        self._slopes = [_slope(layer) for layer in self._layers]

    def plain(self) -> dict[str, Any]:
        """The stages in plain values and arrays.

        ``sizes`` are the neurons of each layer from 1 to L; ``activations`` and ``loss`` are names.
        ``stages`` have equation, layer, source and result. A result is a list of symbol, layer,
        rows (one for each example, or a single one that all share), values (flat, row after row)
        and largest, the largest magnitude in each row. ``parameters`` are w and b before the step,
        in the same form. ``examples`` is the size of the mini-batch. ``telling`` is the neuron and
        the source, from 0, of the weight of layer 2 with the largest gradient.
        """
        steepest = self._quantities["dw", 2]
        return {
            "sizes": [self._net.inputs, *(layer.outputs for layer in self._layers)],
            "activations": [layer.activation.name for layer in self._layers],
            "loss": self._net.loss.name,
            "optimizer": self._optimizer.name,
            "rate": self._optimizer.learning_rate,
            "examples": len(self._x),
            "telling": [
                int(i) for i in np.unravel_index(np.abs(steepest).argmax(), steepest.shape)
            ],
            "parameters": [
                _plain(trace.Quantity("b" if i % 2 else "w", i // 2 + 2, p))
                for i, p in enumerate(self._before)
            ],
            "stages": [
                {
                    "equation": stage.equation,
                    "layer": stage.layer,
                    "source": asdict(stage.source),
                    "result": [_plain(quantity) for quantity in stage.result],
                }
                for stage in self._stages
            ],
        }

    def follow(
        self, layer: int, neuron: int, source: int, example: int = 0
    ) -> dict[str, float | Array]:
        """The numbers of w^l_{jk} through the whole chain: l = ``layer`` (from 2 on), j =
        ``neuron`` and k = ``source``, all of one ``example``; the last three count from 0.

        Keys: a_in, w, b, z, a, slope (σ'), error (the factor before σ': (w^{l+1})ᵀ δ^{l+1} or
        ∇_a C) and delta of the example; products, a^{l-1}_k δ^l_j of every example, their total,
        and dw, their mean; rate and w_new. Raises ValueError for a weight that is not in the net
        and for an example that is not in the mini-batch.
        """
        if not 2 <= layer <= len(self._layers) + 1:
            raise ValueError(f"layer is {layer}, expected 2 to {len(self._layers) + 1}")
        l = layer - 2  # noqa: E741 — the book's letter
        w, b = self._before[2 * l : 2 * l + 2]
        most = {"neuron": w.shape[0], "source": w.shape[1], "example": len(self._x)}
        for name, value in (("neuron", neuron), ("source", source), ("example", example)):
            if checks.count(name, value, least=0) >= most[name]:
                raise ValueError(f"{name} is {value}, expected 0 to {most[name] - 1}")
        a_in, delta = (
            self._quantities["a", layer - 1][:, source],
            self._quantities["delta", layer][:, neuron],
        )
        if l == len(self._layers) - 1:
            error = self._net.loss.gradient(self._quantities["a", layer], self._y)[example, neuron]
        else:
            error = (
                self._quantities["delta", layer + 1][example] @ self._before[2 * l + 2][:, neuron]
            )
        products = a_in * delta
        return {
            "a_in": float(a_in[example]),
            "w": float(w[neuron, source]),
            "b": float(b[neuron]),
            "z": float(self._quantities["z", layer][example, neuron]),
            "a": float(self._quantities["a", layer][example, neuron]),
            "slope": float(self._slopes[l][example, neuron]),
            "error": float(error),
            "delta": float(delta[example]),
            "products": products.astype(np.float64),
            "total": float(products.sum()),
            "dw": float(self._quantities["dw", layer][neuron, source]),
            "rate": self._optimizer.learning_rate,
            "w_new": float(self._quantities["w", layer][neuron, source]),
        }

    def check(self, entries: int) -> dict[str, Any]:
        """Compare ``backward``'s answer with finite differences, on ``entries`` of each array.

        Returns ``arrays``: symbol ("dw" or "db"), layer, checked, skipped, error (the largest,
        relative to the array's largest gradient at least) and histogram (counts by power of ten,
        ``bins`` are the powers), and ``right``.
        """
        arrays, right = [], True
        for comparison in gradcheck.compare(self._net, self._x, self._y, entries):
            errors = comparison.errors
            right = right and bool((errors < LIMIT).all())
            if comparison.largest > 0:  # show errors from rounding, too
                gaps = np.abs(comparison.backward - comparison.difference)
                errors = np.maximum(errors, gaps / comparison.largest)
            powers = np.floor(np.log10(np.maximum(errors, 10.0 ** BINS[0])))
            counts = np.bincount(np.clip(powers - BINS[0], 0, len(BINS) - 1).astype(np.intp))
            arrays.append(
                {
                    "symbol": "db" if comparison.index % 2 else "dw",
                    "layer": comparison.index // 2 + 2,
                    "checked": len(comparison.errors),
                    "skipped": comparison.skipped,
                    "error": float(errors.max(initial=0)),
                    "histogram": np.pad(counts, (0, len(BINS) - len(counts))),
                }
            )
        return {"arrays": arrays, "bins": BINS, "right": right}


def _plain(quantity: trace.Quantity) -> dict[str, Any]:
    """A quantity in plain values, as ``StepTrace.plain`` describes."""
    values = np.asarray(quantity.values, np.float32)
    rows = values.reshape(len(values) if quantity.symbol in trace.EACH else 1, -1)
    return {
        "symbol": quantity.symbol,
        "layer": quantity.layer,
        "rows": len(rows),
        "values": rows.ravel(),
        "largest": np.abs(rows).max(axis=1, initial=0),
    }


def _slope(layer: Dense) -> Array:
    """σ'(z), (batch, outputs); NaN for softmax, which has no slope of a single neuron."""
    if layer.activation.output_only:
        return np.full_like(layer.z, np.nan)
    return layer.activation.derivative(layer.z, layer.a)
