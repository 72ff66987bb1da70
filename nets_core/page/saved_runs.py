"""Files of training runs, with the page's settings and curves in their notes.

A file may come from anyone: a run that a page saved, a run that Python saved without such notes, or
a net without a run.
"""

from __future__ import annotations

from dataclasses import dataclass

from nets_core import recipes
from nets_core.data.augment import Distortion
from nets_core.data.datasets import Examples
from nets_core.files import saving
from nets_core.files.container import what
from nets_core.layers import Dense
from nets_core.metrics import check_reads_digits
from nets_core.network import Network
from nets_core.page.names import from_page, to_page
from nets_core.page.settings import EVALUATIONS, Settings
from nets_core.study.curves import Curves
from nets_core.training import Trainer


@dataclass(frozen=True)
class SavedRun:
    """A run, its settings and its curves. The run ends after ``settings.epochs``."""

    trainer: Trainer
    settings: Settings
    curves: Curves


def dumps(trainer: Trainer, settings: Settings | None, curves: Curves, format: str) -> bytes:
    """The bytes of a run, or without settings of the net alone. Raises as ``saving.dumps``."""
    if settings is None:
        return saving.dumps(trainer.net, format=format)
    notes = {"settings": to_page(settings.plain()), "curves": curves.describe()}
    return saving.dumps(trainer, recipe=settings.recipe, format=format, notes=notes)


def loads(data: bytes, train: Examples, test: Examples) -> SavedRun:
    """The run in a file, which continues as if it had never stopped.

    A net alone, or one that learned from other examples, begins a new run. A run that was complete
    gets as many epochs again. Raises ValueError that says what is wrong with the file.
    """
    header, net = saving.header_of(data), saving.loads(data)
    check_reads_digits(net)
    run = header.get("training")
    try:
        if not isinstance(run, dict) or run["examples"] != len(train.images):
            return _new_run(net, str(header["recipe"]), train, test)
        described = run["augmentation"]
        augment = Distortion(**described) if described else None
        trainer = saving.resume(data, train.images, train.labels, test, augment)
        notes = header.get("notes") or {}
        if "settings" in notes:
            settings = Settings.from_plain(from_page(notes["settings"]))
        else:
            settings = _nearest(trainer, str(header["recipe"]))
        settings = settings.of_run(trainer)
        curves = Curves.from_description(notes["curves"]) if "curves" in notes else Curves()
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"what the file says of its training is damaged: {what(error)}") from None
    return SavedRun(trainer, settings, curves)


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
