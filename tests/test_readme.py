"""The READMEs: what they point to is there, their examples run, their tables are complete."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from building.environment import ROOT
from nets_core.activations import ACTIVATIONS
from nets_core.data import datasets
from nets_core.files import saving
from nets_core.initializers import INITIALIZERS
from nets_core.layers import LAYERS
from nets_core.losses import LOSSES
from nets_core.optimizers import OPTIMIZERS

FOLDERS = (".", ".github", ".github/ISSUE_TEMPLATE", "nets_core", "scripts", "site", "tests")
TEXTS = {
    path.relative_to(ROOT).as_posix(): re.sub(r"<!--.*?-->", "", path.read_text())
    for folder in FOLDERS
    for path in sorted((ROOT / folder).glob("*.md"))
}
PATH = r"(?:tests|scripts|nets_core|site|requirements|\.github)/[\w./-]*"
PATHS = sorted(
    {
        (name, "".join(found))
        for name, text in TEXTS.items()
        for found in re.findall(rf"`({PATH})`|python3 (scripts/[\w.]*)", text)
    }
)
LINKS = sorted(
    {(name, found) for name, text in TEXTS.items() for found in re.findall(r"\]\(([^):]+)\)", text)}
)
TESTS = sorted(
    {found for text in TEXTS.values() for found in re.findall(rf"`({PATH}\.py)::(\w+)`", text)}
)
LONGEST = 150
"""Lines of the front door."""


@pytest.mark.parametrize(("name", "path"), PATHS)
def test_a_path_leads_to_something(name: str, path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("name", "link"), LINKS)
def test_a_link_leads_to_something(name: str, link: str) -> None:
    path, _, section = link.partition("#")
    target = (ROOT / name).parent / path
    assert target.exists()
    if section:
        titles = re.findall(r"(?m)^#+ (.*)$", target.read_text())
        assert section in {title.lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_a_test_that_holds_a_promise_is_there(path: str, name: str) -> None:
    assert f"\ndef {name}(" in (ROOT / path).read_text()


def test_the_front_door_is_short_and_has_the_two_commands() -> None:
    lines = TEXTS["README.md"].splitlines()
    assert len(lines) <= LONGEST
    assert {"    python3 scripts/serve.py", "    python3 scripts/test.py"} <= set(lines)


@pytest.mark.parametrize("name", ["README.md", "nets_core/README.md"])
def test_the_examples_run_and_print_what_they_say(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All in one namespace, as a reader runs them, with a small MNIST in the folder "mnist"."""
    put_mnist(tmp_path / "mnist", monkeypatch)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(python|text)\n(.*?)```", TEXTS[name], re.DOTALL)
    assert blocks[0][0] == "python"
    scope: dict[str, Any] = {}
    for language, text in blocks:
        if language == "python":
            capsys.readouterr()
            exec(compile(text, name, "exec"), scope)
        else:
            assert capsys.readouterr().out == text


def put_mnist(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write files like MNIST's, of random pixels, and have their sums expected of MNIST."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    sums = {}
    for name in datasets.MNIST_MD5:
        images = "images" in name
        values = rng.integers(0, 256 if images else 10, (200, 28, 28) if images else 200, np.uint8)
        data = datasets.write_idx(values)
        (folder / name).write_bytes(data)
        sums[name] = hashlib.md5(data).hexdigest()
    monkeypatch.setattr(datasets, "MNIST_MD5", sums)


def test_the_library_s_tables_name_every_part() -> None:
    text = TEXTS["nets_core/README.md"]
    parts = [*ACTIVATIONS, *LOSSES, *INITIALIZERS, *(layer.__name__ for layer in LAYERS.values())]
    assert [part for part in parts if f"`{part}`" not in text] == []
    assert [part for part in OPTIMIZERS.values() if f"`{part.__name__}(" not in text] == []
    assert [name for name in saving.FORMATS if f"| `.{name}`, version" not in text] == []
    versions = set(re.findall(r"\| `\.\w+`, version (\d+)", text))
    assert versions == {str(saving.VERSION)}
