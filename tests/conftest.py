"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples at every run and on every machine, and none fails for being slow.
settings.register_profile("nets", derandomize=True, deadline=None)
settings.load_profile("nets")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the repository with material that is not part of it; skips without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("there is no folder ../shared")
    return folder
