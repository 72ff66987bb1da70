"""The trained nets of the site score what models.json says, on all of MNIST's test images."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from building import environment, mnist_shards
from building.parts import Parts
from nets_core import metrics
from nets_core.files import saving

MODELS = environment.ROOT / "site" / "models"
LISTED: list[dict[str, Any]] = json.loads((MODELS / "models.json").read_text())["models"]
LIMITS = {"least-squares": 120, "softmax": 40, "mlp-30": 60, "mlp-large": 250, "cnn": 120}
"""Of the files, in kB."""


@pytest.fixture(scope="module")
def test_set() -> tuple[Any, Any]:
    return mnist_shards.mnist(Parts())[2:]


@pytest.mark.parametrize("model", LISTED, ids=[model["id"] for model in LISTED])
def test_accuracy_is_that_of_the_file(model: dict[str, Any], test_set: tuple[Any, Any]) -> None:
    net = saving.loads((MODELS / model["file"]).read_bytes())
    found = metrics.accuracy(net, *test_set)
    assert found == pytest.approx(model["mnist_test_accuracy"], abs=2e-4)  # rounding may tip two
    assert model["bytes"] <= 1000 * LIMITS[model["id"]]


@pytest.mark.parametrize("name", ["softmax", "cnn"])
def test_accuracy_in_the_tab_is_the_same(page: Page, site_url: str, name: str) -> None:
    listed = {model["id"]: model for model in LISTED}
    page.goto(site_url)
    page.evaluate("() => nets.ready")
    page.get_by_test_id("model-picker").select_option(name)
    page.get_by_test_id("examine").click()
    page.wait_for_selector("[data-testid=examine-result]:not([hidden])", timeout=240_000)
    cells = page.locator("[data-testid=confusion] tbody button").all_text_contents()
    confusion = np.array([int(text) if text != "·" else 0 for text in cells]).reshape(10, 10)
    assert confusion.sum() == 10_000
    found = confusion.trace() / 10_000
    assert found == pytest.approx(listed[name]["mnist_test_accuracy"], abs=5e-4)
