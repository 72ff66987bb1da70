"""Files of training runs, with the page's settings and curves in their notes.

A file may come from anyone: a run that a page saved, a run that Python saved without such notes, or
a net without a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from nets_core import checks, recipes
from nets_core.data.augment import Distortion
from nets_core.data.datasets import Examples
from nets_core.files import saving
from nets_core.files.container import entry, lookup, what
from nets_core.layers import Dense
from nets_core.metrics import check_reads_digits
from nets_core.network import Network
from nets_core.page.names import from_page, to_page
from nets_core.page.settings import EVALUATIONS, Settings
from nets_core.study.curves import Curves
from nets_core.training import Trainer


@dataclass(frozen=True)
class SavedRun:
    """A run, its settings and its curves. The run ends after ``settings.epochs``.

    ``metadata`` are other programs' texts in its file; ``remark`` says why a run in the file cannot
    go on, "" if it can or there was none.
    """

    trainer: Trainer
    settings: Settings
    curves: Curves
    metadata: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""


def dumps(
    trainer: Trainer,
    settings: Settings | None,
    curves: Curves,
    format: str,
    metadata: Mapping[str, str],
) -> bytes:
    """The bytes of a run, or without settings of the net alone. Raises as ``saving.dumps``."""
    if settings is None:
        return saving.dumps(trainer.net, format=format)
    notes = {"settings": to_page(settings.plain()), "curves": curves.describe()}
    return saving.dumps(
        trainer, recipe=settings.recipe, format=format, notes=notes, metadata=metadata
    )


def loads(data: bytes, train: Examples, test: Examples) -> SavedRun:
    """The run in a file, which continues as if it had never stopped.

    A net alone, or one that learned from other examples or whose optimizer's memory is missing,
    begins a new run. A run that was complete gets as many epochs again. Raises ValueError that says
    what is wrong with the file.
    """
    header, net = saving.header_of(data), saving.loads(data)
    check_reads_digits(net)
    recipe, metadata = str(header["recipe"]), header.get("metadata", {})
    if "training" not in header:
        return replace(_new_run(net, recipe, train, test), metadata=metadata)
    with _damage_told():
        examples = checks.count("examples", lookup(header["training"], "examples"))
    if examples != len(train.images):
        remark = f"it learned from {examples:,} other examples, so its training begins anew"
        return replace(_new_run(net, recipe, train, test), metadata=metadata, remark=remark)
    with _damage_told():
        described = lookup(header["training"], "augmentation")
        augment = Distortion.of(described) if described else None
    try:
        trainer = saving.resume(data, train.images, train.labels, test, augment)
    except saving.NoRun:
        remark = "the file lacks what its optimizer remembers, so its training begins anew"
        return replace(_new_run(net, recipe, train, test), metadata=metadata, remark=remark)
    with _damage_told():
        settings, curves = _notes(header.get("notes", {}), trainer, recipe)
    return SavedRun(trainer, settings, curves, metadata)


@contextmanager
def _damage_told() -> Iterator[None]:
    """Say of an error that it is in what the file says of its training."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ValueError(f"what the file says of its training is damaged: {what(error)}") from None


def _notes(notes: Any, trainer: Trainer, recipe: str) -> tuple[Settings, Curves]:
    """The settings and curves in a file's notes; as near as they can be told where it has none."""
    if not isinstance(notes, dict):
        raise ValueError(f"notes is {checks.quoted(notes)}, expected an object")
    settings, curves = _nearest(trainer, recipe), Curves()
    if "settings" in notes:
        settings = Settings.from_plain(from_page(entry(notes, "settings", dict)))
    if "curves" in notes:
        curves = Curves.from_description(entry(notes, "curves", dict))
    return settings.of_run(trainer), curves


def title(net: Network) -> str:
    """A short title: "784-30-10", or "convolutional, 128-10" for a net that begins with filters."""
    sizes = [layer.outputs for layer in net.layers if isinstance(layer, Dense)]
    kinds = {layer.kind for layer in net.layers}
    if "conv2d" in kinds:
        return f"convolutional, {'-'.join(map(str, sizes))}"
    return "-".join(map(str, [net.inputs, *sizes]))


def _new_run(net: Network, recipe: str, train: Examples, test: Examples) -> SavedRun:
    """A new run of this net with the recipe's optimizer and mini-batches."""
    made = recipes.get(recipe if recipe in recipes.RECIPES else recipes.DEFAULT)
    trainer = Trainer(
        net,
        made.make_optimizer(),
        train.images,
        train.labels,
        batch_size=made.batch_size,
        l2=made.l2,
        test=test,
        evaluations=EVALUATIONS,
    )
    return SavedRun(trainer, _nearest(trainer, recipe).of_run(trainer), Curves())


def _nearest(trainer: Trainer, recipe: str) -> Settings:
    """The settings that are closest to a run without notes."""
    kinds = [layer.kind for layer in trainer.net.layers]
    if recipe not in recipes.RECIPES:
        alike = [
            name
            for name, made in recipes.RECIPES.items()
            if {layer["type"] for layer in made.layers} == set(kinds)
        ]
        recipe = alike[0] if len(alike) == 1 else recipes.DEFAULT
    hidden = [layer for layer in trainer.net.layers[:-1] if isinstance(layer, Dense)]
    activation = trainer.net.layers[0].activation.name
    shape = {
        "hidden": [layer.outputs for layer in hidden],
        "activation": activation,
        "output": trainer.net.layers[-1].activation.name,
        "loss": trainer.net.loss.name,
        "initializer": trainer.net.initializer,
        "seed": trainer.net.seed,
    }
    try:
        return Settings.from_plain({"recipe": recipe, **shape})
    except ValueError:  # no settings make such a net
        return Settings.from_plain({"recipe": recipe})
