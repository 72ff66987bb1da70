"""Errors of public functions: a message names the argument, its value and what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nets_core import SGD, Network, Trainer, checks, gradcheck, metrics
from nets_core.data import datasets
from nets_core.layers import Conv2D, Dense, Flatten, make_layer
from nets_core.page.lab import Lab
from nets_core.page.settings import Settings
from nets_core.playground.world import World

NET = Network.mlp([4, 3], seed=1)
X, Y = np.ones((2, 4)), np.eye(3)[:2]
LABELS = np.array([0, 2])


def message(error: type[Exception], function: Callable[..., Any], *args: Any, **kw: Any) -> str:
    with pytest.raises(error) as caught:
        function(*args, **kw)
    text = str(caught.value)
    assert "\n" not in text
    assert 15 < len(text) < 400
    return text


BAD_X = [
    (np.ones(4), ValueError, ("(4,)", "(batch, 4)")),
    (np.ones((2, 5)), ValueError, ("(2, 5)", "(batch, 4)")),
    (np.ones((2, 2, 2)), ValueError, ("(2, 2, 2)", "(batch, 4)")),
    (np.ones((0, 4)), ValueError, ("no examples", "at least one")),
    (1.0, ValueError, ("()", "(batch, 4)")),
    (np.ones((2, 4), np.int64), TypeError, ("int64", "floats", "uint8")),
    (np.ones((2, 4), bool), TypeError, ("bool", "floats")),
    (np.ones((2, 4), complex), TypeError, ("complex128", "floats")),
    (np.full((2, 4), "1"), TypeError, ("<U1", "floats")),
    (np.full((2, 4), None), TypeError, ("object", "floats")),
    (None, TypeError, ("object", "floats")),
    ([[1.0] * 4, [1.0] * 3], ValueError, ("different lengths", "(batch, 4)")),
    (np.array([[1, 2, 3, np.nan]]), ValueError, ("NaN", "finite")),
    (np.array([[1, 2, 3, -np.inf]]), ValueError, ("infinity", "finite")),
    (np.array([[1, 2, 3, 1e300]]), ValueError, ("1e+300", "float32")),
]


@pytest.mark.parametrize(
    ("x", "error", "words"), BAD_X, ids=lambda value: " ".join(str(value).split())[:30]
)
def test_inputs(x: Any, error: type[Exception], words: tuple[str, ...]) -> None:
    labels = np.zeros(2, int)
    for function in (
        lambda: NET.forward(x),
        lambda: NET.backward(x, Y),
        lambda: NET.cost(x, Y),
        lambda: metrics.accuracy(NET, x, labels),
        lambda: Trainer(NET, SGD(0.1), x, labels),
    ):
        text = message(error, function)
        assert re.match(r"x\b", text)
        for word in words:
            assert word in text


def test_a_single_picture_is_told_what_shape_is_expected() -> None:
    net = Network([Conv2D(2, 3), Flatten(), Dense(3)], (5, 5, 1))
    text = message(ValueError, net.forward, np.ones((5, 5)))
    assert "(5, 5)" in text
    assert "(batch, 25)" in text
    assert net.forward(np.ones((1, 25))).shape == (1, 3)


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        (Y[0], ValueError, ("(3,)", "(2, 3)", "one-hot")),
        (Y[:1], ValueError, ("(1, 3)", "(2, 3)")),
        (Y.T, ValueError, ("(3, 2)", "(2, 3)")),
        (LABELS, ValueError, ("(2,)", "(2, 3)", "one-hot")),
        (np.where(Y, np.nan, 0), ValueError, ("NaN", "finite")),
        (np.full((2, 3), "a"), TypeError, ("<U1", "numbers")),
        (None, TypeError, ("object", "numbers")),
        ([[1, 0, 0], [1, 0]], ValueError, ("lengths", "(2, 3)")),
        (np.full((2, 3), 1e300), ValueError, ("1e+300", "float32")),
    ],
    ids=lambda value: " ".join(str(value).split())[:30],
)
def test_targets(y: Any, error: type[Exception], words: tuple[str, ...]) -> None:
    for function in (NET.backward, NET.cost):
        text = message(error, function, X, y)
        assert re.match(r"y\b", text)
        for word in words:
            assert word in text


def test_targets_may_be_integers_or_booleans() -> None:
    costs = {NET.backward(X, y)[0] for y in (Y, Y.astype(int), Y.astype(bool), Y.tolist())}
    assert len(costs) == 1


@pytest.mark.parametrize(
    ("labels", "error", "words"),
    [
        ([0, 3], ValueError, ("3", "0 to 2")),
        ([-1, 0], ValueError, ("-1", "0 to 2")),
        ([0, 1, 2], ValueError, ("(3,)", "(2,)")),
        ([[0], [1]], ValueError, ("(2, 1)", "(2,)")),
        (Y[:, :2], TypeError, ("float64", "integers")),
        ([0.0, 1.0], TypeError, ("float64", "integers")),
        ([True, False], TypeError, ("bool", "integers")),
        ([[0], [1, 2]], ValueError, ("lengths", "(2,)")),
        (["0", "1"], TypeError, ("<U1", "integers")),
        (np.array([2**63, 0], np.uint64), ValueError, ("9223372036854775808", "0 to 2")),
    ],
    ids=str,
)
def test_labels(labels: Any, error: type[Exception], words: tuple[str, ...]) -> None:
    for name, function in (
        ("labels", lambda: Trainer(NET, SGD(0.1), X, labels)),
        ("labels", lambda: metrics.accuracy(NET, X, labels)),
        ("test[1]", lambda: Trainer(NET, SGD(0.1), X, LABELS, test=(X, labels))),
    ):
        text = message(error, function)
        assert text.startswith(name)
        for word in words:
            assert word in text


def test_numbers_to_come_close_to_have_no_accuracy() -> None:
    text = message(TypeError, metrics.accuracy, NET, X, Y)
    assert text.startswith("labels has dtype float64")
    text = message(ValueError, Trainer, NET, SGD(0.1), X, np.where(Y, np.nan, 0))
    assert text.startswith("labels holds NaN")


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.uint64, list])
def test_labels_of_any_integers_are_the_same(kind: Any) -> None:
    labels = LABELS.tolist() if kind is list else LABELS.astype(kind)
    net = Network.mlp([4, 3], seed=1)
    cost = next(iter(Trainer(net, SGD(0.1), X, labels).steps(epochs=1))).cost
    assert cost == pytest.approx(NET.cost(X, Y[[0, 0]] * 0 + np.eye(3)[LABELS]))


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("batch_size", 0, ValueError), ("batch_size", 1.5, TypeError),
        ("batch_size", "32", TypeError), ("batch_size", True, TypeError),
        ("l2", -0.1, ValueError), ("l2", float("nan"), ValueError),
        ("l2", float("inf"), ValueError), ("l2", "0", TypeError), ("l2", None, TypeError),
        ("seed", -1, ValueError), ("seed", 1.5, TypeError), ("seed", None, TypeError),
        ("evaluations", 0, ValueError), ("evaluations", 1.5, TypeError),
    ],
)  # fmt: skip
def test_settings_of_a_trainer(name: str, value: Any, error: type[Exception]) -> None:
    text = message(error, Trainer, NET, SGD(0.1), X, LABELS, **{name: value})
    assert text.startswith(f"{name} is {value!r}")
    assert "expected" in text
    if name in ("batch_size", "l2"):
        trainer = Trainer(NET, SGD(0.1), X, LABELS)
        assert message(error, setattr, trainer, name, value) == text
        assert (trainer.batch_size, trainer.l2) == (32, 0.0)


def test_parts_of_a_trainer() -> None:
    assert "net is a list" in message(TypeError, Trainer, [1], SGD(0.1), X, LABELS)
    assert "optimizer is 0.1" in message(TypeError, Trainer, NET, 0.1, X, LABELS)
    assert "optimizer is" in message(TypeError, Trainer, NET, SGD, X, LABELS)
    bad_test = (np.ones((2, 3)), LABELS)
    text = message(ValueError, Trainer, NET, SGD(0.1), X, LABELS, test=bad_test)
    assert text.startswith("test[0] has shape (2, 3)")
    trainer = Trainer(NET, SGD(0.1), X, LABELS)
    for run in (trainer.run, trainer.steps, trainer.work):
        assert "epochs is -1" in message(ValueError, run, -1)
        assert "epochs is 1.5" in message(TypeError, run, 1.5)


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        ({"sizes": []}, ValueError, ("sizes", "at least two")),
        ({"sizes": [784]}, ValueError, ("sizes", "[784]", "at least two")),
        ({"sizes": 784}, ValueError, ("sizes", "784", "at least two")),
        ({"sizes": "78"}, ValueError, ("sizes", "'78'")),
        ({"sizes": [784, 0, 10]}, ValueError, ("sizes", "0", "1 or more")),
        ({"sizes": [784, -3]}, ValueError, ("sizes", "-3")),
        ({"sizes": [784, 30.0, 10]}, TypeError, ("sizes", "30.0", "whole number")),
        ({"sizes": [784, "30", 10]}, TypeError, ("sizes", "'30'", "whole number")),
        ({"activation": "sigmoidal"}, ValueError, ("activation", "'sigmoidal'", "swish")),
        ({"activation": None}, ValueError, ("activation", "None", "swish")),
        ({"activation": ["relu"]}, ValueError, ("activation", "['relu']", "swish")),
        ({"activation": "softmax"}, ValueError, ("activation", "'softmax'", "output only")),
        ({"output": "step"}, ValueError, ("output", "'step'", "softmax")),
        ({"loss": "hinge"}, ValueError, ("loss", "'hinge'", "cross_entropy")),
        ({"loss": ["mse"]}, ValueError, ("loss", "['mse']", "cross_entropy")),
        ({"output": "softmax"}, ValueError, ("loss", "'mse'", "softmax")),
        ({"loss": "cross_entropy", "output": "tanh"}, ValueError, ("loss", "sigmoid", "'tanh'")),
        ({"initializer": "ones"}, ValueError, ("initializer", "'ones'", "xavier")),
        ({"seed": -1}, ValueError, ("seed", "-1", "0 or more")),
        ({"seed": 1.5}, TypeError, ("seed", "1.5", "whole number")),
        ({"seed": "one"}, TypeError, ("seed", "'one'", "whole number")),
        ({"dtype": np.float16}, ValueError, ("dtype", "float16", "float32")),
        ({"dtype": np.int64}, ValueError, ("dtype", "int64", "float32")),
        ({"dtype": ">f4"}, ValueError, ("dtype", ">f4", "float32")),
        ({"dtype": "quick"}, (ValueError, TypeError), ("dtype", "quick", "float32")),
    ],
    ids=str,
)
def test_parts_of_a_net(kwargs: dict[str, Any], error: Any, words: tuple[str, ...]) -> None:
    text = message(error, Network.mlp, **{"sizes": [6, 4, 3], **kwargs})
    for word in words:
        assert word in text


def test_layers_that_do_not_fit_together() -> None:
    for layers, shape, words in [
        ([], (4,), ("layers", "dense")),
        ([Flatten()], (4,), ("layers", "dense")),
        ([Dense(3)], (5, 5, 1), ("(5, 5, 1)", "flatten")),
        ([Conv2D(2, 3), Dense(3)], (5, 5, 1), ("(3, 3, 2)", "flatten")),
        ([Conv2D(2, 3), Flatten(), Dense(3)], (25,), ("(25,)", "(height, width, channels)")),
        ([Conv2D(2, 6), Flatten(), Dense(3)], (5, 5, 1), ("size 6", "5×5")),
        ([Dense(3, "softmax"), Dense(3)], (4,), ("softmax", "output")),
        ([Dense(3)], (0,), ("input_shape", "0")),
    ]:
        text = message(ValueError, Network, layers, shape)  # type: ignore[arg-type]
        for word in words:
            assert word in text


def test_gradcheck_refuses_as_backward_does() -> None:
    assert message(ValueError, gradcheck.check, NET, np.ones((2, 5)), Y).startswith("x has shape")
    assert message(ValueError, gradcheck.check, NET, X, Y[:1]).startswith("y has shape")


def deep() -> list[Any]:
    inner: list[Any] = []
    for _ in range(10_000):
        inner = [inner]
    return inner


LONG: list[Any] = [
    "a" * 900_000,
    "\n" * 900_000,
    b"b" * 900_000,
    10**9_000,
    -(10**9_000),
    [["c" * 500] * 100] * 1000,
    {f"key {i}": i for i in range(20_000)},
    np.full((300, 300), "d" * 20),
    deep(),
]


@pytest.mark.parametrize("value", LONG, ids=lambda value: type(value).__name__)
def test_a_message_does_not_grow_with_the_value_that_it_quotes(value: Any) -> None:
    """Whatever it is and wherever it stands, also in the name of a setting."""
    name = value if isinstance(value, str) else "setting"
    for function in (
        lambda: Network.mlp([4, 3], activation=value),
        lambda: Network.mlp([4, 3], seed=value if isinstance(value, int) else [value]),
        lambda: Network.mlp(value),
        lambda: SGD(value if not isinstance(value, int) else -abs(value)),
        lambda: Trainer(NET, value, X, LABELS),  # type: ignore[arg-type]
        lambda: make_layer({"type": value}),
        lambda: make_layer({"type": "dense", "outputs": 3, name: value, "other": value}),
        lambda: datasets.toy(name, 10, 0.1, 0),
        lambda: World.from_plain({name: value, "layers": [value]}),
        lambda: World.from_plain({"formula": value}),
        lambda: Settings.from_plain({name: value, "hidden": value}),
    ):
        message((ValueError, TypeError), function)  # type: ignore[arg-type]
    for method, arguments in (
        ("models.open", {name: value}),
        ("training.check", {"settings": {name: value}}),
        (name, {}),
    ):
        error = Lab().call(method, arguments)["error"]
        assert len(error["message"]) <= 1000


def test_short_values_are_quoted_as_they_are() -> None:
    for value in ("relu", "", 7, -0.5, None, True, [784, 30], {"neurons": 4}, (2, 3), np.float32):
        assert checks.quoted(value) == repr(value)
    assert checks.quoted(np.float64(0.5)) == "0.5"
