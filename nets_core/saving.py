"""Nets and training runs as one ``.npz`` file, without pickle.

The file is a zip of NumPy arrays: ``header`` (JSON as uint8), the parameters as ``p0``, ``p1``, …
and, for a training run, what the optimizer remembers as ``velocity0`` …, ``mean0`` …. Parameters
may be stored smaller than they are used: "float16", or "int8", where large arrays have one scale
for each output (``s0``, ``s1``, …: the value is integer × scale) and small ones are float16.

A file may come from anyone. Nothing in it is believed: sizes are limited before anything is read,
each array's shape is compared with its bytes and with the layers that the header describes.
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
import zlib
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from nets_core import checks
from nets_core.layers import Dropout, make_layer
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import OPTIMIZERS
from nets_core.training import Augmentation, Epoch, Trainer

VERSION = 2
OPENED = (1, VERSION)
"""The versions that are read. Version 1 had no ``l1``, which was 0."""
MOST_BYTES = 64 * 2**20
"""The largest file, and the largest sum of its arrays, that is read."""
MOST_HEADER = 2**20
MOST_ARRAYS = 400
MOST_LAYERS = 200
MOST_NESTED = 20
"""How deep a header is nested at the most: Python dies in the tab of what makes it recurse deep."""
LARGE = 20_000
"""From so many entries on, "int8" stores an array as integers: small ones weigh little, and the
few weights of a convolution have a part in every pixel."""
STORAGES = ("exact", "float16", "int8")
_ITEM_SIZES = {"<f4": 4, "<f8": 8, "<f2": 2, "|i1": 1, "|u1": 1}
_ARRAY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(?s:..)\{'descr': '([^']{1,20})', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9, ]{0,40})\), \} *\n"
)
"""How NumPy begins an array in version 1.0 of its format: type, order and shape. NumPy's own reader
evaluates what stands there, whatever it is."""


def dumps(net_or_trainer: Network | Trainer, storage: str = "exact", recipe: str = "") -> bytes:
    """The bytes of a net, or of a training run with optimizer, generators and history.

    ``storage`` is "exact", "float16" or "int8" (for nets alone); ``recipe`` is the name of the
    recipe that made the net. The same net gives the same bytes. Raises TypeError for another
    object, ValueError for another storage and for parameters that are not finite.
    """
    checks.one_of("storage", storage, STORAGES)
    if isinstance(net_or_trainer, Trainer):
        trainer, net = net_or_trainer, net_or_trainer.net
        if storage != "exact":
            raise ValueError(f"storage is {storage!r}, expected 'exact' for a training run")
    elif isinstance(net_or_trainer, Network):
        trainer, net = None, net_or_trainer
    else:
        raise TypeError(f"expected a Network or a Trainer, not a {type(net_or_trainer).__name__}")
    header: dict[str, Any] = {
        "format": "nets",
        "version": VERSION,
        "storage": storage,
        "recipe": recipe,
        "net": net.describe(),
    }
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
    text = json.dumps(header, sort_keys=True).encode()
    arrays = {"header": np.frombuffer(text, np.uint8), **arrays}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    return file.getvalue()


def loads(data: bytes) -> Network:
    """The net in a file (of a training run: its net), in the dtype that it had.

    Raises ValueError, saying what is wrong, for anything that ``dumps`` did not write.
    """
    header, arrays = _read(data)
    return _load_net(header, arrays)


def recipe_of(data: bytes) -> str:
    """The name of the recipe that the file names, "" for none; ValueError as ``loads``."""
    return str(_read(data)[0]["recipe"])


def resume(
    data: bytes,
    x: npt.ArrayLike,
    labels: npt.ArrayLike,
    test: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    augment: Augmentation | None = None,
) -> Trainer:
    """The training run in a file, on the same examples: its next step is the one it would have had.

    ``x`` (examples, inputs) and ``labels`` (examples,) as for ``Trainer``. Raises ValueError for a
    file that holds no training run, or one of another number of examples, and as ``loads`` does.
    """
    header, arrays = _read(data)
    if "training" not in header:
        raise ValueError("the file holds a net but no training run: open it with saving.loads")
    net = _load_net(header, arrays)
    try:
        return _load_run(header["training"], arrays, net, x, labels, test, augment)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"the file's training run is damaged: {_what(error)}") from None


def _stored(index: int, p: Array, storage: str) -> dict[str, Array]:
    """Parameter ``index`` as the arrays that stand for it in a file."""
    if storage == "exact":
        return {f"p{index}": p}
    if storage == "float16" or p.ndim == 1 or p.size < LARGE:
        with np.errstate(over="ignore"):
            small = p.astype(np.float16)
        if not np.isfinite(small).all():
            raise ValueError(f"parameter {index} is too large for float16: store it exactly")
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
    run: dict[str, Any],
    arrays: dict[str, Array],
    net: Network,
    x: npt.ArrayLike,
    labels: npt.ArrayLike,
    test: tuple[npt.ArrayLike, npt.ArrayLike] | None,
    augment: Augmentation | None,
) -> Trainer:
    optimizer = OPTIMIZERS[checks.one_of("optimizer", run["optimizer"], OPTIMIZERS)](
        **run["settings"]
    )
    trainer = Trainer(
        net,
        optimizer,
        x,
        labels,
        batch_size=run["batch_size"],
        l2=run["l2"],
        seed=run["seed"],
        test=test,
        evaluations=run["evaluations"],
        augment=augment,
        l1=run.get("l1", 0.0),
    )
    if run["examples"] != len(trainer.x):
        raise ValueError(
            f"the run was trained on {run['examples']} examples, but x has {len(trainer.x)}"
        )
    settings = augment.settings() if augment else None
    if run["augmentation"] != settings:
        raise ValueError(
            f"the run was trained with augmentation {run['augmentation']}, not {settings}"
        )
    optimizer.steps = checks.count("optimizer_steps", run["optimizer_steps"], least=0)
    parameters = net.parameters()
    remembered = set(optimizer.memory if optimizer.steps else ())
    if set(run["state"]) != remembered:
        raise ValueError(f"the file does not hold what {optimizer.name} remembers: {remembered}")
    for name, length in run["state"].items():
        if length != len(parameters):
            raise ValueError(f"the optimizer's {name} has {length} arrays, not {len(parameters)}")
        optimizer.state[name] = [
            _expect(arrays, f"{name}{i}", p.shape, p.dtype).copy()  # what was read is read-only
            for i, p in enumerate(parameters)
        ]
    trainer.epoch = checks.count("epoch", run["epoch"], least=0)
    trainer.step = checks.count("step", run["step"], least=0)
    trainer.position = checks.count("position", run["position"], least=0)
    if trainer.position > len(trainer.x):
        raise ValueError(f"position is {trainer.position}, expected at most {len(trainer.x)}")
    cost, right, seconds = run["sums"]
    scored = trainer.labels.ndim == 1
    trainer.sums = [
        checks.number("sums", cost),
        _score("sums", right, scored),
        checks.number("sums", seconds),
    ]
    trainer.history = [_epoch(scored, **epoch) for epoch in run["history"]]
    if len(trainer.history) != trainer.epoch:
        raise ValueError(f"history has {len(trainer.history)} epochs, expected {trainer.epoch}")
    dropouts = [layer for layer in net.layers if isinstance(layer, Dropout)]
    for layer, state in zip(dropouts, run["generators"], strict=True):
        layer.rng.bit_generator.state = state
    return trainer


def _epoch(scored: bool, cost: Any, accuracy: Any, test_accuracy: Any, seconds: Any) -> Epoch:
    return Epoch(
        checks.number("cost", cost),
        _score("accuracy", accuracy, scored),
        None if test_accuracy is None else _score("test_accuracy", test_accuracy, scored),
        checks.number("seconds", seconds),
    )


def _or_none(value: float | None) -> float | None:
    """JSON has no NaN, which is the accuracy where nothing is right or wrong."""
    return None if value is None or math.isnan(value) else value


def _score(name: str, value: Any, scored: bool) -> float:
    return checks.number(name, value) if scored else math.nan


def _load_net(header: dict[str, Any], arrays: dict[str, Array]) -> Network:
    description = header["net"]
    try:
        _compare_sizes(description, arrays)
        net = Network.from_description(description, drawn=False)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"the file's header does not describe a net: {_what(error)}") from None
    parameters = net.parameters()
    if f"p{len(parameters)}" in arrays:
        raise ValueError(f"the file holds more arrays than the {len(parameters)} its layers need")
    for i, p in enumerate(parameters):
        with np.errstate(over="ignore"):
            if f"s{i}" in arrays:
                scale = _expect(arrays, f"s{i}", p.shape[:-1], np.dtype(np.float32))
                values = _expect(arrays, f"p{i}", p.shape, np.dtype(np.int8)).astype(net.dtype)
                values *= scale[:, np.newaxis]
            else:
                values = _expect(arrays, f"p{i}", p.shape, None).astype(net.dtype)
        if not np.isfinite(values).all():
            raise ValueError(f"the file's array 'p{i}' holds numbers too large for {net.dtype}")
        np.copyto(p, values)
    return net


def _compare_sizes(description: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Refuse a header that the file's arrays do not bear out, before a net is made of it."""
    shape = tuple(checks.count("input_shape", n) for n in description["input_shape"])
    if math.prod(shape) > MOST_BYTES:
        raise ValueError(f"the file describes inputs of shape {shape}")
    checks.one_of("dtype", description["dtype"], ("float32", "float64"))
    if len(description["layers"]) > MOST_LAYERS:
        raise ValueError(f"the file describes more than {MOST_LAYERS} layers")
    shapes = []
    for spec in description["layers"]:
        layer = make_layer(spec)
        layer.connect(shape)
        shapes += layer.parameter_shapes()
        shape = layer.output_shape
    if 8 * sum(math.prod(expected) for expected in shapes) > MOST_BYTES:
        raise ValueError(f"the file describes a net of more than {MOST_BYTES // 8} parameters")
    for i, expected in enumerate(shapes):
        _expect(arrays, f"p{i}", expected, arrays[f"p{i}"].dtype if f"p{i}" in arrays else None)


def _expect(
    arrays: dict[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype[Any] | None
) -> Array:
    """The array of this name, if it is what the header makes expected."""
    if name not in arrays:
        raise ValueError(f"the file lacks the array {name!r} that its layers need")
    array = arrays[name]
    if array.shape != shape:
        raise ValueError(f"the file's array {name!r} has shape {array.shape}, expected {shape}")
    if (dtype is not None and array.dtype != dtype) or (dtype is None and array.dtype.kind != "f"):
        expected = "floats" if dtype is None else dtype
        raise ValueError(f"the file's array {name!r} has dtype {array.dtype}, expected {expected}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"the file's array {name!r} holds NaN or infinity")
    return array


def _read(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Header and arrays of a file, each array no larger than its bytes."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"data is a {type(data).__name__}, expected bytes")
    if len(data) > MOST_BYTES:
        raise ValueError(f"the file has {len(data)} bytes, expected at most {MOST_BYTES}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        OverflowError,
        UnicodeError,
    ) as error:
        raise ValueError(f"this is not an .npz file, or it is damaged: {_what(error)}") from None
    if "header" not in members:
        raise ValueError("this .npz file was not written by nets: it has no header")
    arrays = {name: _parse(name, content) for name, content in members.items()}
    raw = arrays.pop("header")
    if raw.dtype != np.uint8 or raw.ndim != 1 or raw.size > MOST_HEADER:
        raise ValueError("the file's header is not a text")
    try:
        text = raw.tobytes()
        if _nesting(text) > MOST_NESTED:
            raise ValueError("it is nested too deep")
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the file's header is not JSON: {_what(error)}") from None
    if not isinstance(header, dict) or header.get("format") != "nets":
        raise ValueError("this .npz file was not written by nets")
    if type(header.get("version")) is not int or header["version"] not in OPENED:
        raise ValueError(
            f"the file has format version {header.get('version')!r}, expected {VERSION}: "
            "a newer nets_core may read it"
        )
    checks.one_of("storage", header.get("storage"), STORAGES)
    if not isinstance(header.get("net"), dict) or not isinstance(header.get("recipe"), str):
        raise ValueError("the file's header does not describe a net")
    return header, arrays


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = archive.infolist()
    if len(infos) > MOST_ARRAYS:
        raise ValueError(f"the file has {len(infos)} arrays, expected at most {MOST_ARRAYS}")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise ValueError(f"the file unpacks to more than {MOST_BYTES} bytes")
    members: dict[str, bytes] = {}
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if name in members or info.filename == name:
            raise ValueError(f"the file has an unexpected member {info.filename!r}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"the file's member {info.filename!r} is packed in an unknown way")
        with archive.open(info) as member:
            members[name] = member.read(info.file_size + 1)
    return members


def _parse(name: str, content: bytes) -> Array:
    """One .npy member: its header is believed only as far as its bytes go."""
    found = _ARRAY_HEADER.match(content)
    if found is None:
        raise ValueError(f"the file's array {name!r} does not begin as NumPy writes arrays")
    descr, fortran, lengths = (group.decode("latin1") for group in found.groups())
    if descr not in _ITEM_SIZES or fortran == "True":
        order = " in Fortran order" if fortran == "True" else ""
        raise ValueError(f"the file's array {name!r} has dtype {descr!r}{order}: not allowed")
    shape = tuple(int(n) for n in re.findall("[0-9]+", lengths))
    body = content[found.end() :]
    if 0 in shape or math.prod(shape) * _ITEM_SIZES[descr] != len(body):
        raise ValueError(
            f"the file's array {name!r} says it has shape {shape}, but has {len(body)} bytes"
        )
    return np.frombuffer(body, descr).reshape(shape)


def _nesting(text: bytes) -> int:
    """How many brackets of a JSON text are open at once, those in strings left out."""
    bare = np.frombuffer(re.sub(rb'"(?:[^"\\]|\\.)*"', b"", text), np.uint8)
    opened = np.isin(bare, np.frombuffer(b"[{", np.uint8)).astype(np.int32)
    closed = np.isin(bare, np.frombuffer(b"]}", np.uint8)).astype(np.int32)
    return int(np.cumsum(opened - closed).max(initial=0))


def _what(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
