"""One-versus-one classification by least squares: 45 linear maps that vote, without iteration.

For each pair of digits i < j a map w·x + b is fitted to t = +1 on images of i and −1 on images of
j: the weights that minimise Σ (w·x + b − t)² + ridge · n ‖w‖², over the n images of the pair, solve
the normal equations (XᵀX + ridge · n I) w = Xᵀt. Each map casts one vote, and the digit with the
most votes wins. Without the ridge XᵀX would be singular: pixels at the border are 0 in every image.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from nets_core import checks, ops
from nets_core.layers import Dense, Votes
from nets_core.network import Network

CLASSES = 10
_ROWS = 5000


def fit(images: npt.ArrayLike, labels: npt.ArrayLike, ridge: float = 1e-3) -> Network:
    """The net of maps and votes for ``images`` (n, features) with ``labels`` (n,) 0…9.

    ``ridge`` ≥ 0 is multiplied by the number of examples. Raises ValueError or TypeError as
    ``Trainer`` does, and ValueError if a digit has no image.
    """
    features = np.asarray(images).shape[-1]
    x = checks.examples("images", images, features)
    labels = checks.label_array("labels", labels, len(x), CLASSES)
    counts = np.bincount(labels, minlength=CLASSES)
    if not counts.all():
        raise ValueError(f"labels has no {counts.argmin()}, expected every digit at least once")
    grams, sums = _moments(x, labels)
    net = Network(
        [Dense(CLASSES * (CLASSES - 1) // 2), Votes(CLASSES)], (features,), initializer="zeros"
    )
    weights, biases = net.parameters()
    for k, (i, j) in enumerate(combinations(range(CLASSES), 2)):
        n = counts[i] + counts[j]
        gram = grams[i] + grams[j]
        gram[np.diag_indices(features)] += checks.not_negative("ridge", ridge) * n
        w = np.linalg.solve(gram, sums[i] - sums[j])
        weights[k], biases[k] = w[:features], w[features]
    return net


def _moments(
    x: ops.Array, labels: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """XᵀX and the column sums of each digit's images, with a column of ones at the end."""
    size = x.shape[1] + 1
    grams, sums = np.zeros((CLASSES, size, size)), np.zeros((CLASSES, size))
    for digit in range(CLASSES):
        rows = np.flatnonzero(labels == digit)
        for start in range(0, len(rows), _ROWS):
            part = ops.gather(x, rows[start : start + _ROWS], np.float64)
            part = np.hstack([part, np.ones((len(part), 1))])
            grams[digit] += ops.matmul_tn(part, part)
            sums[digit] += part.sum(axis=0)
    return grams, sums
