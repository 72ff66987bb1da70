"""The playground's world as a complete Python script."""

from __future__ import annotations

from collections.abc import Iterator

from nets_core.data import datasets
from nets_core.playground import world
from nets_core.playground.world import Edit, World

EPOCHS = 200
UPDATES = 100


def script(chosen: World, interfered: bool) -> str:
    """The script that makes this world and its net and trains it.

    It prints the costs of the first UPDATES updates, each before its update, then the cost on the
    training and on the test set after each epoch. ``interfered``: settings, weights or points were
    changed after the first update; a comment in the script then says so.
    Raises ValueError if there are no points to learn from.
    """
    if chosen.training_points == 0:
        raise ValueError("there are no points to learn from")
    blocks = (_head(chosen, interfered), _points(chosen), _net(chosen), _training(chosen))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _head(chosen: World, interfered: bool) -> Iterator[str]:
    optimizer = type(chosen.make_optimizer()).__name__
    names = sorted(["Network", "Trainer", optimizer], key=_import_order)
    layers = "Dense, Dropout" if any(layer.dropout for layer in chosen.layers) else "Dense"
    yield '"""A net from the playground: run it, change it, run it again."""'
    if interfered:
        yield ""
        yield "# Settings, points or weights were changed in the playground after the first update."
        yield "# Here the latest settings and points hold from the start, so the costs differ."
    yield ""
    yield "import numpy as np"
    yield ""
    yield f"from nets_core import {', '.join(names)}"
    if chosen.data in datasets.TOYS:
        yield "from nets_core.data import datasets"
    yield f"from nets_core.layers import {layers}"
    yield "from nets_core.playground import plane"


def _import_order(name: str) -> tuple[int, str]:
    """Constants, classes, modules: the order of import sorters."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def _points(chosen: World) -> Iterator[str]:
    yield "# The points and their targets"
    regression = chosen.problem == world.REGRESSION
    how = f"samples={chosen.samples}, noise={chosen.noise}, seed={chosen.seed}"
    if chosen.data == world.POINTS:
        kind = "" if regression else ".astype(int)"
        yield "by_hand = ["
        yield from (f"    ({x1}, {x2}, {value})," for x1, x2, value in chosen.points)
        yield "]  # x1, x2, value"
        yield "points = np.array(by_hand, float)[:, :2]"
        yield f"targets = np.array(by_hand, float)[:, 2]{kind}"
    elif chosen.data == world.FORMULA:
        function = "heights" if regression else "above"
        yield f"points, targets = plane.{function}({_text(chosen.formula)}, {how})"
    else:
        function = "plane.surface" if regression else "datasets.toy"
        yield f"points, targets = {function}({_text(chosen.data)}, {how})"
    names = ", ".join(_text(name) for name in chosen.features)
    yield f"x = plane.features(points, [{names}])"
    yield "y = targets[:, np.newaxis]"
    n = chosen.training_points
    if chosen.data == world.POINTS:
        yield "train = slice(None)  # all of them: there are few"
    else:
        yield f"train, test = slice(None, {n}), slice({n}, None)"


def _net(chosen: World) -> Iterator[str]:
    output, loss = world.OUTPUTS[chosen.problem]
    yield "# The net"
    yield "net = Network("
    yield "    ["
    for hidden in chosen.layers:
        yield f"        Dense({hidden.neurons}, {_text(hidden.activation)}),"
        if hidden.dropout:
            yield f"        Dropout({hidden.dropout}),"
    yield f"        Dense(1, {_text(output)}),"
    yield "    ],"
    yield f"    input_shape=[{len(chosen.features)}],"
    yield f"    loss={_text(loss)},"
    yield f"    initializer={_text(chosen.initializer)},"
    yield f"    seed={chosen.seed},"
    yield "    dtype=np.float64,"
    yield ")"
    if chosen.edits:
        yield "dense = [layer for layer in net.layers if isinstance(layer, Dense)]"
    yield from (_edit(edit) for edit in chosen.edits)


def _edit(edit: Edit) -> str:
    place = f"biases[{edit.neuron}]"
    if edit.source != world.BIAS:
        place = f"weights[{edit.neuron}, {edit.source}]"
    return f"dense[{edit.layer}].{place} = {edit.value}  # set by hand"


def _training(chosen: World) -> Iterator[str]:
    optimizer = type(chosen.make_optimizer()).__name__
    targets = "y" if chosen.problem == world.REGRESSION else "targets"
    yield "# Learning"
    yield "trainer = Trainer("
    yield "    net,"
    yield f"    {optimizer}({chosen.learning_rate}),"
    yield "    x[train],"
    yield f"    {targets}[train],"
    yield f"    batch_size={chosen.batch_size},"
    yield f"    l1={chosen.l1},"
    yield f"    l2={chosen.l2},"
    yield f"    seed={chosen.seed},"
    yield ")"
    yield f"for step in trainer.steps(epochs={UPDATES}):"
    yield '    print(f"update {step.step}: cost {step.cost:.12g}")'
    yield f"    if step.step == {UPDATES}:"
    yield "        break"
    yield f"while trainer.epoch < {EPOCHS}:"
    yield "    trainer.run(epochs=1)"
    yield "    cost = net.cost(x[train], y[train])"
    if chosen.data == world.POINTS:
        yield '    print(f"epoch {trainer.epoch}: cost {cost:.6f}")'
    else:
        yield "    test_cost = net.cost(x[test], y[test])"
        yield '    print(f"epoch {trainer.epoch}: cost {cost:.6f}, test cost {test_cost:.6f}")'


def _text(value: str) -> str:
    """A string in double quotes; settings contain no quotes or backslashes."""
    return f'"{value}"'
