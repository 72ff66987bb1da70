"""The service "models": nets that are opened, and their weights."""

from __future__ import annotations

import numpy as np
import pytest

from nets_core import Network
from nets_core.files import saving
from nets_core.page import models
from nets_core.page.lab import Lab
from tests.core.page.conftest import SETTINGS, cnn, error, value


def test_a_net_of_other_pictures_is_refused_when_it_is_opened(lab: Lab) -> None:
    for sizes in ([783, 10], [784, 3]):
        data = saving.dumps(Network.mlp(sizes))
        assert "784" in error(lab, "models.open", model="odd", data=data)


def test_weights_as_signed_pictures(trained: Lab) -> None:
    pictures = value(trained, "models.pictures")
    weights = saving.loads(value(trained, "runs.save")).layers[0].weights
    assert pictures["count"] == 12
    values = pictures["values"].reshape(12, 784)
    assert values.dtype == np.int8
    assert (np.abs(values.astype(int)).max(axis=1) == 127).all()
    np.testing.assert_allclose(pictures["scales"], np.abs(weights).max(axis=1))
    back = values / 127 * pictures["scales"][:, np.newaxis]
    assert np.abs(back - weights).max() <= pictures["scales"].max() / 127


@pytest.mark.filterwarnings("error")
def test_weights_that_are_all_zero_are_a_grey_picture(lab: Lab) -> None:
    value(lab, "training.train", settings={**SETTINGS, "initializer": "zeros"})
    assert not value(lab, "models.pictures")["values"].any()


def test_no_more_than_so_many(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MOST_PICTURES", 5)
    value(lab, "training.train", settings=SETTINGS)
    assert value(lab, "models.pictures")["count"] == 5


def test_nets_that_begin_with_filters_have_no_such_pictures_or_their_own(lab: Lab) -> None:
    value(lab, "models.open", model="cnn", data=cnn())
    answer = lab.call("models.pictures", {"model": "cnn"})
    if "value" in answer:
        pictures = answer["value"]
        assert pictures["values"].size % pictures["count"] == 0
