"""Train the nets that the site ships, from scratch, and write them with their accuracies.

    python3 scripts/train_models.py [ID …]

Each recipe of ``nets_core.recipes`` (or those named) is trained on MNIST's 60,000 images and stored
in few bits; the stored net is read back and evaluated on MNIST's 10,000 test images. The page
starts with the first net in ``models.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from typing import Any

from building import environment

environment.enter("build")
sys.path.insert(0, str(environment.ROOT))

from building import mnist_shards
from building.parts import Parts
from nets_core import metrics, recipes
from nets_core.files import saving
from nets_core.network import Network
from nets_core.ops import Array
from nets_core.training import Evaluation, Step

MODELS = environment.ROOT / "site" / "models"


def main() -> None:
    """Train the nets that the command line names, by default all."""
    parser = argparse.ArgumentParser(description="Train the nets that the site ships.")
    parser.add_argument("ids", nargs="*", metavar="ID")
    ids = parser.parse_args().ids or [*recipes.RECIPES, *recipes.SOLVED]
    images, labels, test_images, test_labels = mnist_shards.mnist(Parts())
    known = {model["id"]: model for model in _index()}
    for name in ids:
        begun = time.monotonic()
        if name in recipes.SOLVED:
            recipe: Any = recipes.SOLVED[name]
            net = recipe.solve(images, labels)
        else:
            recipe = recipes.get(name)
            net = _train(recipe, images, labels, (test_images, test_labels))
        known[name] = _store(net, recipe, test_images, test_labels)
        environment.say(
            f"{name}: {known[name]['bytes']:,} bytes, as stored "
            f"{known[name]['mnist_test_accuracy']:.2%} of MNIST's test images, "
            f"{time.monotonic() - begun:.0f} s"
        )
        _write_index([known[id_] for id_ in [*recipes.RECIPES, *recipes.SOLVED] if id_ in known])


def _train(
    recipe: recipes.Recipe, images: Array, labels: Array, test: tuple[Array, Array]
) -> Network:
    trainer = recipe.trainer(images, labels, test)
    reported = time.monotonic()
    for piece in recipe.learn(trainer):
        if isinstance(piece, Step) and time.monotonic() - reported > 10:
            reported = time.monotonic()
            share = trainer.position / len(trainer.x)
            environment.say(
                f"{recipe.id}: epoch {piece.epoch} of {recipe.epochs}, {share:.0%} of it, "
                f"{piece.examples_per_second:,.0f} examples a second"
            )
        elif isinstance(piece, Evaluation):
            environment.say(f"{recipe.id}: epoch {piece.epoch}, test accuracy {piece.accuracy:.2%}")
    return trainer.net


def _store(net: Network, recipe: Any, images: Array, labels: Array) -> dict[str, Any]:
    """Write the net's file, read it back, and describe the net in it for ``models.json``."""
    data = saving.dumps(net, storage=recipe.storage, recipe=recipe.id)
    MODELS.mkdir(parents=True, exist_ok=True)
    path = MODELS / f"{recipe.id}.npz"
    path.write_bytes(data)
    stored = saving.loads(data)
    return {
        "id": recipe.id,
        "name": recipe.name,
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": sum(p.size for p in stored.parameters()),
        "recipe": recipe.id,
        "seed": recipe.seed,
        "mnist_test_accuracy": metrics.accuracy(stored, images, labels),
    }


def _index() -> list[dict[str, Any]]:
    path = MODELS / "models.json"
    return json.loads(path.read_text())["models"] if path.exists() else []


def _write_index(models: list[dict[str, Any]]) -> None:
    text = json.dumps({"version": 1, "models": models}, indent=2, ensure_ascii=False) + "\n"
    (MODELS / "models.json").write_text(text)


if __name__ == "__main__":
    main()
