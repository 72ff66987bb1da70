"""Checks of the arguments of public functions.

Every message names the argument, its value and what was expected. A value comes from outside, so
``quoted`` shortens it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from inspect import Parameter, signature
from reprlib import Repr
from typing import Any

import numpy as np
import numpy.typing as npt

from nets_core.ops import Array

MOST_QUOTED = 100
"""The most characters of a value that a message quotes."""
MOST_MESSAGE = 1000
"""The most characters of a message that this library did not write: one of Python or NumPy."""
_REPR = Repr()
_REPR.maxstring = _REPR.maxlong = _REPR.maxother = MOST_QUOTED
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = 8
_REPR.maxlevel = 3


def cut(text: str, most: int = MOST_QUOTED) -> str:
    """``text`` as one line of at most ``most`` characters; "…" stands for what is left out."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else f"{line[: most - 1]}…"


def shortened(message: str) -> str:
    """``message``, cut if it has more than ``MOST_MESSAGE`` characters."""
    return message if len(message) <= MOST_MESSAGE else cut(message, MOST_MESSAGE)


def quoted(value: object) -> str:
    """``value`` as a message quotes it: its ``repr``, cut to ``MOST_QUOTED`` characters.

    The size and depth of ``value`` do not matter: ``reprlib`` visits only what it shows.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and abs(value) >= 10**MOST_QUOTED:
        return f"{'-' * (value < 0)}{value.bit_length()}-bit number"  # str() refuses large ones
    return cut(_REPR.repr(value))


def one_of(name: str, value: object, known: Collection[str]) -> str:
    """``value`` if it is one of the known names, else ValueError."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} is {quoted(value)}, expected one of {', '.join(known)}")
    return value


def number(name: str, value: object) -> float:
    """``value`` as a finite float, else TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} is {quoted(value)}, expected a number")
    try:
        result = float(value)
    except OverflowError:
        if value < 0:
            raise ValueError(f"{name} is too small, expected a number above -1e308") from None
        raise ValueError(f"{name} is too large, expected a number below 1e308") from None
    if not math.isfinite(result):
        raise ValueError(f"{name} is {quoted(value)}, expected a finite number")
    return result


def positive(name: str, value: object) -> float:
    """``value`` as a finite float above 0, else TypeError or ValueError."""
    result = number(name, value)
    if result <= 0:
        raise ValueError(f"{name} is {quoted(value)}, expected a number above 0")
    return result


def not_negative(name: str, value: object) -> float:
    """``value`` as a finite float, 0 or more, else TypeError or ValueError."""
    result = number(name, value)
    if result < 0:
        raise ValueError(f"{name} is {quoted(value)}, expected 0 or more")
    return result


def fraction(name: str, value: object) -> float:
    """``value`` as a float from 0 up to, but not including, 1, else TypeError or ValueError."""
    result = number(name, value)
    if not 0 <= result < 1:
        raise ValueError(f"{name} is {quoted(value)}, expected 0 or more and less than 1")
    return result


def settings_of(owner: str, made: Callable[..., object], settings: object) -> dict[str, Any]:
    """``settings`` if ``made`` can be called with them as keyword arguments, else TypeError."""
    if not isinstance(settings, Mapping):
        raise TypeError(
            f"the settings of {owner} are {quoted(settings)}, expected names and values"
        )
    known = signature(made).parameters
    for name in settings:
        if name not in known:
            raise TypeError(
                f"the settings of {owner} have {quoted(name)}, "
                f"expected {', '.join(known) or 'none'}"
            )
    for name, parameter in known.items():
        if parameter.default is Parameter.empty and name not in settings:
            raise TypeError(f"the settings of {owner} lack {name!r}")
    return dict(settings)


MOST = 2**53 - 1
"""The largest count: JavaScript's numbers are floats, which hold every whole number up to here."""


def count(name: str, value: object, least: int = 1) -> int:
    """``value`` as an int from ``least`` to ``MOST``, else TypeError or ValueError."""
    if isinstance(value, float) and MOST < value < math.inf:  # as JavaScript has larger ones
        raise ValueError(f"{name} is too large, expected at most {MOST}")
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {quoted(value)}, expected a whole number")
    if value > MOST:
        raise ValueError(f"{name} is too large, expected at most {MOST}")
    if value < -MOST:  # too long to be shown, perhaps
        raise ValueError(f"{name} is too small, expected {least} or more")
    if value < least:
        raise ValueError(f"{name} is {quoted(value)}, expected {least} or more")
    return int(value)


LARGEST = float(np.finfo(np.float32).max)


def _array(name: str, value: Any, shape: str) -> Array:
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths, expected {shape}") from None


def _finite(name: str, array: Array) -> None:
    """ValueError unless every entry is finite in float32. Allocates no temporary array."""
    lowest, highest = float(array.min()), float(array.max())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise ValueError(f"{name} holds NaN or infinity, expected finite numbers")
    worst = max(lowest, highest, key=abs)
    if abs(worst) > LARGEST:
        raise ValueError(f"{name} holds {worst:g}, expected numbers that float32 can hold")


def examples(name: str, x: Any, features: int) -> Array:
    """``x`` as (n ≥ 1, features) finite floats or uint8, else TypeError or ValueError."""
    array = _array(name, x, f"(batch, {features})")
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise TypeError(
            f"{name} has dtype {array.dtype}, expected floats, or uint8 pixels (read as /255)"
        )
    if array.ndim != 2 or array.shape[1] != features:
        raise ValueError(f"{name} has shape {array.shape}, expected (batch, {features})")
    if len(array) == 0:
        raise ValueError(f"{name} holds no examples, expected at least one row")
    if array.dtype.kind == "f":
        _finite(name, array)
    return array


def targets(name: str, y: Any, batch: int, outputs: int, dtype: npt.DTypeLike) -> Array:
    """``y`` as (batch, outputs) finite floats of this dtype, else TypeError or ValueError."""
    array = _array(name, y, f"({batch}, {outputs})")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} has dtype {array.dtype}, expected numbers")
    if array.shape != (batch, outputs):
        raise ValueError(
            f"{name} has shape {array.shape}, expected ({batch}, {outputs}): "
            "one row for each example, one column for each output (one-hot)"
        )
    _finite(name, array)
    return array.astype(dtype, copy=False)


def label_array(name: str, labels: Any, batch: int, classes: int) -> npt.NDArray[np.intp]:
    """``labels`` as (batch,) integers 0 … classes − 1, else TypeError or ValueError.

    A net with a single output tells two classes apart, so ``classes`` 1 counts as 2.
    """
    classes = max(classes, 2)
    array = _array(name, labels, f"({batch},)")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {array.dtype}, expected integers")
    if array.shape != (batch,):
        raise ValueError(f"{name} has shape {array.shape}, expected ({batch},): one for each row")
    if batch and not (array.min() >= 0 and array.max() < classes):
        worst = array.min() if array.min() < 0 else array.max()
        raise ValueError(f"{name} holds {worst}, expected 0 to {classes - 1}")
    return array.astype(np.intp, copy=False)


def labels_or_targets(
    name: str, values: Any, batch: int, outputs: int, dtype: npt.DTypeLike
) -> Array:
    """Labels, (batch,) integers, or targets, (batch, outputs) floats; else TypeError or ValueError.

    Errors as of ``label_array`` and ``targets``.
    """
    array = _array(name, values, f"({batch},)")
    if array.ndim == 2 and array.dtype.kind == "f" and array.shape == (batch, outputs):
        return targets(name, array, batch, outputs, dtype)
    return label_array(name, array, batch, outputs)
