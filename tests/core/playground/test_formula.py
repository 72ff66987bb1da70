"""Formulas: their values, and that no other text is accepted."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nets_core.playground.formula import FUNCTIONS, MOST_CHARACTERS, Formula

X, Y = np.linspace(-4.5, 4.5, 7), np.linspace(3, -2, 7)
MEANT: dict[str, Callable[[float, float], float]] = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "3": lambda x, y: 3,
    "-x": lambda x, y: -x,
    "+x - -y": lambda x, y: x + y,
    "2 * x + 1": lambda x, y: 2 * x + 1,
    "x - y - 1": lambda x, y: x - y - 1,
    "x - (y - 1)": lambda x, y: x - y + 1,
    "-x**2": lambda x, y: -(x * x),
    "2**3**2": lambda x, y: 512,
    "x / 2 * y": lambda x, y: x / 2 * y,
    "sin(x) + cos(y)": lambda x, y: math.sin(x) + math.cos(y),
    "tan(x / 9)": lambda x, y: math.tan(x / 9),
    "exp(-x**2)": lambda x, y: math.exp(-x * x),
    "log(abs(x) + 1)": lambda x, y: math.log(abs(x) + 1),
    "sqrt(x*x + y*y) - pi": lambda x, y: math.hypot(x, y) - math.pi,
    "tanh(e * x)": lambda x, y: math.tanh(math.e * x),
    "1.5e-1*x + .5 + 2.": lambda x, y: 0.15 * x + 2.5,
    "  x  ": lambda x, y: x,
}


def refused(text: Any, error: type[Exception] = ValueError) -> str:
    with pytest.raises(error) as caught:
        Formula(text, ["x", "y"])
    message = str(caught.value)
    assert message.startswith("formula ")
    assert len(message) < 300
    return message


@pytest.mark.parametrize("text", MEANT)
def test_means_what_it_says(text: str) -> None:
    expected = [MEANT[text](float(x), float(y)) for x, y in zip(X, Y, strict=True)]
    np.testing.assert_allclose(Formula(text, ["x", "y"])(x=X, y=Y), expected, rtol=1e-12)


def test_every_function_is_meant() -> None:
    words = {word for text in MEANT for word in re.findall("[a-z]+", text)}
    assert set(FUNCTIONS) <= words


NUMBERS = st.integers(0, 9).map(lambda n: (str(n), lambda x, y: float(n)))
NAMES = st.sampled_from([("x", lambda x, y: x), ("y", lambda x, y: y)])
OPERATIONS: list[tuple[str, Callable[[float, float], float]]] = [
    ("+", lambda a, b: a + b),
    ("-", lambda a, b: a - b),
    ("*", lambda a, b: a * b),
]
CALLS = [
    ("sin", math.sin),
    ("cos", math.cos),
    ("tanh", math.tanh),
    ("abs", abs),
    ("-", lambda a: -a),
]
Expression = tuple[str, Callable[[float, float], float]]


def binary(parts: tuple[Expression, Any, Expression]) -> Expression:
    (left, f), (sign, operation), (right, g) = parts
    return f"({left} {sign} {right})", lambda x, y: operation(f(x, y), g(x, y))


def unary(parts: tuple[Any, Expression]) -> Expression:
    (name, function), (inner, f) = parts
    return f"{name}({inner})", lambda x, y: function(f(x, y))


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    NUMBERS | NAMES,
    lambda inner: (
        st.tuples(inner, st.sampled_from(OPERATIONS), inner).map(binary)
        | st.tuples(st.sampled_from(CALLS), inner).map(unary)
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
@settings(max_examples=150, deadline=None)
def test_any_formula_is_computed_as_python_would(expression: Expression) -> None:
    text, meant = expression
    assume(len(text) <= MOST_CHARACTERS)
    expected = [meant(float(x), float(y)) for x, y in zip(X, Y, strict=True)]
    np.testing.assert_allclose(Formula(text, ["x", "y"])(x=X, y=Y), expected, rtol=1e-9, atol=1e-9)


def test_a_number_has_the_shape_of_x() -> None:
    values = Formula("pi / 2")(x=np.zeros((3, 2)))
    assert values.shape == (3, 2)
    assert (values == math.pi / 2).all()


def test_where_it_has_no_value_it_is_not_finite() -> None:
    x = np.array([-1.0, 0.0, 1.0])
    assert np.isnan(Formula("sqrt(x)")(x=x)).tolist() == [True, False, False]
    assert np.isfinite(Formula("1 / x")(x=x)).tolist() == [True, False, True]
    assert np.isnan(Formula("x**0.5")(x=x)).tolist() == [True, False, False]
    assert not np.isfinite(Formula("9**9**9**9 + 0*x")(x=x)).any()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("x" * (MOST_CHARACTERS + 1), "101 characters"),
        ("z", "'z'"),
        ("pie", "'pie'"),
        ("x^2", r"'\^'.*\*\*"),
        ("0,5*x", "','.*point"),
        ("y = x", "'='"),
        ("2x", "product"),
        ("2 x", "product"),
        ("(x", "bracket"),
        ("x)", "bracket"),
        ("x +", "cannot be read"),
        ("sin x", "cannot be read"),
        ("sin", r"sin\(x\)"),
        ("sin(cos)", r"cos\(x\)"),
        ("sin()", "one number"),
        ("pi(x)", r"'pi\(x\)'"),
        ("x(2)", r"'x\(2\)'"),
        ("sin(x)(x)", "not understood"),
        ("sin(*x)", "not understood"),
        ("x // 2", "'x // 2'"),
        ("1e999", "too large"),
        ("(" * 21 + "x" + ")" * 21, "brackets"),
        ("-" * 99 + "x", "deep|cannot"),
        ("+".join("x" * 50), "deep"),
    ],
)
def test_says_what_is_not_understood(text: str, words: str) -> None:
    assert re.search(words, refused(text))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "().__class__", "x.real", "x[0]", "[x]", "{x}", "{}",
        "lambda: x", "lambda:0", "x if x else y", "x and y", "not x", "x < y", "x == y", "x := y",
        "(x := y)", "'x'", '"x"', "b'x'", "f'{x}'", "x; y", "x\n+y", "x\\\n+y", "x # y", "x, y",
        "(x, y)", "sin(x, y)", "sin(x=x)", "sin(**x)", "await x", "yield", "print(x)", "exec(x)",
        "eval(x)", "open(x)", "abs.__self__", "x @ y", "x % y", "x | y", "x & y", "~x", "x << y",
        "1j", "0x10", "0b1", "0o7", "1_000", "True", "None", "...", "inf", "nan", "ｘ", "π", "x²",
        "ⅹ", "x\0", "\0", "\ud800", "sin\u200b(x)", "x\u00a0+ y", "x –y", "_", "__x__",
        "x__class__", "007", "1e", "1.2.3",
    ],
)  # fmt: skip
def test_nothing_else_gets_through(text: str) -> None:
    refused(text)


@pytest.mark.parametrize("text", [None, 5, 1.5, True, b"x", ["x"], {"x": 1}])
def test_what_is_no_text_is_refused(text: Any) -> None:
    assert "expected a string" in refused(text, TypeError)


def test_only_the_names_that_are_there_are_known() -> None:
    with pytest.raises(ValueError, match=r"'y'.*expected x, pi, e"):
        Formula("x + y")


WORDS = [*FUNCTIONS, "x", "y", "pi", "e", "(", ")", "+", "-", "*", "/", "**", " ", "1", ".5", "1e9"]


@given(st.text(max_size=120) | st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_text_is_computed_or_refused_in_a_sentence(text: str) -> None:
    try:
        formula = Formula(text, ["x", "y"])
    except ValueError:
        refused(text)
        return
    values = formula(x=X, y=Y)
    assert values.shape == X.shape
    assert values.dtype == np.float64
