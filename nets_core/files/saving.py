"""Nets and training runs as files, without pickle.

A file is a header and named arrays: the parameters ``p0``, ``p1``, … and, for a training run, the
optimizer's state, ``velocity0`` …, ``mean0`` …. Three formats hold these: ``npz``, the library's
own; ``safetensors``; and ``onnx``, whose graph other programs can run. The header's keys are
``format`` ("nets"), ``version``, ``storage``, ``recipe``, ``net``, which describes layers and loss,
``training`` for a run, with its history, the optional ``notes`` of the caller, and ``metadata``,
texts of other programs, which stay as they are.

In ``.npz`` parameters may be stored in fewer bits: as "float16", or as "int8", where large arrays
have one scale per output (``s0``, ``s1``, …: the value is integer × scale) and small ones are
float16.

A file may come from anyone, so nothing in it is trusted: sizes are limited before anything is read,
and each array's shape is compared with its bytes and with the layers that the header describes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from nets_core import checks
from nets_core.checks import quoted
from nets_core.data import datasets, kinds
from nets_core.files.container import MOST_BYTES, Contents, entry, lookup, what
from nets_core.layers import Dropout, make_layer
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import Optimizer, make_optimizer
from nets_core.training import MOST_HISTORY, Augmentation, Epoch, Trainer

VERSION = 2
OPENED = (1, VERSION)
"""The versions that are read. Version 1 had no ``l1`` (it was 0) and only the format .npz."""
FORMATS = {
    "npz": "NumPy (.npz)",
    "safetensors": "Safetensors (.safetensors)",
    "onnx": "ONNX (.onnx)",
}
"""Each format's name, which is also its file extension, and its name for people."""
ONNX_BEGINS = b"\x08"
"""The first byte of an ONNX file that ``onnx`` wrote: the key of the field ``ir_version``."""
MOST_LAYERS = 200
MOST_ACTIVATIONS = 2**20
MOST_PRODUCTS = 2**28
"""Limits of a layer for one example: its output numbers, and its multiplications."""
LARGE = 20_000
"""With "int8", arrays of at least this many entries become integers: smaller ones take little
space, and the few weights of a convolution affect every pixel."""
STORAGES = ("exact", "float16", "int8")
_ADVICE = "open a file that nets has saved"


class NoRun(ValueError):
    """The net in the file opens, but the file has no training run that can go on."""


def dumps(
    net_or_trainer: Network | Trainer,
    storage: str = "exact",
    recipe: str = "",
    format: str = "npz",
    notes: Mapping[str, Any] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a net, or of a training run with optimizer, generators and history.

    ``storage`` is "exact", or, for a net without a training run in ``.npz``, "float16" or "int8".
    ``recipe`` is the name of the recipe that made the net, ``format`` is one of ``FORMATS``, and
    ``notes`` are JSON values to store beside the net, and ``metadata`` are texts for other
    programs, such as those that ``header_of`` found in a file of theirs. The same net gives the
    same bytes. Raises TypeError for another object, and ValueError for another storage or format,
    for parameters that are not finite and for a file that would be too large to read.
    """
    checks.one_of("storage", storage, STORAGES)
    checks.one_of("format", format, FORMATS)
    if isinstance(net_or_trainer, Trainer):
        trainer, net = net_or_trainer, net_or_trainer.net
    elif isinstance(net_or_trainer, Network):
        trainer, net = None, net_or_trainer
    else:
        raise TypeError(f"expected a Network or a Trainer, not a {type(net_or_trainer).__name__}")
    if storage != "exact" and (trainer is not None or format != "npz"):
        raise ValueError(
            f"storage is {storage!r}, expected 'exact': only a net without a training run, in npz, "
            "can be stored in fewer bits"
        )
    header: dict[str, Any] = {
        "format": "nets",
        "version": VERSION,
        "storage": storage,
        "recipe": recipe,
        "net": net.describe(),
    }
    if notes is not None:
        header["notes"] = dict(notes)
    if metadata:
        header["metadata"] = dict(metadata)
    arrays: dict[str, Array] = {}
    for i, p in enumerate(net.parameters()):
        if not np.isfinite(p).all():
            raise ValueError(f"parameter {i} of the net holds NaN or infinity: nothing is saved")
        arrays |= _stored(i, p, storage)
    if trainer is not None:
        header["training"] = _describe_run(trainer)
        for name, state in trainer.optimizer.state.items():
            if not all(np.isfinite(array).all() for array in state):
                raise ValueError(f"the optimizer's {name} holds NaN or infinity: nothing is saved")
            arrays |= {f"{name}{i}": array for i, array in enumerate(state)}
    size = sum(array.nbytes for array in arrays.values())
    data: bytes = b"" if size > MOST_BYTES else _codec(format).encode(Contents(header, arrays))
    if not 0 < len(data) <= MOST_BYTES:
        raise ValueError(
            f"the net and its training take {max(size, len(data))} bytes, expected at most "
            f"{MOST_BYTES}: nothing is saved"
        )
    return data


def loads(data: bytes) -> Network:
    """The net in a file of any format, in the dtype that it had; for a training run, the run's net.

    Raises ValueError, which says what is wrong, for anything that ``dumps`` did not write, and
    TypeError if ``data`` is not bytes.
    """
    header, arrays = _read(data)
    return _load_net(header, arrays)


def recipe_of(data: bytes) -> str:
    """The recipe that the file names, "" for none; errors as for ``loads``."""
    return str(_read(data).header["recipe"])


def header_of(data: bytes) -> dict[str, Any]:
    """The header of a file, with the keys listed at the top of this module.

    Only format, version, storage and recipe are checked. Errors as for ``loads``.
    """
    return _read(data).header


def resume(
    data: bytes,
    x: npt.ArrayLike,
    labels: npt.ArrayLike,
    test: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    augment: Augmentation | None = None,
) -> Trainer:
    """The training run in a file, on the same examples; it goes on as if it had never stopped.

    The arguments are those of ``Trainer``. Raises NoRun for a file without a training run, or
    without the optimizer's memory; ValueError for a run with another number of examples or another
    augmentation; and what ``loads`` raises.
    """
    header, arrays = _read(data)
    if "training" not in header:
        raise NoRun("the file holds a net but no training run: open it with saving.loads")
    net = _load_net(header, arrays)
    try:
        return _load_run(header["training"], arrays, net, x, labels, test, augment)
    except NoRun:
        raise
    except (TypeError, ValueError) as error:
        raise ValueError(f"the file's training run cannot go on: {what(error)}") from None


def _stored(index: int, p: Array, storage: str) -> dict[str, Array]:
    """The arrays that store parameter ``index`` in a file."""
    if storage == "exact":
        return {f"p{index}": p}
    if storage == "float16" or p.ndim == 1 or p.size < LARGE:
        with np.errstate(over="ignore"):
            small = p.astype(np.float16)
        if not np.isfinite(small).all():
            raise ValueError(
                f"parameter {index} is too large for float16: save with storage 'exact'"
            )
        return {f"p{index}": small}
    scale = np.abs(p).max(axis=1) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return {f"p{index}": np.rint(p / scale[:, np.newaxis]).astype(np.int8), f"s{index}": scale}


def _describe_run(trainer: Trainer) -> dict[str, Any]:
    return {
        "optimizer": trainer.optimizer.name,
        "settings": trainer.optimizer.settings(),
        "optimizer_steps": trainer.optimizer.steps,
        "state": {name: len(arrays) for name, arrays in trainer.optimizer.state.items()},
        "batch_size": trainer.batch_size,
        "l1": trainer.l1,
        "l2": trainer.l2,
        "seed": trainer.seed,
        "evaluations": trainer.evaluations,
        "augmentation": trainer.augment.settings() if trainer.augment else None,
        "examples": len(trainer.x),
        "epoch": trainer.epoch,
        "position": trainer.position,
        "step": trainer.step,
        "sums": [_or_none(value) for value in trainer.sums],
        "history": [
            {name: _or_none(value) for name, value in asdict(epoch).items()}
            for epoch in trainer.history
        ],
        "generators": [
            layer.rng.bit_generator.state
            for layer in trainer.net.layers
            if isinstance(layer, Dropout)
        ],
    }


def _load_run(
    run: Any,
    arrays: dict[str, Array],
    net: Network,
    x: npt.ArrayLike,
    labels: npt.ArrayLike,
    test: tuple[npt.ArrayLike, npt.ArrayLike] | None,
    augment: Augmentation | None,
) -> Trainer:
    optimizer = make_optimizer(lookup(run, "optimizer"), entry(run, "settings", dict))
    trainer = Trainer(
        net,
        optimizer,
        x,
        labels,
        batch_size=lookup(run, "batch_size"),
        l2=lookup(run, "l2"),
        seed=lookup(run, "seed"),
        test=test,
        evaluations=lookup(run, "evaluations"),
        augment=augment,
        l1=run.get("l1", 0.0),
    )
    if checks.count("examples", lookup(run, "examples")) != len(trainer.x):
        raise ValueError(
            f"the run was trained on {run['examples']} examples, but x has {len(trainer.x)}"
        )
    settings = augment.settings() if augment else None
    if lookup(run, "augmentation") != settings:
        raise ValueError(
            f"the run was trained with augmentation {quoted(run['augmentation'])}, "
            f"but now has {settings}"
        )
    optimizer.steps = checks.count("optimizer_steps", lookup(run, "optimizer_steps"), least=0)
    _load_memory(optimizer, entry(run, "state", dict), arrays, net.parameters())
    trainer.epoch = checks.count("epoch", lookup(run, "epoch"), least=0)
    trainer.step = checks.count("step", lookup(run, "step"), least=0)
    trainer.position = checks.count("position", lookup(run, "position"), least=0)
    if trainer.position > len(trainer.x):
        raise ValueError(f"position is {trainer.position}, expected at most {len(trainer.x)}")
    sums = entry(run, "sums", list)
    if len(sums) != 3:
        raise ValueError(f"sums has {len(sums)} entries, expected 3")
    scored = trainer.labels.ndim == 1
    trainer.sums = [
        checks.number("sums", sums[0]),
        _score("sums", sums[1], scored),
        checks.number("sums", sums[2]),
    ]
    trainer.history = [_epoch(scored, epoch) for epoch in entry(run, "history", list)]
    expected = min(trainer.epoch, MOST_HISTORY)
    if len(trainer.history) not in (expected, trainer.epoch):
        raise ValueError(f"history has {len(trainer.history)} epochs, expected {expected}")
    del trainer.history[:-MOST_HISTORY]
    dropouts = [layer for layer in net.layers if isinstance(layer, Dropout)]
    generators = entry(run, "generators", list)
    if len(generators) != len(dropouts):
        raise ValueError(f"generators has {len(generators)} entries, expected {len(dropouts)}")
    for layer, state in zip(dropouts, generators, strict=True):
        _load_generator(layer.rng, state)
    return trainer


def _load_memory(
    optimizer: Optimizer, state: dict[str, Any], arrays: dict[str, Array], parameters: list[Array]
) -> None:
    """Set the optimizer's memory from the file's arrays."""
    expected = optimizer.memory if optimizer.steps else ()
    if set(state) != set(expected):
        raise ValueError(
            f"the file's optimizer state is not that of {optimizer.name}, "
            f"expected {', '.join(sorted(expected)) or 'none'}"
        )
    names = {memory: [f"{memory}{i}" for i in range(len(parameters))] for memory in expected}
    if expected and not any(name in arrays for listed in names.values() for name in listed):
        raise NoRun(
            "the file lacks what the optimizer remembers: another program has left it out, so the "
            "net opens, but its training run cannot go on"
        )
    for memory, listed in names.items():
        if state[memory] != len(parameters):
            raise ValueError(
                f"the optimizer's {memory} has {quoted(state[memory])} arrays, "
                f"expected {len(parameters)}"
            )
        optimizer.state[memory] = [
            _as_floats(arrays, name, p.shape, p.dtype)
            for name, p in zip(listed, parameters, strict=True)
        ]


def _load_generator(rng: np.random.Generator, state: Any) -> None:
    """Set the state of a layer's generator, PCG64."""
    inner = entry(state, "state", dict)
    numbers = [*(lookup(inner, name) for name in ("state", "inc"))]
    numbers += [lookup(state, name) for name in ("has_uint32", "uinteger")]
    if lookup(state, "bit_generator") != rng.bit_generator.state["bit_generator"] or any(
        type(number) is not int or not 0 <= number < 2**bits
        for number, bits in zip(numbers, (128, 128, 1, 32), strict=True)
    ):
        raise ValueError(f"a generator's state is {quoted(state)}, expected one of NumPy's PCG64")
    rng.bit_generator.state = state


def _epoch(scored: bool, epoch: Any) -> Epoch:
    test_accuracy = lookup(epoch, "test_accuracy")
    return Epoch(
        checks.number("cost", lookup(epoch, "cost")),
        _score("accuracy", lookup(epoch, "accuracy"), scored),
        None if test_accuracy is None else _score("test_accuracy", test_accuracy, scored),
        checks.number("seconds", lookup(epoch, "seconds")),
    )


def _or_none(value: float | None) -> float | None:
    """None for NaN, which JSON lacks: the accuracy of a run on regression targets."""
    return None if value is None or math.isnan(value) else value


def _score(name: str, value: Any, scored: bool) -> float:
    return checks.number(name, value) if scored else math.nan


def _load_net(header: dict[str, Any], arrays: dict[str, Array]) -> Network:
    description = header["net"]
    try:
        _check_description(description)
        _compare_sizes(description, arrays)
        net = Network.from_description(description, drawn=False)
    except TypeError as error:
        raise ValueError(f"the file's header does not describe a net: {what(error)}") from None
    parameters = net.parameters()
    if f"p{len(parameters)}" in arrays:
        raise ValueError(f"the file holds more arrays than the {len(parameters)} its layers need")
    for i, p in enumerate(parameters):
        if f"s{i}" in arrays:
            scale = _expect(arrays, f"s{i}", p.shape[:-1], np.dtype(np.float32))
            values = _expect(arrays, f"p{i}", p.shape, np.dtype(np.int8)).astype(net.dtype)
            with np.errstate(over="ignore"):
                values *= scale[..., np.newaxis]
            _check_range(f"p{i}", values)
        else:
            values = _as_floats(arrays, f"p{i}", p.shape, net.dtype)
        np.copyto(p, values)
    return net


def _as_floats(
    arrays: dict[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Array:
    """A writeable copy of the array, which may have any float dtype, in this one."""
    with np.errstate(over="ignore"):
        values = _expect(arrays, name, shape, None).astype(dtype)
    _check_range(name, values)
    return values


def _check_range(name: str, values: Array) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"the file's array {name!r} holds numbers too large for {values.dtype}")


def _check_description(description: dict[str, Any]) -> None:
    """ValueError unless all parts of a net's description are there and of their types."""
    try:
        entry(description, "input_shape", list)
        for spec in entry(description, "layers", list):
            entry(spec, "type", str)
        for name in ("loss", "initializer", "dtype"):
            entry(description, name, str)
        checks.count("seed", lookup(description, "seed"), least=0)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the file's header does not describe a net: {what(error)}") from None


def _compare_sizes(description: dict[str, Any], arrays: dict[str, Array]) -> None:
    """ValueError for a header that does not fit the file's arrays, before a net is made."""
    shape = tuple(checks.count("input_shape", n) for n in description["input_shape"])
    if math.prod(shape) > MOST_BYTES:
        raise ValueError(f"the file describes inputs of shape {quoted(shape)}, which are too large")
    checks.one_of("dtype", description["dtype"], ("float32", "float64"))
    if len(description["layers"]) > MOST_LAYERS:
        raise ValueError(f"the file describes more than {MOST_LAYERS} layers")
    shapes = []
    for spec in description["layers"]:
        layer = make_layer(spec)
        layer.connect(shape)
        shapes += layer.parameter_shapes()
        shape = layer.output_shape
        if math.prod(shape) > MOST_ACTIVATIONS or layer.products() > MOST_PRODUCTS:
            raise ValueError(f"the file describes a {layer.kind} layer that is too large")
    if 8 * sum(math.prod(expected) for expected in shapes) > MOST_BYTES:
        raise ValueError(f"the file describes a net of more than {MOST_BYTES // 8} parameters")
    for i, expected in enumerate(shapes):
        _expect(arrays, f"p{i}", expected, arrays[f"p{i}"].dtype if f"p{i}" in arrays else None)


def _expect(
    arrays: dict[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype[Any] | None
) -> Array:
    """The array of this name; ValueError unless it is finite and has this shape and dtype.

    ``dtype`` None stands for any float dtype.
    """
    if name not in arrays:
        raise ValueError(f"the file lacks the array {quoted(name)}, which its layers need")
    array = arrays[name]
    if array.shape != shape:
        raise ValueError(
            f"the file's array {quoted(name)} has shape {quoted(array.shape)}, expected {shape}"
        )
    if (dtype is not None and array.dtype != dtype) or (dtype is None and array.dtype.kind != "f"):
        expected = "floats" if dtype is None else dtype
        raise ValueError(
            f"the file's array {quoted(name)} has dtype {array.dtype}, expected {expected}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"the file's array {quoted(name)} holds NaN or infinity")
    return array


def _read(data: bytes) -> Contents:
    """The contents of a file of any format, whose version is one of ``OPENED``."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"data is a {type(data).__name__}, expected bytes")
    if len(data) > MOST_BYTES:
        raise ValueError(f"the file has {len(data)} bytes, expected at most {MOST_BYTES}")
    data = bytes(data)
    if data.startswith(kinds.GZIP) and not _is_safetensors(data):
        data = datasets.gunzip(data, MOST_BYTES)
    header, arrays = _codec(_format_of(data)).decode(data)
    if header.get("format") != "nets":
        raise ValueError("this file was not written by nets")
    if type(header.get("version")) is not int or header["version"] not in OPENED:
        raise ValueError(
            f"the file has format version {quoted(header.get('version'))}, expected {VERSION}: "
            "a newer nets_core may read it"
        )
    checks.one_of("storage", header.get("storage"), STORAGES)
    if not isinstance(header.get("net"), dict) or not isinstance(header.get("recipe"), str):
        raise ValueError("the file's header does not describe a net")
    metadata = header.get("metadata", {})
    if not isinstance(metadata, dict) or not all(isinstance(s, str) for s in metadata.values()):
        raise ValueError("the file's other metadata are not texts")
    return Contents(header, arrays)


def _format_of(data: bytes) -> str:
    """The format of a file by its bytes; ValueError, which names what it is, for another file."""
    if _is_safetensors(data):
        return "safetensors"
    if data.startswith(kinds.ZIP):
        return "npz"
    if not data:
        raise ValueError("the file is empty: save it again")
    if trouble := kinds.refusal(data, "a net that nets has saved", _ADVICE):
        raise ValueError(trouble)
    if data.startswith(ONNX_BEGINS) or _codec("onnx").looks_like(data):
        return "onnx"
    raise ValueError(
        f"this is not an .npz, .safetensors or .onnx file, or it is damaged: {_ADVICE}"
    )


def _is_safetensors(data: bytes) -> bool:
    return data[8:9] == b"{" and not any(data[4:8])


def _codec(format: str) -> Any:
    """The module that writes and reads a format, imported on first use."""
    return import_module(f"nets_core.files.{format}")
