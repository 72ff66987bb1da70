"""A training run as a page keeps it: its file, with the page's settings and curves noted beside it.

What is kept may be opened by anyone and may come from anyone: a run that a page saved, one that
Python saved without such notes, or a net that has no run yet.
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
from nets_core.page.settings import EVALUATIONS, Settings
from nets_core.study.curves import Curves
from nets_core.training import Trainer


@dataclass(frozen=True)
class Kept:
    """A run with what its page shows. ``settings.epochs`` is where the run is to end."""

    trainer: Trainer
    settings: Settings
    curves: Curves


def dumps(trainer: Trainer, settings: Settings | None, curves: Curves, format: str) -> bytes:
    """The bytes of a run; without settings there is none, only a net. Raises as ``saving``."""
    if settings is None:
        return saving.dumps(trainer.net, format=format)
    notes = {"settings": settings.plain(), "curves": curves.describe()}
    return saving.dumps(trainer, recipe=settings.recipe, format=format, notes=notes)


def loads(data: bytes, train: Examples, test: Examples) -> Kept:
    """The run in a file, as it stood; its next step is the one it would have had.

    A net alone, or one that learned from other examples, begins a run of its own. A run that was
    over has as many epochs again before it. Raises ValueError, saying what is wrong with the file.
    """
    header, net = saving.header_of(data), saving.loads(data)
    check_reads_digits(net)
    run = header.get("training")
    try:
        if not isinstance(run, dict) or run["examples"] != len(train.images):
            return _begun(net, str(header["recipe"]), train, test)
        described = run["augmentation"]
        augment = Distortion(**described) if described else None
        trainer = saving.resume(data, train.images, train.labels, test, augment)
        notes = header.get("notes") or {}
        if "settings" in notes:
            settings = Settings.from_plain(notes["settings"])
        else:
            settings = _nearest(trainer, str(header["recipe"]))
        settings = settings.of_run(trainer)
        curves = Curves.from_description(notes["curves"]) if "curves" in notes else Curves()
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"what the file says of its training is damaged: {what(error)}") from None
    return Kept(trainer, settings, curves)


def title(net: Network) -> str:
    """A net in a few signs: "784-30-10"; what comes before its dense layers by its name."""
    sizes = [layer.outputs for layer in net.layers if isinstance(layer, Dense)]
    kinds = {layer.kind for layer in net.layers}
    if "conv2d" in kinds:
        return f"convolutional, {'-'.join(map(str, sizes))}"
    return "-".join(map(str, [net.inputs, *sizes]))


def _begun(net: Network, recipe: str, train: Examples, test: Examples) -> Kept:
    """A run that begins with this net, by the recipe's optimizer."""
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
    return Kept(trainer, _nearest(trainer, recipe).of_run(trainer), Curves())


def _nearest(trainer: Trainer, recipe: str) -> Settings:
    """The settings of a page that come nearest to a run which knows of none."""
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
    except ValueError:  # a net that no settings make
        return Settings.from_plain({"recipe": recipe})
