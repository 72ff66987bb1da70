"""Atheris makes up each kind of file that a stranger may send."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from soaks import fuzzing

SHORT, LONG = 3, 30
"""Seconds for each kind of file, all at once."""
pytestmark = pytest.mark.skipif(
    not fuzzing.available(), reason="atheris is available for Linux alone"
)


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[tuple[bool, str]]]]:
    """For each target, what fuzzing it has found; each in a process of its own."""
    with ThreadPoolExecutor(len(fuzzing.TARGETS)) as pool:
        yield {
            target: pool.submit(fuzzing.run, target, request.param) for target in fuzzing.TARGETS
        }


@pytest.mark.parametrize(
    "results",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(LONG, marks=pytest.mark.nightly("takes long"), id="long"),
    ],
    indirect=True,
)
@pytest.mark.parametrize("target", fuzzing.TARGETS)
def test_any_input_is_read_or_refused_in_a_sentence(
    results: dict[str, Future[tuple[bool, str]]], target: str
) -> None:
    well, words = results[target].result()
    assert well, words


def test_the_seeds_are_good_inputs() -> None:
    for target, read in fuzzing.TARGETS.items():
        seeds = fuzzing.seeds(target)
        assert seeds
        for seed in seeds:
            if target in ("idx", "formula"):
                read(seed)
            else:
                fuzzing.check(target, seed)
