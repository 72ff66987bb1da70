"""What a page asks for: one ``Lab``, plain values in, plain values out.

A page (or anything else that has no NumPy of its own) sends the name of a method and keyword
arguments made of numbers, texts, lists, dicts and buffers, and gets back the same and arrays. The
lab holds the nets that were opened, MNIST as far as it has come, and the one net in training,
which is called "live".
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterator, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nets_core import checks, ops, recipes
from nets_core.activations import ACTIVATIONS
from nets_core.data import digits
from nets_core.data.datasets import Examples
from nets_core.files import container, saving
from nets_core.initializers import INITIALIZERS
from nets_core.layers import Votes
from nets_core.losses import LOSSES
from nets_core.metrics import PIXELS, check_reads_digits
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.optimizers import OPTIMIZERS, SGD
from nets_core.page import saved_runs
from nets_core.page.settings import Settings
from nets_core.study import explain, sources
from nets_core.study.curves import Curves
from nets_core.study.examination import Examination
from nets_core.study.step_trace import StepTrace
from nets_core.training import Diverged, Evaluation, Step, Trainer, Waiting, Work

if TYPE_CHECKING:
    from nets_core.kernels import Kernels  # which imports ctypes, and a first prediction needs none

NUMPY = "numpy"
LIVE = "live"
FRESH = "fresh"
"""The name under which the default recipe's net can be asked for before it has learned anything."""
PICTURES = 100
"""How many neurons' weights are sent as pictures at the most."""


class Lab:
    """Nets to predict with, one to train. Every public method may be called by name (``call``).

    Several pages may share it. What each has under way for itself, the step that it follows and its
    annexes, lies on a desk of its own; nets, data and the net in training are common to all.
    """

    def __init__(self) -> None:
        self._nets: dict[str, Network] = {}
        self._examined: dict[str, tuple[Examination, int]] = {}
        self._data: dict[str, npt.NDArray[np.uint8]] = {}
        self._available = 0
        self._desk = ""
        self._lessons: dict[str, StepTrace] = {}
        self._settings: Settings | None = None
        self._trainer: Trainer | None = None
        self._work: Iterator[Work] | None = None
        self._curves = Curves()
        self._test_accuracy: float | None = None
        self._evaluated = 0
        self._state = "idle"
        self._message = ""
        self._annexes: dict[tuple[str, str], object] = {}
        self._kernels: dict[str, Kernels] = {}
        self._computing = {"kernels": NUMPY, "reason": ""}

    def call(self, method: str, arguments: Mapping[str, Any], desk: str = "") -> dict[str, Any]:
        """``{"value": …}``, or ``{"error": {"type", "message"}}`` where the method refused.

        ``method`` is one of the lab's own, or one of an annexe's: "playground.frame". ``desk``
        names the caller where several share the lab.
        """
        annexe, _, name = method.rpartition(".")
        self._desk = desk
        if annexe in ANNEXES and (desk, annexe) not in self._annexes:
            self._annexes[desk, annexe] = ANNEXES[annexe](self)
        function = getattr(self._annexes.get((desk, annexe)) if annexe else self, name, None)
        if name.startswith("_") or method == "call" or not callable(function):
            return {"error": {"type": "TypeError", "message": f"the lab has no method {method!r}"}}
        try:
            return {"value": function(**arguments)}
        except (ValueError, TypeError, MemoryError, Diverged) as error:
            message = str(error) or "there is not enough memory for this"
            return {"error": {"type": type(error).__name__, "message": message}}

    def leave(self) -> None:
        """Clear the desk of the caller, who will not come back."""
        self._lessons.pop(self._desk, None)
        for name in ANNEXES:
            self._annexes.pop((self._desk, name), None)

    # --- what there is

    def choices(self) -> dict[str, Any]:
        """The names that settings may take, the defaults of each recipe, and the versions."""
        return {
            "names": {name: recipe.name for name, recipe in recipes.RECIPES.items()},
            "activations": [a.name for a in ACTIVATIONS.values() if not a.output_only],
            "outputs": list(ACTIVATIONS),
            "losses": list(LOSSES),
            "optimizers": list(OPTIMIZERS),
            "initializers": list(INITIALIZERS),
            "recipes": {
                name: Settings.of(recipe).plain() for name, recipe in recipes.RECIPES.items()
            },
            "recipe": recipes.DEFAULT,
            "formats": saving.FORMATS,
            "mostBytes": container.MOST_BYTES,
            "python": platform.python_version(),
            "numpy": np.__version__,
        }

    def open_model(self, model: str, data: bytes) -> dict[str, Any]:
        """Open a saved net under a name; ValueError says what is wrong with the file."""
        net = saving.loads(bytes(data))
        check_reads_digits(net)
        self._nets[model] = net
        return {"parameters": _size(net)}

    # --- how it computes

    def use_kernels(self, path: str, name: str) -> dict[str, str]:
        """Compute with the kernels in the file ``path`` from now on; returns ``computing()``.

        Where they cannot be used NumPy goes on, and ``reason`` says why. Once they are loaded the
        name alone is enough to come back to them.
        """
        from nets_core.kernels import Kernels

        try:
            if name not in self._kernels:
                self._kernels[name] = Kernels(path)
        except ValueError as error:
            return self.use_numpy(str(error))
        return self._compute(self._kernels[name], name, "")

    def use_numpy(self, reason: str = "") -> dict[str, str]:
        """Compute with NumPy from now on, for whatever reason; returns ``computing()``."""
        return self._compute(None, NUMPY, reason)

    def _compute(self, kernels: Kernels | None, name: str, reason: str) -> dict[str, str]:
        ops.use(kernels)
        self._computing = {"kernels": name, "reason": reason}
        if self._trainer is not None:
            self._trainer.set_clock_back()
        return self.computing()

    def computing(self) -> dict[str, str]:
        """``kernels``: the name of those in use, "numpy" for none; ``reason``: why none, if any."""
        return dict(self._computing)

    # --- reading a drawing

    def predict(self, model: str, **drawing: Any) -> dict[str, Any]:
        """What a net reads in a drawing.

        The drawing is ``pixels``, 784 numbers 0…1, or strokes: ``points``, all x and y in turn,
        with ``lengths``, the number of points of each stroke. With ``normalised=True`` it is
        brought to MNIST's size and place first: strokes are, unless it says False (then ``side``
        is that of the pad), pixels are not, unless it says True.
        Returns digit, probabilities (10), image (784) and milliseconds. Probabilities sum to 1.
        """
        begun = perf_counter()
        image = _image(**drawing)
        output = self._net(model).forward(image[np.newaxis])[0]
        return {
            "digit": int(output.argmax()),
            "probabilities": _probabilities(output),
            "image": image,
            "milliseconds": (perf_counter() - begun) * 1000,
        }

    def compare(self, models: list[str], **drawing: Any) -> list[dict[str, Any]]:
        """What each of these nets reads in a drawing (see ``predict``), and how long it took.

        For each net: model, digit, probabilities, milliseconds of the net alone, and votes, which
        are None where the net does not vote.
        """
        image = _image(**drawing)[np.newaxis]
        return [{"model": model, **_reading(self._net(model), image)} for model in models]

    def inside(self, model: str, **drawing: Any) -> dict[str, Any]:
        """What happens in a net that reads a drawing: its layers' activations and the evidence.

        ``layers`` as of ``explain.activations``; ``evidence`` (784) int8, for ``digit`` where it is
        positive, for ``rival``, the runner-up, where it is negative.
        """
        image = _image(**drawing)[np.newaxis]
        net = self._net(model)
        rival, digit = (int(i) for i in np.argsort(net.forward(image)[0], kind="stable")[-2:])
        found = explain.evidence(net, image.astype(net.dtype), digit, rival)
        return {
            "digit": digit,
            "rival": rival,
            "layers": explain.activations(net, image.astype(net.dtype)),
            "evidence": _signed(found[np.newaxis])[0],
        }

    # --- how good a net is

    def examine(self, model: str, milliseconds: float) -> dict[str, Any]:
        """Let a net go on reading MNIST's test images for about so long.

        Returns ``share`` (0…1) of them that it has read and the ``confusion`` so far: 100 integers,
        the label's row and the guess's column. The net in training is examined anew each time it
        has learned; the answers of the others are kept.
        """
        end = perf_counter() + milliseconds / 1000
        version = self._trainer.step if model == LIVE and self._trainer else 0
        if self._examined.get(model, (None, -1))[1] != version:
            if "test-images" not in self._data:
                raise ValueError("MNIST has not been loaded yet")
            labels = self._data["test-labels"].astype(np.intp)
            examination = Examination(self._net(model), self._data["test-images"], labels)
            self._examined[model] = examination, version
        examination = self._examined[model][0]
        while examination.share < 1:
            examination.advance()
            if perf_counter() >= end:
                break
        return {"share": examination.share, "confusion": examination.confusion().ravel()}

    def mistakes(
        self, model: str, most: int, label: int | None = None, guess: int | None = None
    ) -> dict[str, Any]:
        """The test images behind a cell of the confusion matrix, or those read most wrong.

        At most ``most`` of them, the most certain first: ``indices``, ``labels``, ``guesses``,
        ``images`` (count · 784 uint8), and how many there are in all, ``total``.
        """
        if model not in self._examined:
            raise ValueError(f"model is {model!r}, which has not been examined yet")
        examination = self._examined[model][0]
        if label is None or guess is None:
            found = examination.worst()
        else:
            found = examination.cell(label, guess)
        chosen = found[: checks.count("most", most)]
        return {
            "total": len(found),
            "indices": chosen,
            "labels": examination.labels[chosen],
            "guesses": examination.guesses[chosen],
            "images": self._data["test-images"][chosen].ravel(),
        }

    # --- one step of learning, followed

    def examples(self, name: str, count: int, seed: int) -> dict[str, Any]:
        """So many different images of MNIST's "train" or "test" that a seed picks, of those that
        have arrived: ``indices``, ``labels`` and ``images`` (count · 784 uint8)."""
        there = self._arrived(name)
        if checks.count("count", count) > there:
            raise ValueError(f"count is {count}, but {there} images are there")
        rng = np.random.default_rng(checks.count("seed", seed, least=0))
        indices = rng.choice(there, count, replace=False)
        return {
            "indices": indices,
            "labels": self._data[f"{name}-labels"][indices],
            "images": self._data[f"{name}-images"][indices].ravel(),
        }

    def trace(
        self,
        model: str,
        labels: list[int],
        rate: float,
        name: str | None = None,
        indices: list[int] | None = None,
        bug: str | None = None,
        **drawing: Any,
    ) -> dict[str, Any]:
        """One step of a net, followed, as it is or with a ``bug`` of the gallery in a copy of it:
        see ``StepTrace.plain`` and ``bugs.broken``.

        It learns from a drawing, or from the images ``indices`` of MNIST's ``name`` ("train" or
        "test"); ``labels`` has one digit for each. The net in training takes the step with its own
        optimizer, any other with SGD at ``rate``. Nothing is changed by it. Raises ValueError for a
        net that has other than dense layers and for images that have not arrived.
        """
        net = _broken(self._net(model), bug) if bug else self._net(model)
        live = model == LIVE and self._trainer is not None
        optimizer = self._trainer.optimizer if live and self._trainer else SGD(rate)
        if name is None or indices is None:
            x = _image(**drawing)[np.newaxis].astype(net.dtype)
        else:
            there = self._arrived(name)
            if not indices or any(checks.count("indices", i, least=0) >= there for i in indices):
                raise ValueError(f"indices is {indices}, expected some from 0 to {there - 1}")
            x = ops.as_floats(self._data[f"{name}-images"][indices], net.dtype)
        self._lessons[self._desk] = StepTrace(net, x, labels, optimizer)
        return self._lessons[self._desk].plain()

    def follow(
        self, layer: int, neuron: int, source: int, example: int = 0
    ) -> dict[str, float | Array]:
        """One weight through the step that was traced last: see ``StepTrace.follow``."""
        return self._followed().follow(layer, neuron, source, example)

    def check_gradient(self, entries: int) -> dict[str, Any]:
        """Finite differences for the step that was traced last: see ``StepTrace.check``."""
        return self._followed().check(checks.count("entries", entries))

    def source(self, file: str) -> str:
        """The text of a module of nets_core, as it runs."""
        return sources.text_of(file)

    def _followed(self) -> StepTrace:
        if self._desk not in self._lessons:
            raise ValueError("no step has been traced yet")
        return self._lessons[self._desk]

    # --- MNIST

    def make_room(self, counts: Mapping[str, int]) -> None:
        """Make arrays for so many train and test images: ``{"train": 60000, "test": 10000}``."""
        for name, n in counts.items():
            checks.count(f"counts[{name!r}]", n)
            self._data[f"{name}-images"] = np.zeros((n, PIXELS), np.uint8)
            self._data[f"{name}-labels"] = np.zeros(n, np.uint8)

    def room(self, name: str) -> npt.NDArray[np.uint8]:
        """The bytes of one array, "train-images" …, to be filled from outside."""
        return self._data[checks.one_of("name", name, self._data)].reshape(-1)

    def excerpt(self, name: str, rows: int) -> npt.NDArray[np.uint8]:
        """The first rows of an array as bytes, for a Python that has no MNIST of its own."""
        self._examples()
        array = self._data[checks.one_of("name", name, self._data)]
        return array[: checks.count("rows", rows)].reshape(-1)

    def _examples(self) -> tuple[Examples, Examples]:
        """What has come of MNIST: (training, test) examples; ValueError before any has."""
        if self._available == 0 or "test-images" not in self._data:
            raise ValueError("MNIST has not been loaded yet")
        images, labels = self._data["train-images"], self._data["train-labels"]
        train = Examples(images[: self._available], labels[: self._available])
        return train, Examples(self._data["test-images"], self._data["test-labels"])

    def arrived(self, images: int) -> None:
        """So many training images, from the first on, are in their room now."""
        self._available = checks.count("images", images, least=0)
        if self._trainer is not None:
            self._trainer.available = images

    def _arrived(self, name: str) -> int:
        """How many images of "train" or "test" are there."""
        if f"{checks.one_of('name', name, ('train', 'test'))}-images" not in self._data:
            raise ValueError("MNIST has not been loaded yet")
        return self._available if name == "train" else len(self._data["test-images"])

    def weight(self, neuron: int, source: int, model: str = LIVE) -> float:
        """The value that one weight of the first layer has now, counted from 0."""
        weights = self._net(model).layers[0].parameters()[0]
        for name, value, most in zip(
            ("neuron", "source"), (neuron, source), weights.shape, strict=True
        ):
            if checks.count(name, value, least=0) >= most:
                raise ValueError(f"{name} is {value}, expected 0 to {most - 1}")
        return float(weights[neuron, source])

    # --- training

    def train(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Make a new net by these settings, ready to train; returns all settings, defaults too.

        ValueError or TypeError names a setting that is unknown or not allowed; the net in training
        is then still there.
        """
        chosen = Settings.from_plain(settings)
        train, test = self._rooms()
        self._begin(chosen.trainer(train.images, train.labels, test), chosen, Curves())
        return chosen.plain()

    def _rooms(self) -> tuple[Examples, Examples]:
        """All of MNIST's (training, test) examples, of which some may not have come yet."""
        if not {"train-images", "test-images"} <= set(self._data):
            raise ValueError("MNIST has not been loaded yet")
        train, test = (
            Examples(self._data[f"{name}-images"], self._data[f"{name}-labels"])
            for name in ("train", "test")
        )
        return train, test

    def _begin(self, trainer: Trainer, settings: Settings, curves: Curves) -> None:
        """Make this run the one in training."""
        trainer.available = self._available
        self._settings, self._trainer, self._curves = settings, trainer, curves
        self._examined.pop(LIVE, None)
        self._work = trainer.work(settings.epochs - trainer.epoch)
        self._nets[LIVE] = trainer.net
        self._test_accuracy = curves.tested()
        self._evaluated = self._evaluations()
        self._state, self._message = "training", ""

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What ``train`` would make of these settings; it refuses here what it would refuse."""
        return Settings.from_plain(settings).plain()

    def adjust(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Change learningRate, l2 or batchSize of the running training; returns all settings."""
        if self._settings is None or self._trainer is None:
            raise ValueError("no net is in training: press Train first")
        self._settings = self._settings.adjusted(settings, self._trainer)
        return self._settings.plain()

    def work(self, milliseconds: float) -> str:
        """Train for about so long, at least one piece of work; returns the state afterwards."""
        end = perf_counter() + milliseconds / 1000
        while self._piece() and perf_counter() < end:
            pass
        return self._state

    def advance(self, milliseconds: float) -> dict[str, Any]:
        """``work`` for about so long; returns ``progress()``."""
        self.work(milliseconds)
        return self.progress()

    def single_step(self) -> dict[str, Any]:
        """One update of the net in training, and what the evaluation that is due says."""
        while self._piece() and not isinstance(self._latest, Step):
            pass
        return self.progress()

    def progress(self) -> dict[str, Any]:
        """Where training stands.

        ``state`` is "idle", "training", "waiting" (for data), "done" or "diverged", which
        ``message`` explains. Cost and trainAccuracy are means over the latest examples,
        testAccuracy is the latest evaluation, None before the first.
        """
        trainer = self._trainer
        if trainer is None or self._settings is None:
            state = {"state": self._state, "message": self._message}
            return state if trainer is None else state | {"parameters": _size(trainer.net)}
        cost, accuracy = self._curves.latest()
        done = trainer.epoch + trainer.position / len(trainer.x)
        return {
            "state": self._state,
            "message": self._message,
            "epoch": min(trainer.epoch + 1, self._settings.epochs),
            "epochs": self._settings.epochs,
            "share": done / self._settings.epochs,
            "step": trainer.step,
            "cost": cost,
            "trainAccuracy": accuracy,
            "testAccuracy": self._test_accuracy,
            "examplesPerSecond": trainer.examples_per_second,
            "parameters": _size(trainer.net),
            "examples": int((self._settings.epochs - done) * len(trainer.x)),
        }

    def curves(self) -> dict[str, Array]:
        """The curves so far, thinned to a few hundred points; positions are in epochs."""
        return self._curves.plain()

    def pictures(self, model: str = LIVE) -> dict[str, Any]:
        """The incoming weights of the first layer's neurons or filters, as signed pictures.

        ``values`` is (count · side · side) int8, each picture scaled by its own largest weight,
        which ``scales`` (count) holds.
        """
        weights = self._net(model).layers[0].parameters()[0][:PICTURES]
        return {
            "count": len(weights),
            "side": math.isqrt(weights.shape[1]),
            "values": _signed(weights).ravel(),
            "scales": np.abs(weights).max(axis=1),
        }

    def correct(self, label: int, model: str, **drawing: Any) -> dict[str, Any]:
        """One step of the live net on one drawing, which is a ``label``; the drawing as `predict`.

        Where no net is in training, a copy of ``model`` becomes the live one, with the blog post's
        optimizer, also in the place of another copy. Returns what the live net reads after it.
        """
        image = _image(**drawing)[np.newaxis]
        labels = checks.label_array("label", [label], 1, 10)
        if self._trainer is None or (self._settings is None and model != LIVE):
            net = self._net(model).astype(np.float32)
            optimizer = recipes.get(recipes.DEFAULT).make_optimizer()
            self._trainer = Trainer(net, optimizer, image, labels)
            self._nets[LIVE] = net
        self._examined.pop(LIVE, None)
        self._trainer.learn(image, labels)
        return self.predict(LIVE, **drawing)

    # --- files

    def save(self, format: str = "npz") -> bytes:
        """The net in training with all that its run needs, in one of ``saving.FORMATS``."""
        if self._trainer is None:
            raise ValueError("no net is in training: press Train first")
        return saved_runs.dumps(self._trainer, self._settings, self._curves, format)

    def file_name(self, format: str) -> str:
        """What the file of ``save`` is best called."""
        if self._trainer is None:
            raise ValueError("no net is in training: press Train first")
        checks.one_of("format", format, saving.FORMATS)
        name = saved_runs.title(self._trainer.net).replace(", ", "-")
        epoch = f"-epoch-{self.progress()['epoch']}" if self._settings else ""
        return f"nets-{name}{epoch}.{format}"

    def keep(self, resting: bool = False) -> dict[str, Any] | None:
        """What a page keeps of the net in training: ``data``, a file, and ``about``, what it holds.

        ``about`` are title, settings and ``progress()``. None where there is no net, of a net that
        is about to diverge, since what was kept before is then better, and in the midst of an
        evaluation, which would be lost, unless the training is ``resting``.
        """
        if self._trainer is None or (self._evaluation_due() and not resting):
            return None
        try:
            data = self.save()
        except ValueError:
            if not self._finite():
                return None
            raise
        about = {"title": saved_runs.title(self._trainer.net), **self.progress()}
        if self._settings is not None:
            about["settings"] = self._settings.plain()
        return {"data": data, "about": about}

    def inspect(self, data: bytes) -> dict[str, str]:
        """The title of the net in a file that ``reopen`` would open; ValueError says why not."""
        net = saving.loads(bytes(data))
        check_reads_digits(net)
        return {"title": saved_runs.title(net)}

    def reopen(self, data: bytes) -> dict[str, Any]:
        """Make the net in a file the one in training, as it stood; returns all settings.

        See ``saved_runs.loads``. ValueError says what is wrong with the file; the net in training
        is then still there.
        """
        kept = saved_runs.loads(bytes(data), *self._rooms())
        self._begin(kept.trainer, kept.settings, kept.curves)
        return kept.settings.plain()

    def reset(self) -> None:
        """Forget the net in training; what was loaded stays."""
        self._settings = self._trainer = self._work = None
        self._nets.pop(LIVE, None)
        self._examined.pop(LIVE, None)
        self._curves = Curves()
        self._test_accuracy = None
        self._state, self._message = "idle", ""

    _latest: Work | None = None

    def _piece(self) -> bool:
        """Do one piece of work; says whether there is more to do now."""
        if self._work is None or self._state not in ("training", "waiting"):
            return False
        try:
            piece = next(self._work, None)
        except Diverged as error:
            self._state, self._message = "diverged", str(error)
            self._examined.pop(LIVE, None)  # the net is an earlier one
            return False
        self._latest = piece
        if piece is None:
            self._state = "done"
            return False
        self._state = "training"
        if isinstance(piece, Step):
            self._curves.add_step(self._position(), piece.cost, piece.accuracy)
        elif isinstance(piece, Waiting):
            self._state = "waiting"
        elif isinstance(piece, Evaluation):
            self._test_accuracy = piece.accuracy
            self._evaluated = self._evaluations()
            self._curves.add_evaluation(self._position(), piece.cost, piece.accuracy)
        return self._state == "training"

    def _evaluations(self) -> int:
        """How many evaluations a run that stands here has had, if none is due."""
        trainer = self._trainer
        assert trainer is not None
        begun = trainer.evaluations * trainer.position // len(trainer.x)
        return trainer.evaluations * trainer.epoch + begun

    def _evaluation_due(self) -> bool:
        return self._settings is not None and self._evaluations() > self._evaluated

    def _finite(self) -> bool:
        assert self._trainer is not None
        memory = self._trainer.optimizer.state.values()
        arrays = [*self._trainer.net.parameters(), *(a for state in memory for a in state)]
        return all(np.isfinite(array).all() for array in arrays)

    def _position(self) -> float:
        assert self._trainer is not None
        return self._trainer.epoch + self._trainer.position / len(self._trainer.x)

    def _net(self, model: str) -> Network:
        if model == FRESH and FRESH not in self._nets:
            self._nets[FRESH] = recipes.get(recipes.DEFAULT).network()
        if model == LIVE and LIVE not in self._nets:
            raise ValueError("model is 'live', but no net is in training")
        return self._nets[checks.one_of("model", model, self._nets)]


def _broken(net: Network, bug: str) -> Network:
    from nets_core.page import bugs

    return bugs.broken(net, bug)


def _playground(lab: Lab) -> object:
    from nets_core.playground.playground import Playground

    return Playground()


def _workshop(lab: Lab) -> object:
    from nets_core.page.workshop import Workshop

    return Workshop(lab._examples)


ANNEXES: dict[str, Callable[[Lab], object]] = {"playground": _playground, "workshop": _workshop}
"""What the page asks for by "annexe.method", by name: each is made when it is first asked for, so
that what the first prediction does not need is not even imported before."""


def _image(
    pixels: npt.ArrayLike | None = None,
    points: npt.ArrayLike | None = None,
    lengths: npt.ArrayLike | None = None,
    normalised: bool | None = None,
    side: float | None = None,
) -> npt.NDArray[np.float32]:
    """The 784 pixels of a drawing that came as pixels or as strokes."""
    if pixels is not None:
        image = _numbers("pixels", pixels)
        if image.size != PIXELS:
            raise ValueError(f"pixels has {image.size} numbers, expected 784")
        if not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
            raise ValueError("pixels holds numbers outside 0…1")
        if normalised:
            return digits.normalize(image.reshape(28, 28)).ravel()
        return image.astype(np.float32)
    if points is None or lengths is None:
        raise TypeError("there is no drawing: give pixels, or points and lengths")
    flat, counts = _numbers("points", points), _numbers("lengths", lengths)
    if 2 * counts.sum() != flat.size or (counts < 0).any() or (counts % 1).any():
        raise ValueError(
            f"lengths has {len(counts)} numbers that sum to {counts.sum():g}, expected those of "
            f"points in each stroke, which has {flat.size} coordinates"
        )
    strokes = np.split(flat.reshape(-1, 2), np.cumsum(counts.astype(np.intp))[:-1])
    if normalised is False:
        return digits.rasterize_unnormalised(strokes, checks.positive("side", side)).ravel()
    return digits.rasterize(strokes).ravel()


def _numbers(name: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(values, np.float64).ravel()
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} is a {type(values).__name__}, expected a list of numbers"
        ) from None


def _size(net: Network) -> int:
    """How many parameters a net has."""
    return sum(p.size for p in net.parameters())


def _reading(net: Network, image: Array) -> dict[str, Any]:
    """A net's answer and its time: the mean of as many readings as the clock needs to see one."""
    begun, times = perf_counter(), 0
    while times == 0 or (times < 20 and perf_counter() - begun < 0.0005):
        output = net.forward(image)[0]
        times += 1
    return {
        "digit": int(output.argmax()),
        "probabilities": _probabilities(output),
        "milliseconds": (perf_counter() - begun) * 1000 / times,
        "votes": np.rint(output) if isinstance(net.layers[-1], Votes) else None,
    }


def _signed(rows: Array) -> npt.NDArray[np.int8]:
    """Each row scaled so that its largest magnitude is 127."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return np.rint(rows * (127 / np.where(largest > 1e-30, largest, 1))).astype(np.int8)


def _probabilities(output: Array) -> Array:
    """The outputs as shares of their sum: softmax outputs as they are, ten sigmoids made to fit."""
    if not np.isfinite(output).all():
        raise ValueError("the net answers with NaN or infinity: it is about to diverge")
    output = np.maximum(output, 0)
    total = output.sum()
    if total == 0:
        return np.full_like(output, 1 / output.size)
    return output / total
