"""The service "mnist": MNIST's arrays, which the page fills shard by shard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nets_core import checks
from nets_core.data.datasets import Examples
from nets_core.metrics import PIXELS

NOT_LOADED = "MNIST has not been loaded yet"


class MnistData:
    """The arrays "train-images", "train-labels", "test-images" and "test-labels".

    The test set and all labels are complete before the page reports the first training images;
    ``available`` counts those. For other services ``data["train"]`` and ``data["test"]`` are the
    examples that are available.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[np.uint8]] = {}
        self._available = 0

    def allocate(self, counts: Mapping[str, int]) -> None:
        """Make the arrays for ``{"train": 60000, "test": 10000}`` examples."""
        for name, n in counts.items():
            checks.count(f"counts[{checks.quoted(name)}]", n)
            self._arrays[f"{name}-images"] = np.zeros((n, PIXELS), np.uint8)
            self._arrays[f"{name}-labels"] = np.zeros(n, np.uint8)

    def buffer(self, name: str) -> npt.NDArray[np.uint8]:
        """The bytes of the array ``name``, for the page to write to."""
        return self._arrays[checks.one_of("name", name, self._arrays)].reshape(-1)

    def set_available(self, images: int) -> None:
        """Report that the first ``images`` training images have been written."""
        self._available = checks.count("images", images, least=0)

    def excerpt(self, name: str, rows: int) -> npt.NDArray[np.uint8]:
        """The first rows of the array ``name`` as bytes, to send to a sandbox."""
        if self._available == 0:
            raise ValueError(NOT_LOADED)
        array = self._arrays[checks.one_of("name", name, self._arrays)]
        return array[: checks.count("rows", rows)].reshape(-1)

    def sample(self, name: str, count: int, seed: int) -> dict[str, Any]:
        """``count`` different images of "train" or "test", drawn with ``seed``.

        Returns ``indices``, ``labels`` and ``images`` (count · 784 uint8). Raises ValueError if
        fewer are available.
        """
        examples = self[name]
        most = len(examples.labels)
        if checks.count("count", count) > most:
            raise ValueError(f"count is {count}, but {most} images are there")
        rng = np.random.default_rng(checks.count("seed", seed, least=0))
        indices = rng.choice(most, count, replace=False)
        return {
            "indices": indices,
            "labels": examples.labels[indices],
            "images": examples.images[indices].ravel(),
        }

    @property
    def available(self) -> int:
        """How many training images, counted from the first, have arrived."""
        return self._available

    @property
    def allocated(self) -> tuple[Examples, Examples]:
        """All training and test examples, also those still to be written; ValueError if none."""
        return self._examples("train"), self._examples("test")

    @property
    def loaded(self) -> tuple[Examples, Examples]:
        """The available training and test examples; ValueError while there are none of either."""
        if self._available == 0:
            raise ValueError(NOT_LOADED)
        return self["train"], self["test"]

    def __getitem__(self, name: str) -> Examples:
        """The available examples of "train" or "test"; ValueError where nothing is allocated."""
        images, labels = self._examples(checks.one_of("name", name, ("train", "test")))
        count = self._available if name == "train" else len(labels)
        return Examples(images[:count], labels[:count])

    def _examples(self, name: str) -> Examples:
        if f"{name}-images" not in self._arrays:
            raise ValueError(NOT_LOADED)
        return Examples(self._arrays[f"{name}-images"], self._arrays[f"{name}-labels"])
