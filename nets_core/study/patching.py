"""Replace a function of the library, for one training run only.

A function goes by its qualified name: "Dense.backward", "sigmoid_prime". Its text can be read,
changed, compiled, and put into the objects of one run: an instance's method hides that of its
class, and an activation is replaced in the layers that hold it. All other nets keep the library's
function. Compiled text is registered with ``linecache``, so tracebacks and ``inspect`` find the
changed lines.
"""

from __future__ import annotations

import builtins
import inspect
import linecache
import textwrap
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from nets_core import (
    activations,
    checks,
    initializers,
    layers,
    losses,
    network,
    optimizers,
    training,
)
from nets_core.data import datasets
from nets_core.network import Network
from nets_core.study import sources
from nets_core.training import Trainer

MODULES: tuple[ModuleType, ...] = (
    network,
    layers,
    activations,
    losses,
    optimizers,
    training,
    initializers,
    datasets,
)
LONGEST = 20_000
"""The longest text of a changed function, in characters; the library's are far shorter."""

Function = Callable[..., Any]


class Refused(ValueError):
    """A changed function that cannot be used. ``line`` is the line of its text, from 1, or None."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def original(name: str) -> FunctionType:
    """The library's function of this name; ValueError if there is none."""
    owner, _, attribute = name.rpartition(".")
    for module in MODULES:
        holder = getattr(module, owner, None) if owner else module
        function = vars(holder).get(attribute) if holder is not None else None
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            return function
    raise ValueError(
        f"function is {checks.quoted(name)}, expected a name in nets_core like 'Dense.backward'"
    )


def source_of(name: str) -> str:
    """The text of the library's function, dedented."""
    return textwrap.dedent(inspect.getsource(original(name)))


def place_of(name: str) -> tuple[str, int]:
    """The function's module, as a file name, and its first line, from 1."""
    function = original(name)
    return sources.name_of(inspect.getfile(function)), inspect.getsourcelines(function)[1]


def file_of(name: str) -> str:
    """The file name of a changed function in tracebacks."""
    return f"<your {name}>"


def compiled(name: str, text: str) -> FunctionType:
    """The function that ``text`` defines, to replace the library's function of this name.

    It sees a copy of its module's globals, so that assignments to them do not reach the library.
    Raises Refused for text that is not Python or does not define the function, and whatever the
    text itself raises when it runs.
    """
    replaced = original(name)
    expected = replaced.__name__
    if len(text) > LONGEST:
        raise Refused(f"The code has {len(text):,} characters, at most {LONGEST:,} are allowed.")
    text = textwrap.dedent(text)
    file = file_of(name)
    try:
        code = compile(text, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Refused(f"This is not Python: {error.msg}.", error.lineno) from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise Refused(f"This is not Python: {error}.") from None
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope = {**replaced.__globals__, "__name__": file, "__builtins__": builtins}
    exec(code, scope)
    function = scope.get(expected)
    if not isinstance(function, FunctionType) or function.__code__.co_filename != file:
        raise Refused(f"The code does not define {expected}: keep its def line.", 1)
    return function


def put(run: Trainer | Network, name: str, function: Function) -> None:
    """Replace the library's function of this name by ``function`` in a training run or a net.

    Raises ValueError if the run does not use it, such as ``relu`` in a net without ReLUs.
    """
    replaced = original(name)
    owner = name.rpartition(".")[0]
    net = run.net if isinstance(run, Trainer) else run
    objects: list[object] = [net, net.loss, *net.layers]
    if isinstance(run, Trainer):
        objects += [run, run.optimizer]
    users: list[object]
    if owner:
        users = [one for one in objects if getattr(type(one), replaced.__name__, None) is replaced]
        for user in users:
            setattr(user, replaced.__name__, MethodType(function, user))
    elif replaced.__module__ == initializers.__name__:
        users = [net] if initializers.INITIALIZERS[net.initializer] is replaced else []
        if users:
            _initialize(net, function)
    else:
        holders = [one for one in net.layers if replaced in _functions(one)]
        for layer in holders:
            if layer.activation.function is replaced:
                layer.activation = replace(layer.activation, function=function)
            else:
                layer.activation = replace(layer.activation, derivative=function)
        users = list(holders)
    if not users:
        raise ValueError(f"this net does not use {name}: choose settings that use it")


def line_of(error: BaseException, name: str) -> int | None:
    """The line of a changed function's text in which an exception arose, None if elsewhere."""
    file, line = file_of(name), None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _functions(layer: layers.Layer) -> tuple[Function, Function]:
    return layer.activation.function, layer.activation.derivative


def _initialize(net: Network, initializer: Function) -> None:
    """Draw the weights of an untrained net anew, with another initializer."""
    rng = np.random.default_rng(net.seed)
    for layer in net.layers:
        for p in layer.parameters()[:1]:
            p[...] = initializer(rng, *p.shape)
