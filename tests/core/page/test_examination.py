"""The service "examination": how good a net is on the test images."""

from __future__ import annotations

import numpy as np
import pytest

from nets_core.files import saving
from nets_core.page.lab import Lab
from tests.core.page.conftest import SETTINGS, TEST, advance, drawn, error, value


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_was_examined_is_the_net_that_is_there(lab: Lab) -> None:
    """Not one of another run that has taken as many steps, and not one that was reset."""

    def examined() -> tuple[list[int], list[int]]:
        """What the lab counts, and what the net's own answers come to."""
        while (answer := value(lab, "examination.advance", model="live", milliseconds=50))[
            "share"
        ] < 1:
            pass
        images, labels = drawn(TEST, 2)
        guesses = saving.loads(value(lab, "runs.save")).forward(images).argmax(axis=1)
        counts = np.zeros((10, 10), int)
        np.add.at(counts, (labels, guesses), 1)
        return list(answer["confusion"]), list(counts.ravel())

    for seed in (1, 2):
        value(lab, "training.train", settings={**SETTINGS, "seed": seed})
        value(lab, "training.step")
        found, counted = examined()
        assert found == counted
    value(lab, "training.reset")
    assert "not been examined" in error(lab, "examination.mistakes", model="live", most=3)
    wild = {"activation": "relu", "output": "identity", "loss": "mse", "optimizer": "sgd"}
    value(lab, "training.train", settings={**SETTINGS, **wild, "learningRate": 1e20})
    value(lab, "training.step")
    examined()
    assert advance(lab, 10_000)["state"] == "diverged"
    found, counted = examined()
    assert found == counted
