"""The service "models": the open nets, by name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nets_core import checks, recipes
from nets_core.files import saving
from nets_core.metrics import check_reads_digits
from nets_core.network import Network
from nets_core.page import pictures

LIVE = "live"
"""The name of the net in training."""
FRESH = "fresh"
"""The name of the default recipe's net before it has learned anything."""
MOST_PICTURES = 100
"""The most neurons whose weights are sent as pictures."""


class Models:
    """Nets by name. For other services it is a mapping: ``models[name]``."""

    def __init__(self) -> None:
        self._nets: dict[str, Network] = {}

    def open(self, model: str, data: bytes) -> dict[str, Any]:
        """Open a saved net under the name ``model``; returns its number of ``parameters``.

        Raises ValueError that says what is wrong with the file.
        """
        net = saving.loads(bytes(data))
        check_reads_digits(net)
        self._nets[model] = net
        return {"parameters": parameter_count(net)}

    def pictures(self, model: str = LIVE) -> dict[str, Any]:
        """The incoming weights of the first layer's neurons or filters, as signed pictures.

        ``values`` is (count · side · side) int8. Each picture is scaled by its own largest weight,
        which ``scales`` (count) holds.
        """
        weights = self[model].layers[0].parameters()[0][:MOST_PICTURES]
        return {
            "count": len(weights),
            "side": math.isqrt(weights.shape[1]),
            "values": pictures.signed(weights).ravel(),
            "scales": np.abs(weights).max(axis=1),
        }

    def weight(self, neuron: int, source: int, model: str = LIVE) -> float:
        """The current value of one weight of the first layer; both indices count from 0."""
        weights = self[model].layers[0].parameters()[0]
        for name, value, most in zip(
            ("neuron", "source"), (neuron, source), weights.shape, strict=True
        ):
            if checks.count(name, value, least=0) >= most:
                raise ValueError(f"{name} is {value}, expected 0 to {most - 1}")
        return float(weights[neuron, source])

    def __getitem__(self, name: str) -> Network:
        """The net of this name; ValueError where there is none."""
        if name == FRESH and FRESH not in self._nets:
            self._nets[FRESH] = recipes.get(recipes.DEFAULT).network()
        if name == LIVE and LIVE not in self._nets:
            raise ValueError("model is 'live', but no net is in training")
        return self._nets[checks.one_of("model", name, self._nets)]

    def __setitem__(self, name: str, net: Network) -> None:
        self._nets[name] = net

    def __delitem__(self, name: str) -> None:
        del self._nets[name]


def parameter_count(net: Network) -> int:
    """The number of parameters of a net."""
    return sum(p.size for p in net.parameters())
