"""One step of learning in plain values: its stages, one weight's chain, the gradient check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nets_core import checks, gradcheck
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import Optimizer
from nets_core.study import equations, trace
from nets_core.study.equations import Departure

BINS = np.arange(-16, 1)
"""Bins of the histogram of relative errors, powers of ten; the first holds all smaller errors."""
LIMIT = 1e-6
"""A gradient is right if all its relative errors are below this."""


@dataclass(frozen=True)
class Path:
    """One weight w^l_{jk} through a step, for one example.

    ``layer``, ``neuron`` and ``source`` are l, j and k, the last two from 0; ``top`` says whether l
    is the output. ``rest`` is z^l_j without the term of this weight. ``exponentials`` are e^z of
    the layer. ``error`` is the factor before σ': (w^{l+1})ᵀ δ^{l+1} or ∇_a C; ``slope`` is σ'(z),
    NaN after softmax, and ``code_slope`` what the code has in its place. ``products`` are
    a^{l-1}_k δ^l_j of every example. ``expected`` is what the equations "z", "a", "delta",
    "dw" and "update" give, ``actual`` what the code returned; ``departures`` has those whose code
    does something else anywhere in the layer.
    """

    layer: int
    neuron: int
    source: int
    top: bool
    activation: str
    loss: str
    optimizer: str
    w: float
    a_in: float
    rest: float
    exponentials: Array
    y: float
    error: float
    slope: float
    code_slope: float
    products: Array
    rate: float
    l2: float
    expected: Mapping[str, float]
    actual: Mapping[str, float]
    departures: Mapping[str, Departure]


_RESULTS = {"cost": "C", "delta_output": "delta", "update": "w"}
"""The symbol of each equation's result, where it has another name."""


class StepTrace:
    """A step of ``net`` on a mini-batch: ``x`` (batch, inputs) and ``labels`` (batch,).

    ``l2`` is the weight decay of its update. ``departures`` has the stages, by equation and layer,
    whose code does something else than their equation. Raises ValueError or TypeError as
    ``trace.step`` does, or for labels that the net does not know.
    """

    def __init__(
        self,
        net: Network,
        x: Array,
        labels: npt.ArrayLike,
        optimizer: Optimizer,
        l2: float = 0.0,
    ) -> None:
        known = checks.label_array("labels", labels, len(x), net.outputs)
        self._net = net
        self._x = x
        self._y = np.eye(net.outputs, dtype=net.dtype)[known]
        self._optimizer = optimizer
        self._layers = trace.dense_layers(net)
        self._before = [p.copy() for p in net.parameters()]
        self._l2 = l2
        self._stages = trace.step(net, x, self._y, optimizer, l2)
        self._quantities = {
            (quantity.symbol, quantity.layer): np.array(quantity.values)
            for stage in self._stages
            for quantity in stage.result
        }
        self._slopes = [
            np.broadcast_to(
                np.nan if layer.activation.output_only else layer.sigma_prime(), layer.z.shape
            )
            for layer in self._layers
        ]
        inner = range(2, len(self._layers) + 2)
        gradients = [self._quantities[name, l] for l in inner for name in ("dw", "db")]  # noqa: E741
        self._expected = equations.expected(net, self._y, gradients, optimizer, l2)
        self.departures: dict[tuple[str, int], Departure] = {}
        for (equation, layer), result in self._expected.results.items():
            found = self._quantities[_RESULTS.get(equation, equation), layer]
            if departure := equations.departure(result, found):
                self.departures[equation, layer] = departure

    def plain(self) -> dict[str, Any]:
        """The stages in plain values and arrays.

        ``sizes`` are the neurons of each layer from 1 to L; ``activations`` and ``loss`` are names.
        ``stages`` have equation, layer, source and result. A result is a list of symbol, layer,
        rows (one for each example, or a single one that all share), values (flat, row after row)
        and largest, the largest magnitude in each row. ``parameters`` are w and b before the step,
        in the same form. ``rate`` is η and ``l2`` the weight decay λ. ``examples`` is the size of
        the mini-batch. ``telling`` is the neuron and the source, from 0, of the weight of layer 2
        with the largest gradient.
        """
        steepest = self._quantities["dw", 2]
        return {
            "sizes": [self._net.inputs, *(layer.outputs for layer in self._layers)],
            "activations": [layer.activation.name for layer in self._layers],
            "loss": self._net.loss.name,
            "optimizer": self._optimizer.name,
            "rate": self._optimizer.learning_rate,
            "l2": self._l2,
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

    def follow(self, layer: int, neuron: int, source: int, example: int = 0) -> Path:
        """The numbers of w^l_{jk} through the whole chain: l = ``layer`` (from 2 on), j =
        ``neuron`` and k = ``source``, all of one ``example``; the last three count from 0.

        Raises ValueError for a weight that is not in the net and for an example that is not in the
        mini-batch.
        """
        top = len(self._layers) + 1
        if not 2 <= layer <= top:
            raise ValueError(f"layer is {layer}, expected 2 to {top}")
        l = layer - 2  # noqa: E741 — the book's letter
        w, b = self._before[2 * l : 2 * l + 2]
        most = {"neuron": w.shape[0], "source": w.shape[1], "example": len(self._x)}
        for name, value in (("neuron", neuron), ("source", source), ("example", example)):
            if checks.count(name, value, least=0) >= most[name]:
                raise ValueError(f"{name} is {value}, expected 0 to {most[name] - 1}")
        found, wanted = self._quantities, self._expected.results
        inputs = found["a", layer - 1][:, source].astype(np.float64)
        z = found["z", layer][example].astype(np.float64)
        delta = found["delta", layer][:, neuron].astype(np.float64)
        w_jk, last = float(w[neuron, source]), layer == top
        terms = found["a", layer - 1][example].astype(np.float64) * w[neuron]
        if last:
            error = self._expected.error[example, neuron]
        else:
            error = found["delta", layer + 1][example] @ self._before[2 * l + 2][:, neuron]
        pairs = {
            "z": ("z", "z", (example, neuron)),
            "a": ("a", "a", (example, neuron)),
            "delta": ("delta_output" if last else "delta", "delta", (example, neuron)),
            "dw": ("dw", "dw", (neuron, source)),
            "update": ("update", "w", (neuron, source)),
        }
        return Path(
            layer=layer,
            neuron=neuron,
            source=source,
            top=last,
            activation=self._layers[l].activation.name,
            loss=self._net.loss.name,
            optimizer=self._optimizer.name,
            w=w_jk,
            a_in=float(inputs[example]),
            rest=float(terms.sum() - terms[source] + b[neuron]),
            exponentials=np.exp(z),
            y=float(self._y[example, neuron]) if last else np.nan,
            error=float(error),
            slope=float(self._expected.slopes[layer][example, neuron]),
            code_slope=float(self._slopes[l][example, neuron]),
            products=inputs * delta,
            rate=self._optimizer.learning_rate,
            l2=self._l2,
            expected={
                name: float(wanted[equation, layer][index])
                for name, (equation, _, index) in pairs.items()
            },
            actual={
                name: float(found[symbol, layer][index])
                for name, (_, symbol, index) in pairs.items()
            },
            departures={
                name: departure
                for name, (equation, _, _) in pairs.items()
                if (departure := self.departures.get((equation, layer)))
            },
        )

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
