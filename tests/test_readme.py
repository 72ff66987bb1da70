"""What the README points to is there."""

import re

import pytest

from building.environment import ROOT

README = (ROOT / "README.md").read_text()
PATH = r"(?:tests|scripts|nets_core|site|requirements|\.github)/[\w./-]*"
PATHS = sorted(set(re.findall(rf"`({PATH})`|\(({PATH})\)|`python3 ({PATH})", README)))
TESTS = sorted(set(re.findall(rf"`({PATH}\.py)::(\w+)`", README)))


@pytest.mark.parametrize("path", ["".join(found) for found in PATHS])
def test_a_path_leads_to_something(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_a_test_that_holds_a_promise_is_there(path: str, name: str) -> None:
    assert f"\ndef {name}(" in (ROOT / path).read_text()
