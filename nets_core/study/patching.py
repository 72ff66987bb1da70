"""A changed function in place of the library's: for one training run, and for nothing else.

A function of the library is named as it is written: "Dense.backward", "sigmoid_prime". Its text can
be read, changed, compiled, and put into the objects of one run: the method of an instance hides
that of its class, and an activation is replaced where a layer holds it. All other nets go on with
the library's own function. What is compiled here can be inspected as if it stood in a file, so that
a traceback, or whoever shows the source of a step, finds the changed line.
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

from nets_core import activations, initializers, layers, losses, network, optimizers, training
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
"""Characters of a changed function: more than any of the library has by far."""

Function = Callable[..., Any]


class Refused(ValueError):
    """A changed function that cannot be used; ``line`` of its text, from 1, or None."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def original(name: str) -> FunctionType:
    """The library's function of this name; ValueError for a name that is none."""
    owner, _, attribute = name.rpartition(".")
    for module in MODULES:
        holder = getattr(module, owner, None) if owner else module
        function = vars(holder).get(attribute) if holder is not None else None
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            return function
    raise ValueError(f"function is {name!r}, expected one of nets_core such as 'Dense.backward'")


def source_of(name: str) -> str:
    """The text of the library's function, its indentation taken away."""
    return textwrap.dedent(inspect.getsource(original(name)))


def place_of(name: str) -> tuple[str, int]:
    """Where it stands: the module's file name and the line, from 1."""
    function = original(name)
    return sources.name_of(inspect.getfile(function)), inspect.getsourcelines(function)[1]


def file_of(name: str) -> str:
    """The file name that the compiled text of a changed function goes by in tracebacks."""
    return f"<your {name}>"


def compiled(name: str, text: str) -> FunctionType:
    """The function that ``text`` defines, for the place of the library's of this name.

    It sees what the library's own sees, the names of its module; what it assigns to them stays its
    own. Raises Refused for text that is not Python or does not define the function, and whatever
    the text itself raises when it is executed.
    """
    like = original(name)
    wanted = like.__name__
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
    scope = {**like.__globals__, "__name__": file, "__builtins__": builtins}
    exec(code, scope)
    function = scope.get(wanted)
    if not isinstance(function, FunctionType) or function.__code__.co_filename != file:
        raise Refused(f"The code does not define {wanted}: keep its def line.", 1)
    return function


def put(run: Trainer | Network, name: str, function: Function) -> None:
    """Put a function in place of the library's wherever this run, or this net, would call that one.

    Raises ValueError where it has no use for it: a net without ReLUs has none for ``relu``.
    """
    like = original(name)
    owner = name.rpartition(".")[0]
    net = run.net if isinstance(run, Trainer) else run
    objects: list[object] = [net, net.loss, *net.layers]
    if isinstance(run, Trainer):
        objects += [run, run.optimizer]
    users: list[object]
    if owner:
        users = [one for one in objects if getattr(type(one), like.__name__, None) is like]
        for user in users:
            setattr(user, like.__name__, MethodType(function, user))
    elif like.__module__ == initializers.__name__:
        users = [net] if initializers.INITIALIZERS[net.initializer] is like else []
        if users:
            _start_again(net, function)
    else:
        holders = [one for one in net.layers if like in _functions(one)]
        for layer in holders:
            if layer.activation.function is like:
                layer.activation = replace(layer.activation, function=function)
            else:
                layer.activation = replace(layer.activation, derivative=function)
        users = list(holders)
    if not users:
        raise ValueError(f"this net does not use {name}: choose settings with which it does")


def line_of(error: BaseException, name: str) -> int | None:
    """The line of a changed function's text at which an exception came up, None for elsewhere."""
    file, line = file_of(name), None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _functions(layer: layers.Layer) -> tuple[Function, Function]:
    return layer.activation.function, layer.activation.derivative


def _start_again(net: Network, initializer: Function) -> None:
    """Draw the weights of a net that has not learned yet by another initializer."""
    rng = np.random.default_rng(net.seed)
    for layer in net.layers:
        for p in layer.parameters()[:1]:
            p[...] = initializer(rng, *p.shape)
