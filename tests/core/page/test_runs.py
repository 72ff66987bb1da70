"""The service "runs": the net in training as a file."""

from __future__ import annotations

import numpy as np

from nets_core.files import saving
from nets_core.page.lab import Lab
from tests.core.page.conftest import TEST, TRAIN, drawn, image_of, value


def test_a_saved_run_is_a_net_with_its_history(trained: Lab) -> None:
    data = value(trained, "runs.save")
    net = saving.loads(data)
    answer = value(trained, "reading.predict", model="live", pixels=image_of(5))
    assert int(net.forward(np.array([image_of(5)]))[0].argmax()) == answer["digit"]
    images, labels = drawn(TRAIN, 1)
    assert len(saving.resume(data, images, labels, test=drawn(TEST, 2)).history) == 3
