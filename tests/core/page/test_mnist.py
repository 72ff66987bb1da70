"""The service "mnist": arrays that fill, and samples of what is there."""

from __future__ import annotations

import numpy as np

from nets_core.page.lab import Lab
from tests.core.page.conftest import TRAIN, drawn, error, filled, value


def test_a_seed_picks_different_images_of_those_that_are_there() -> None:
    lab = filled(Lab())
    value(lab, "mnist.set_available", images=40)
    picked = value(lab, "mnist.sample", name="train", count=10, seed=3)
    again = value(lab, "mnist.sample", name="train", count=10, seed=3)
    np.testing.assert_array_equal(picked["indices"], again["indices"])
    assert len(set(picked["indices"])) == 10
    assert max(picked["indices"]) < 40
    images, labels = drawn(TRAIN, 1)
    np.testing.assert_array_equal(picked["images"].reshape(10, 784), images[picked["indices"]])
    np.testing.assert_array_equal(picked["labels"], labels[picked["indices"]])
    other = value(lab, "mnist.sample", name="train", count=10, seed=4)
    assert list(other["indices"]) != list(picked["indices"])


def test_more_than_there_are() -> None:
    assert "60 images are there" in error(
        filled(Lab()), "mnist.sample", name="test", count=61, seed=0
    )
    assert "MNIST has not been loaded" in error(Lab(), "mnist.sample", name="test", count=1, seed=0)
