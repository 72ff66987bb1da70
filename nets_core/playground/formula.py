"""A formula that a visitor types, such as "sin(x)", as a function of arrays.

Python's own parser reads the text, but the text is never executed. A formula may contain only what
is on a short list; anything else raises an error before anything is computed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

import numpy as np

from nets_core import checks
from nets_core.ops import Array

MOST_CHARACTERS = 100
MOST_BRACKETS = 20
MOST_DEPTH = 40
"""How deep a formula may be nested: brackets in its text, operations in its syntax tree."""

CONSTANTS = {"pi": np.pi, "e": np.e}
FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "tanh": np.tanh,
}
OPERATIONS: dict[type[ast.operator], Callable[[Array, Array], Array]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
SIGNS: dict[type[ast.unaryop], Callable[[Array], Array]] = {
    ast.USub: np.negative,
    ast.UAdd: np.positive,
}
TOKEN = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[A-Za-z]\w*|\*\*|[-+*/() ]")
HINTS = {
    "^": "write a power with **",
    ",": "write a decimal number with a point",
    "=": "write only what is to the right of it",
}


class Formula:
    """``Formula("x**2 - 1")(x=…)``: numbers, ``names``, pi, e, + - * / **, brackets, FUNCTIONS.

    Raises TypeError if ``text`` is not a string, ValueError if it is not such a formula.
    """

    def __init__(self, text: str, names: Sequence[str] = ("x",)) -> None:
        if not isinstance(text, str):
            raise TypeError(f"formula is {checks.quoted(text)}, expected a string such as 'sin(x)'")
        self.text = text.strip()
        self.names = tuple(names)
        if not self.text:
            raise ValueError("formula is empty: write one such as sin(x)")
        if len(self.text) > MOST_CHARACTERS:
            raise ValueError(
                f"formula has {len(self.text)} characters, expected at most {MOST_CHARACTERS}"
            )
        self._check_words()
        try:
            self._root = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise ValueError(
                f"formula is {checks.quoted(self.text)}, which cannot be read: look for a missing "
                "bracket, or a product written without *"
            ) from None
        self._check(self._root, MOST_DEPTH)

    def __call__(self, **values: Array) -> Array:
        """The formula's values, float64, for arrays of ``names`` of one shape; NaN if undefined."""
        shape = np.broadcast_shapes(*(np.shape(value) for value in values.values()))
        known = CONSTANTS | values
        with np.errstate(all="ignore"):
            result = np.asarray(_value(self._root, known), np.float64)
        return np.broadcast_to(result, shape).copy()

    def _check_words(self) -> None:
        """ValueError for unknown characters and words or deep brackets, before Python parses it."""
        at = depth = 0
        known = (*self.names, *CONSTANTS, *FUNCTIONS)
        while at < len(self.text):
            found = TOKEN.match(self.text, at)
            if found is None:
                sign = self.text[at]
                raise ValueError(
                    f"formula has {sign!r}, which is not understood: "
                    + HINTS.get(sign, "it may have numbers, names, + - * / ** and brackets")
                )
            word = found.group()
            if word[0].isalpha() and word not in known:
                raise ValueError(
                    f"formula has {checks.quoted(word)}, which is not known here: "
                    f"expected {', '.join(known)}"
                )
            depth += (word == "(") - (word == ")")
            if depth > MOST_BRACKETS:
                raise ValueError(f"formula has brackets nested deeper than {MOST_BRACKETS}")
            at = found.end()

    def _check(self, node: ast.expr, depth: int) -> None:
        """ValueError for any node that ``_value`` cannot evaluate."""
        if depth == 0:
            raise ValueError(f"formula is nested deeper than {MOST_DEPTH} operations")
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                if not abs(value) < 1e100:
                    raise ValueError("formula has a number that is too large")
            case ast.Name(id=name):
                if name in FUNCTIONS:
                    raise ValueError(f"formula has {name} without brackets: write {name}(x)")
            case ast.UnaryOp(op=sign, operand=operand) if type(sign) in SIGNS:
                self._check(operand, depth - 1)
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
                self._check(left, depth - 1)
                self._check(right, depth - 1)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if (
                name in FUNCTIONS
            ):
                self._check(argument, depth - 1)
            case _:
                part = ast.get_source_segment(self.text, node) or self.text
                raise ValueError(
                    f"formula has {checks.quoted(part)}, which is not understood: a function takes "
                    "one number in brackets, and a product is written with *"
                )


def _value(node: ast.expr, known: dict[str, Array | float]) -> Array:
    match node:
        case ast.Constant(value=int() | float() as value):
            return np.asarray(float(value))
        case ast.Name(id=name):
            return np.asarray(known[name])
        case ast.UnaryOp(op=sign, operand=operand):
            return SIGNS[type(sign)](_value(operand, known))
        case ast.BinOp(left=left, op=operation, right=right):
            return OPERATIONS[type(operation)](_value(left, known), _value(right, known))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return FUNCTIONS[name](_value(argument, known))
    raise AssertionError("the formula was checked")
