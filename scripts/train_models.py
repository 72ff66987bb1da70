"""Train the nets that the site ships, from nothing, and write them with what they score.

    python3 scripts/train_models.py [ID …]

Each recipe of ``nets_core.recipes`` (or those named) is trained on MNIST's 60,000 images, stored
small, read back, and measured as stored on MNIST's 10,000 test images.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys

import environment

environment.enter("build")
sys.path.insert(0, str(environment.ROOT))

import mnist_shards
from nets_core import metrics, recipes, saving
from nets_core.ops import Array
from nets_core.training import Evaluation, Step
from parts import Parts

MODELS = environment.ROOT / "site" / "models"


def main() -> None:
    """Train what the command line names, all recipes by default."""
    parser = argparse.ArgumentParser(description="Train the nets that the site ships.")
    parser.add_argument("ids", nargs="*", metavar="ID")
    wanted = parser.parse_args().ids or list(recipes.RECIPES)
    mnist = mnist_shards.mnist(Parts())
    known = {model["id"]: model for model in _index()}
    for name in wanted:
        known[name] = _make(recipes.get(name), mnist)
        _write_index([known[id_] for id_ in recipes.RECIPES if id_ in known])


def _make(recipe: recipes.Recipe, mnist: tuple[Array, ...]) -> dict[str, object]:
    images, labels, test_images, test_labels = mnist
    trainer = recipe.trainer(images, labels, (test_images, test_labels))
    for piece in trainer.work(recipe.epochs):
        if isinstance(piece, Step) and piece.step % 200 == 0:
            environment.say(
                f"{recipe.id}: epoch {piece.epoch} of {recipe.epochs}, "
                f"{piece.examples_per_second:,.0f} examples a second"
            )
        elif isinstance(piece, Evaluation):
            environment.say(f"{recipe.id}: epoch {piece.epoch}, test accuracy {piece.accuracy:.2%}")
    data = saving.dumps(trainer.net, storage=recipe.storage, recipe=recipe.id)
    path = MODELS / f"{recipe.id}.npz"
    path.write_bytes(data)
    net = saving.loads(data)
    accuracy = metrics.accuracy(net, test_images, test_labels)
    environment.say(f"{recipe.id}: {len(data):,} bytes, as stored {accuracy:.2%} of MNIST's test")
    return {
        "id": recipe.id,
        "name": recipe.name,
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": sum(p.size for p in net.parameters()),
        "recipe": recipe.id,
        "seed": recipe.seed,
        "mnist_test_accuracy": accuracy,
    }


def _index() -> list[dict[str, object]]:
    path = MODELS / "models.json"
    return json.loads(path.read_text())["models"] if path.exists() else []


def _write_index(models: list[dict[str, object]]) -> None:
    MODELS.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": 1, "models": models}, indent=2) + "\n"
    (MODELS / "models.json").write_text(text)


if __name__ == "__main__":
    main()
