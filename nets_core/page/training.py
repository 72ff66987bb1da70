"""The service "training": the training run of the live net."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from nets_core import checks, recipes
from nets_core.activations import ACTIVATIONS
from nets_core.files import container, saving
from nets_core.initializers import INITIALIZERS
from nets_core.losses import LOSSES
from nets_core.ops import Array
from nets_core.optimizers import OPTIMIZERS
from nets_core.page import pictures
from nets_core.page.live import LiveNet
from nets_core.page.mnist import MnistData
from nets_core.page.models import LIVE, Models
from nets_core.page.reading import Reading
from nets_core.page.settings import Settings
from nets_core.study.curves import Curves
from nets_core.study.session import TrainingSession
from nets_core.training import Trainer

NO_NET = "no net is in training: press Train first"


class Training:
    """Makes a net, trains it in short turns, and reports its progress."""

    def __init__(self, live: LiveNet, models: Models, mnist: MnistData, reading: Reading) -> None:
        self._live = live
        self._models = models
        self._mnist = mnist
        self._reading = reading

    def choices(self) -> dict[str, Any]:
        """The allowed values of settings, the defaults of each recipe, and the versions."""
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
            "most_bytes": container.MOST_BYTES,
            "python": platform.python_version(),
            "numpy": np.__version__,
        }

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """All settings that ``train`` would use; raises as ``train``, but makes no net."""
        return Settings.from_plain(settings).plain()

    def train(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Make a new net with these settings, ready to train.

        Returns all ``settings``, including the defaults, and ``progress``. ValueError or TypeError
        names a setting that is unknown or not allowed; the net in training then stays.
        """
        chosen = Settings.from_plain(settings)
        train, test = self._mnist.allocated
        self._live.begin(chosen.trainer(train.images, train.labels, test), chosen, Curves())
        return {"settings": chosen.plain(), "progress": self.progress()}

    def adjust(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Change learning_rate, l2 or batch_size of the running training; returns all settings."""
        if self._live.settings is None or self._live.trainer is None:
            raise ValueError(NO_NET)
        self._live.settings = self._live.settings.adjusted(settings, self._live.trainer)
        return self._live.settings.plain()

    def work(self, milliseconds: float) -> str:
        """Train for about this long, at least one piece of work; returns the state afterwards."""
        time = checks.number("milliseconds", milliseconds)
        session = self._session()
        if session is None:
            return "idle"
        session.advance(time)
        return session.state

    def step(self) -> dict[str, Any]:
        """Make one update, after an evaluation if one is due; returns ``progress``."""
        session = self._session()
        if session is not None:
            session.step()
        return self.progress()

    def progress(self) -> dict[str, Any]:
        """The progress of the training: see ``LiveNet.progress``."""
        return self._live.progress()

    def curves(self) -> dict[str, Array]:
        """The curves so far, a few hundred points each: see ``Curves.plain``."""
        return (self._live.session.curves if self._live.session else Curves()).plain()

    def correct(self, label: int, model: str, **drawing: Any) -> dict[str, Any]:
        """One step of the live net on one drawing of the digit ``label``.

        If no net is in training, a copy of ``model`` becomes the live one, with the blog post's
        optimizer; it replaces any earlier copy. Returns what the live net then reads in the
        drawing, as ``Reading.predict``. Raises Diverged if the step makes the cost infinite.
        """
        image = pictures.image(**drawing)[np.newaxis]
        labels = checks.label_array("label", [label], 1, 10)
        trainer = self._live.trainer
        if trainer is None or (self._live.session is None and model != LIVE):
            net = self._models[model].astype(np.float32)
            trainer = Trainer(net, recipes.get(recipes.DEFAULT).make_optimizer(), image, labels)
            self._live.adopt(trainer)
        self._live.mark_changed()
        trainer.learn(image, labels)
        return self._reading.predict(LIVE, **drawing)

    def reset(self) -> None:
        """Forget the net in training; MNIST and the opened nets stay."""
        self._live.forget()

    def _session(self) -> TrainingSession | None:
        """The current session, which may use all images that have arrived."""
        session = self._live.session
        if session is not None:
            session.trainer.available = self._mnist.available
        return session
