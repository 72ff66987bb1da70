"""Curves stay short however long a net learns, and keep what they mean."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nets_core.study.curves import MOST_POINTS, Curves


def grown(steps: int) -> Curves:
    curves = Curves()
    for step in range(steps):
        curves.add_step(step / 10, float(step), step % 2)
    return curves


def test_an_empty_curve() -> None:
    curves = Curves()
    assert curves.latest() == (None, None)
    assert all(values.shape == (0,) for values in curves.plain().values())


def test_few_steps_are_points_as_they_are() -> None:
    plain = grown(5).plain()
    assert plain["epochs"].tolist() == [0, 0.1, 0.2, 0.3, 0.4]
    assert plain["costs"].tolist() == [0, 1, 2, 3, 4]
    assert plain["accuracies"].tolist() == [0, 1, 0, 1, 0]


@settings(deadline=None, max_examples=25)
@given(steps=st.integers(0, 6000))
def test_points_are_means_of_equally_many_steps(steps: int) -> None:
    plain = grown(steps).plain()
    each = 1
    while steps // each >= MOST_POINTS:
        each *= 2
    ends = 2 if each > 1 else 0
    points = len(plain["costs"]) - ends
    assert points < MOST_POINTS
    assert points == steps // each
    inner = slice(1, -1) if ends else slice(None)
    starts = np.arange(points) * each
    np.testing.assert_allclose(plain["costs"][inner], starts + (each - 1) / 2)
    np.testing.assert_allclose(plain["epochs"], np.sort(plain["epochs"]))
    np.testing.assert_allclose(plain["epochs"][inner], plain["costs"][inner] / 10)
    np.testing.assert_allclose(plain["least_costs"][inner], starts)
    np.testing.assert_allclose(plain["greatest_costs"][inner], starts + each - 1)


@settings(deadline=None, max_examples=25)
@given(steps=st.integers(1, 6000), seed=st.integers(0, 100))
def test_thinning_hides_neither_ends_nor_peaks(steps: int, seed: int) -> None:
    costs = np.random.default_rng(seed).lognormal(size=steps)
    curves = Curves()
    for step, cost in enumerate(costs):
        curves.add_step(step / 10, cost, cost / 100)
        if step == 0:
            assert curves.began() == (cost, cost / 100)
    plain = curves.plain()
    assert plain["epochs"][0] == 0
    assert plain["epochs"][-1] == (steps - 1) / 10
    assert plain["costs"][0] == costs[0]
    for name, values in (("costs", costs), ("accuracies", costs / 100)):
        assert plain[f"least_{name}"].min() == values.min()
        assert plain[f"greatest_{name}"].max() == values.max()
        assert (plain[f"least_{name}"] <= plain[name] + 1e-9).all()
        assert (plain[name] <= plain[f"greatest_{name}"] + 1e-9).all()
    assert curves.latest() == (plain["costs"][-1], plain["accuracies"][-1])
    assert curves.began() == (costs[0], costs[0] / 100)


def test_the_latest_is_known_from_the_first_step_on() -> None:
    curves = grown(1)
    assert curves.latest() == (0, 0)
    # The newest step alone would be noise: it counts together with the point before it.
    assert grown(MOST_POINTS + 1).latest()[0] == pytest.approx(MOST_POINTS - 1)


def test_a_curve_of_an_earlier_version_goes_on() -> None:
    steps = {"points": [[0.5, 2, 0.1], [2.5, 1, 0.2]], "each": 2, "sums": [4, 0.5, 0.3], "open": 1}
    curves = Curves.from_description({"steps": steps, "evaluations": []})
    plain = curves.plain()
    assert plain["costs"].tolist() == pytest.approx([2, 2, 1, 2.5 / 3])
    assert plain["epochs"].tolist() == [0.5, 0.5, 2.5, 4]
    curves.add_step(5, 0.3, 0.9)
    assert curves.plain()["costs"].tolist() == pytest.approx([2, 2, 1, 0.4, 0.4])


@pytest.mark.parametrize("steps", [0, 1, 399, 12_345])
def test_a_description_is_short_and_goes_on_to_the_same_points(steps: int) -> None:
    curves = grown(steps)
    text = json.dumps(curves.describe())
    assert len(text) < 150 * MOST_POINTS
    again = Curves.from_description(json.loads(text))
    for step in range(steps, steps + 2000):
        for one in (curves, again):
            one.add_step(step / 10, float(step), step % 2)
    for name, values in curves.plain().items():
        np.testing.assert_array_equal(values, again.plain()[name])


def test_evaluations_are_thinned_but_keep_both_ends() -> None:
    curves = Curves()
    for i in range(3 * MOST_POINTS):
        curves.add_evaluation(i / 4, 1 / (i + 1), i / 2000)
        positions = curves.plain()["test_epochs"]
        assert len(positions) <= MOST_POINTS + 1
        assert positions[0] == 0
        assert positions[-1] == i / 4
        assert (np.diff(positions) > 0).all()
    plain = curves.plain()
    np.testing.assert_allclose(plain["test_accuracies"], plain["test_epochs"] * 4 / 2000)
    assert len(plain["epochs"]) == 0
