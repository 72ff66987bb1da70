"""Thirty seconds of atheris for each kind of file that a stranger may send."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from soaks import fuzzing

SECONDS = 30
pytestmark = pytest.mark.skipif(
    not fuzzing.available(), reason="atheris, which makes files up, is there for Linux alone"
)


@pytest.fixture(scope="module")
def running() -> dict[str, Future[tuple[bool, str]]]:
    """All at once, each in a process of its own."""
    pool = ThreadPoolExecutor(len(fuzzing.TARGETS))
    return {target: pool.submit(fuzzing.run, target, SECONDS) for target in fuzzing.TARGETS}


@pytest.mark.parametrize("target", fuzzing.TARGETS)
def test_whatever_comes_is_read_or_refused_in_a_sentence(
    running: dict[str, Future[tuple[bool, str]]], target: str
) -> None:
    well, words = running[target].result()
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
