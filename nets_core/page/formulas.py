"""One weight's path through a step as formulas with numbers, in TeX, and words where they end.

Each formula is computed by its equation from the very numbers that the step computed. Where the
code that ran returned something else, the formula's ``note`` says what, in words and numbers. The
symbols are the page's own commands (``site/app/inside/equations.js``).
"""

from __future__ import annotations

import math
from typing import Any

from nets_core.study.equations import ALIKE, Departure
from nets_core.study.step_trace import Path

DIGITS = 4
"""Significant digits of a number in a formula."""
MOST_DIGITS = 8
"""The most of them, where terms nearly cancel: about as many as float32 has."""


def rows(path: Path) -> list[dict[str, Any]]:
    """The formulas in the order of the equations: ``equation``, ``tex`` and ``note``, "" if the
    code does what the formula says."""
    formulas = {
        "z": _weighted_input(path),
        "a": _activation(path),
        "delta": _error(path),
        "dw": _gradient(path),
        "update": _update(path),
    }
    return [
        {"equation": name, "tex": tex, "note": "" if _is_sum(path, name) else _note(path, name)}
        for name, tex in formulas.items()
    ]


def mean_in_words(path: Path) -> str:
    """How the products a δ of a mini-batch become the gradient of the weight."""
    n = len(path.products)
    total, mean, actual = path.products.sum(), path.expected["dw"], path.actual["dw"]
    start = f"a · δ of each of the {n} examples. Their sum is {plain(total)}"
    if _is_sum(path, "dw"):
        return (
            f"{start}, and that is what this code returns: it does not divide by n = {n}. The mean "
            f"would be {plain(mean)}; each step is {n} times as long."
        )
    if path.departures.get("dw"):
        return (
            f"{start}; divided by n = {n} it is {plain(mean)}. This code returns {plain(actual)}."
        )
    return (
        f"{start}; divided by n = {n} it is {plain(mean)}. Without the division each step would "
        f"be {n} times as long."
    )


def departure_in_words(departure: Departure | None, examples: int, mean: bool) -> str:
    """What the code of a stage does instead of its equation; "" if it follows it.

    ``mean``: the equation is a mean over the ``examples`` of the mini-batch.
    """
    if departure is None:
        return ""
    if mean and _summed(departure, examples):
        return (
            f"This code does not divide by n = {examples}: it returns the sum over the "
            f"{examples} examples, {examples} times the mean."
        )
    if departure.ratio is not None:
        return (
            f"This code does something else: it returns {plain(departure.ratio)} times what the "
            "equation gives."
        )
    return (
        "This code does something else. Where they differ most, the equation gives "
        f"{plain(departure.expected)} and the code returns {plain(departure.actual)}."
    )


def is_sum(departure: Departure | None, examples: int) -> bool:
    """True if the code returns the sum over the mini-batch where the equation has the mean."""
    return departure is not None and _summed(departure, examples)


def plain(value: float) -> str:
    """A number in a sentence, with three significant digits."""
    if not math.isfinite(value):
        return _unbounded(value, "∞")
    size = abs(value)
    if size == 0 or 0.001 <= size < 1e6:
        digits = f"{float(f'{size:.3g}'):.10g}"
    else:
        mantissa, exponent = f"{size:.1e}".split("e")
        digits = f"{mantissa}e{int(exponent)}"
    return ("−" if value < 0 else "") + digits


def _weighted_input(path: Path) -> str:
    w, a, z = _symbols(path)
    product = path.w * path.a_in
    digits = _digits(path.expected["z"], product, path.rest)
    return _aligned(
        f"{z} &= \\underbrace{{{_factor(path.w, digits)}}}_{{{w}}} \\cdot "
        f"\\underbrace{{{_factor(path.a_in, digits)}}}_{{{a}}} + "
        f"\\underbrace{{{_factor(path.rest, digits)}}}_{{\\text{{all the rest}}}}",
        f"&= {_number(path.expected['z'])}",
    )


def _activation(path: Path) -> str:
    l, j = path.layer, path.neuron + 1  # noqa: E741 — the book's letter
    symbol, z = f"\\symA{{{l}}}{{{j}}}", _symbols(path)[2]
    result = _number(path.expected["a"])
    if path.activation != "softmax":
        return f"{symbol} = \\sigma({_number(path.actual['z'])}) = {result}"
    one, total = path.exponentials[path.neuron], path.exponentials.sum()
    whole = f"{symbol} &= \\frac{{e^{{{z}}}}}{{\\sum_i e^{{\\symZ{{{l}}}{{i}}}}}}"
    if not math.isfinite(total):
        return _aligned(whole, f"&= {result}")  # float64 ends at e^709
    return _aligned(whole, f"&= \\frac{{{_number(one)}}}{{{_number(total)}}} = {result}")


def _error(path: Path) -> str:
    l, j = path.layer, path.neuron + 1  # noqa: E741 — the book's letter
    symbol, z = f"\\symD{{{l}}}{{{j}}}", _symbols(path)[2]
    result = _number(path.expected["delta"])
    if path.top and path.loss == "cross_entropy":
        digits = _digits(path.expected["delta"], path.actual["a"], path.y)
        return _aligned(
            f"{symbol} &= \\symA{{{l}}}{{{j}}} - \\symY_{{{j}}}",
            f"&= {_number(path.actual['a'], digits)} - {path.y:g} = {result}",
        )
    back = (
        "\\nabla_a C"
        if path.top
        else f"\\textstyle\\sum_i \\symW{{{l + 1}}}{{i,{j}}} \\symD{{{l + 1}}}{{i}}"
    )
    return _aligned(
        f"{symbol} &= {back} \\cdot \\sigma'({z})",
        f"&= {_factor(path.error)} \\cdot {_factor(path.slope)} = {result}",
    )


def _gradient(path: Path) -> str:
    _, a, _ = _symbols(path)
    delta = f"\\symD{{{path.layer}}}{{{path.neuron + 1}}}"
    symbol, result = _slope_symbol(path), _number(path.expected["dw"])
    n = len(path.products)
    if n == 1:
        return _aligned(
            f"{symbol} &= {a} \\, {delta}",
            f"&= {_factor(path.a_in)} \\cdot {_factor(path.actual['delta'])}",
            f"&= {result}",
        )
    if _is_sum(path, "dw"):
        return _aligned(f"{symbol} &= \\sum_x {a} \\, {delta}", f"&= {_number(path.actual['dw'])}")
    return _aligned(
        f"{symbol} &= \\frac{{1}}{{\\symN}} \\sum_x {a} \\, {delta}",
        f"&= \\frac{{{_number(path.products.sum())}}}{{{n}}} = {result}",
    )


def _update(path: Path) -> str:
    w = _symbols(path)[0]
    old, new, dw = path.w, path.expected["update"], path.actual["dw"]
    if path.optimizer != "sgd":
        return f"{w}: \\; {_number(old)} \\to {_number(new)}"
    slope = dw + path.l2 * old
    digits = _digits(path.rate * slope, old, new)
    gradient = (
        f"\\big({_number(dw)} + {_number(path.l2)} \\cdot {_factor(old)}\\big)"
        if path.l2
        else _factor(dw)
    )
    return _aligned(
        f"{w} &\\leftarrow {_number(old, digits)} - {_number(path.rate)} \\cdot {gradient}",
        f"&= {_number(new, digits)}",
    )


def _note(path: Path, name: str) -> str:
    """What the code returned for this weight, where it is not what the formula gives."""
    departure = path.departures.get(name)
    wanted, actual = path.expected[name], path.actual[name]
    if departure is None or _number(wanted) == _number(actual):
        return ""
    if departure.ratio is not None:
        return f"This code returns {plain(actual)}, {plain(departure.ratio)} times that."
    return f"This code returns {plain(actual)}{_cause(path, name)}."


def _cause(path: Path, name: str) -> str:
    """Which factor of the error the code has otherwise, as far as its numbers tell."""
    if name != "delta" or not path.code_slope or not math.isfinite(path.code_slope):
        return ""
    if path.top and path.loss == "cross_entropy":
        return ""  # its σ′ has cancelled
    if _number(path.code_slope) == _number(path.slope):
        factor = path.actual["delta"] / path.code_slope
        return f": its first factor is {plain(factor)}"
    if math.isclose(path.error * path.code_slope, path.actual["delta"], rel_tol=ALIKE):
        return f": its σ′ is {plain(path.code_slope)}"
    return ""


def _is_sum(path: Path, name: str) -> bool:
    return name == "dw" and is_sum(path.departures.get(name), len(path.products))


def _summed(departure: Departure, examples: int) -> bool:
    return (
        examples > 1
        and departure.ratio is not None
        and math.isclose(departure.ratio, examples, rel_tol=ALIKE)
    )


def _symbols(path: Path) -> tuple[str, str, str]:
    """w^l_{jk}, a^{l-1}_k and z^l_j, with neurons counted from 1."""
    l, j, k = path.layer, path.neuron + 1, path.source + 1  # noqa: E741 — the book's letter
    return f"\\symW{{{l}}}{{{j},{k}}}", f"\\symA{{{l - 1}}}{{{k}}}", f"\\symZ{{{l}}}{{{j}}}"


def _slope_symbol(path: Path) -> str:
    l, j, k = path.layer, path.neuron + 1, path.source + 1  # noqa: E741 — the book's letter
    return (
        f"\\htmlClass{{symbol sym-dw}}{{\\frac{{\\partial C}}{{\\partial w^{{{l}}}_{{{j},{k}}}}}}}"
    )


def _aligned(*lines: str) -> str:
    return "\\begin{aligned} " + " \\\\ ".join(lines) + " \\end{aligned}"


def _digits(result: float, *terms: float) -> int:
    """How many digits terms need so that their sum shows the first ones of a smaller result."""
    size = max(abs(term) for term in terms)
    if not (result and size and all(math.isfinite(value) for value in (result, *terms))):
        return DIGITS
    lost = math.ceil(math.log10(size / abs(result)))
    return min(MOST_DIGITS, DIGITS + max(0, lost))


def _factor(value: float, digits: int = DIGITS) -> str:
    """A number as a factor or a later term: in brackets if it is negative."""
    number = _number(value, digits)
    return f"({number})" if number.startswith("-") else number


def _number(value: float, digits: int = DIGITS) -> str:
    """A number for a formula, with so many significant digits."""
    if not math.isfinite(value):
        return f"\\text{{{_unbounded(value, '∞')}}}"
    size = abs(value)
    if size == 0:
        return "0"
    if 0.001 <= size < 10_000:
        whole = len(str(int(size))) if size >= 1 else 0
        if whole:
            return f"{value:.{max(0, digits - whole)}f}"
        return f"{value:.{digits - 1 - math.floor(math.log10(size))}f}"
    mantissa, exponent = f"{value:.{max(2, digits - 2)}e}".split("e")
    return f"{mantissa} \\cdot 10^{{{int(exponent)}}}"


def _unbounded(value: float, infinity: str) -> str:
    if math.isnan(value):
        return "NaN"
    return ("−" if value < 0 else "") + infinity
