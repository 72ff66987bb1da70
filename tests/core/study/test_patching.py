"""A changed function takes effect in its own run, and nowhere else."""

from __future__ import annotations

import copy
import inspect
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nets_core import SGD, Adam, Network, Trainer, activations, gradcheck, layers
from nets_core.study import patching

N, INPUTS = 24, 6
RNG = np.random.default_rng(3)
X = RNG.random((N, INPUTS))
LABELS = RNG.integers(0, 3, N)
Y = np.eye(3)[LABELS]


def trainer(optimizer: SGD | Adam | None = None, **settings: Any) -> Trainer:
    net = Network.mlp([INPUTS, 5, 3], seed=1, dtype=np.float64, **settings)
    return Trainer(net, optimizer or SGD(0.5), X, LABELS, batch_size=4)


def put(run: Trainer, name: str, old: str, new: str) -> None:
    """Change the library's text and put it into a run."""
    text = patching.source_of(name)
    assert text.count(old) == 1
    patching.put(run, name, patching.compiled(name, text.replace(old, new)))


def trained(run: Trainer) -> list[Any]:
    run.run(1)
    return [p.copy() for p in run.net.parameters()]


def same(a: list[Any], b: list[Any]) -> bool:
    return all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


# Each: the name, a change of its text, and a run that uses it.
PLACES: dict[str, tuple[str, str, Callable[[], Trainer]]] = {
    "sigmoid": ("return ops.sigmoid(z)", "return 0.5 * ops.sigmoid(z)", trainer),
    "sigmoid_prime": ("return a - a * a", "return 2 * (a - a * a)", trainer),
    "relu": (
        "return ops.relu(z)",
        "return 2 * np.maximum(z, 0)",
        lambda: trainer(activation="relu"),
    ),
    "softmax": (
        "ops.exp(z - z.max(axis=-1, keepdims=True))",
        "np.exp(2 * z)",
        lambda: trainer(output="softmax", loss="cross_entropy"),
    ),
    "MeanSquaredError.gradient": ("return a - y", "return 3 * (a - y)", trainer),
    "CrossEntropy.delta": (
        "    return a - y\n",
        "    return 3 * (a - y)\n",
        lambda: trainer(loss="cross_entropy"),
    ),
    "Dense.gradients": ("delta = delta / len(delta)", "pass", trainer),
    "Dense.backward": ("ops.matmul_nn(delta, self.weights)", "-delta @ self.weights", trainer),
    "Network.backpropagate": ("return cost, gradients", "return cost, gradients[:2] * 2", trainer),
    "SGD.update": ("(p, 1.0, g, -rate", "(p, 1.0, g, rate", trainer),
    "Adam.update": ("rate, epsilon)", "-rate, epsilon)", lambda: trainer(Adam(0.01))),
    "Trainer.learn": ("self._targets(labels))", "self._targets(labels - 1))", trainer),
    "xavier": (
        "np.sqrt(2 / (inputs + outputs))",
        "3.0",
        lambda: trainer(initializer="xavier"),
    ),
}


@pytest.mark.parametrize("name", [name for name in PLACES if name != "Network.backpropagate"])
def test_a_changed_function_changes_its_own_run_alone(name: str) -> None:
    old, new, make = PLACES[name]
    before = trained(make())
    original = patching.original(name)
    other = make()
    changed = make()
    text = patching.source_of(name)
    put(changed, name, old, new)
    assert not same(trained(changed), before), "the change has no effect"
    assert same(trained(other), before), "a net that was there is changed too"
    assert same(trained(make()), before), "a net made later is changed too"
    assert patching.original(name) is original
    assert patching.source_of(name) == text


@pytest.mark.parametrize("name", PLACES)
def test_the_librarys_own_text_changes_nothing(name: str) -> None:
    make = PLACES[name][2]
    run = make()
    patching.put(run, name, patching.compiled(name, patching.source_of(name)))
    assert same(trained(run), trained(make()))


def test_a_copy_of_the_net_is_changed_too_and_uses_its_own_weights() -> None:
    run = trainer()
    put(run, "Dense.gradients", "delta = delta / len(delta)", "pass")
    assert gradcheck.check(run.net, X[:4], Y[:4]) == pytest.approx(0.75)  # 4 for 1: |4 − 1| / 4
    twin = copy.deepcopy(run.net)
    for p in twin.parameters():
        p[...] = 0
    assert run.net.layers[0].parameters()[0].any()
    assert (twin.forward(X) == 0.5).all()
    assert gradcheck.check(trainer().net, X[:4], Y[:4]) < 1e-6


def test_what_is_assigned_to_a_name_of_the_module_stays_with_the_changed_function() -> None:
    before = vars(activations).copy()
    text = "np = None\ndef sigmoid_prime(z, a):\n    global tanh\n    tanh = a\n    return a"
    run = trainer()
    patching.put(run, "sigmoid_prime", patching.compiled("sigmoid_prime", text))
    run.run(1)
    assert vars(activations) == before


@pytest.mark.parametrize("name", ["", "np", "Dense", "os.system", "Dense.weights", "Dense.nothing"])
def test_a_name_that_is_no_function_of_the_library_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="function is"):
        patching.original(name)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("relu", trainer),
        ("softmax", trainer),
        ("CrossEntropy.delta", trainer),
        ("Adam.update", trainer),
        ("he", trainer),
    ],
)
def test_a_run_that_does_not_use_the_function_is_refused(
    name: str, make: Callable[[], Trainer]
) -> None:
    run = make()
    function = patching.compiled(name, patching.source_of(name))
    with pytest.raises(ValueError, match=f"does not use {name}"):
        patching.put(run, name, function)
    assert same(trained(run), trained(make()))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("def sigmoid(z):\n    return 1 +", "not Python", 2),
        ("def sigmoid(z):\n  a\n    b", "not Python: unexpected indent", 3),
        ("def sigmoid(z):\n    return z\nawait = 1", "not Python", 3),
        ("def sigmoid(z): return '\0'", "not Python", None),
        ("", "does not define sigmoid", 1),
        ("def sigmoids(z):\n    return z", "does not define sigmoid", 1),
        ("sigmoid = 3", "does not define sigmoid", 1),
        ("sigmoid = max", "does not define sigmoid", 1),
        ("pass", "does not define sigmoid", 1),  # the module's own must not count
        ("(" * 20_000 + ")" * 20_001, "40,001 characters, at most 20,000", None),
    ],
)
def test_a_text_that_is_no_such_function_is_refused(
    text: str, message: str, line: int | None
) -> None:
    with pytest.raises(patching.Refused, match=message) as refused:
        patching.compiled("sigmoid", text)
    assert refused.value.line == line


def test_an_indented_text_is_taken_as_it_is_meant() -> None:
    function = patching.compiled("sigmoid", "    def sigmoid(z):\n        return 2 * z\n")
    assert function(3) == 6


@pytest.mark.parametrize(
    "raised", [ZeroDivisionError, SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError]
)
def test_what_the_texts_own_lines_raise_has_its_line(raised: type[BaseException]) -> None:
    with pytest.raises(raised) as caught:
        patching.compiled("sigmoid", f"x = 1\nraise {raised.__name__}\ndef sigmoid(z): pass")
    assert patching.line_of(caught.value, "sigmoid") == 2


def test_the_line_that_raised_is_known_and_shown() -> None:
    text = (
        "def sigmoid(z):\n    a = 1\n    return helper(z)\ndef helper(z):\n    return z / nothing"
    )
    run = trainer()
    patching.put(run, "sigmoid", patching.compiled("sigmoid", text))
    with pytest.raises(NameError) as caught:
        run.run(1)
    assert patching.line_of(caught.value, "sigmoid") == 5
    assert patching.line_of(caught.value, "relu") is None
    shown = "".join(traceback.format_exception(caught.value))
    assert f'File "{patching.file_of("sigmoid")}", line 5' in shown
    assert "return z / nothing" in shown


def test_the_changed_text_can_be_inspected() -> None:
    run = trainer()
    put(run, "Dense.backward", "return ops.matmul_nn(", "return 2 * ops.matmul_nn(")
    assert "return 2 * ops.matmul_nn(" in inspect.getsource(run.net.layers[1].backward)
    assert "return 2 *" not in inspect.getsource(layers.Dense.backward)
    assert inspect.getsource(layers.Dense.backward).strip() in inspect.getsource(layers)


@pytest.mark.parametrize("name", PLACES)
def test_the_place_of_a_function_is_where_its_def_stands(name: str) -> None:
    file, line = patching.place_of(name)
    module = inspect.getmodule(patching.original(name))
    assert module is not None
    assert module.__name__ == f"nets_core.{file.removesuffix('.py')}"
    text = inspect.getsource(module).splitlines()[line - 1]
    assert text.strip() == patching.source_of(name).splitlines()[0]
    assert text.strip().startswith(f"def {name.rpartition('.')[2]}(")
