"""``scripts/test.py --quick``: which tests a change selects."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from testing import quick

FILES = {
    "nets_core/__init__.py": "from nets_core import recipes as recipes\n"
    "from nets_core.network import Network as Network\n",
    "nets_core/layers.py": "",
    "nets_core/network.py": "from nets_core import layers\n",
    "nets_core/recipes.py": "from nets_core import Network\n",
    "nets_core/files/__init__.py": "",
    "nets_core/files/saving.py": 'x = import_module(f"nets_core.files.{format}")\n',
    "nets_core/files/onnx.py": "",
    "nets_core/page/__init__.py": "",
    "nets_core/page/lab.py": "def f():\n    from nets_core.page import bugs\n",
    "nets_core/page/bugs.py": "",
    "site/app/main.js": "",
    "site/models/models.json": "{}",
    "tests/conftest.py": "",
    "tests/core/test_layers.py": "from nets_core.layers import Dense\n",
    "tests/core/test_network.py": "from nets_core import Network\n",
    "tests/core/test_recipes.py": "from nets_core import recipes\n",
    "tests/core/files/test_saving.py": "from nets_core.files import saving\n",
    "tests/core/page/test_lab.py": "from nets_core.page.lab import Lab\n",
    "tests/core/test_all.py": "import nets_core\n",
    "tests/contract/test_python.py": 'MODELS = "models.json"\n',
}
LAYERS, NETWORK, RECIPES, ALL = (
    f"tests/core/test_{name}.py" for name in ("layers", "network", "recipes", "all")
)
SAVING, LAB = "tests/core/files/test_saving.py", "tests/core/page/test_lab.py"
CONTRACT = "tests/contract/test_python.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small library with its tests, committed."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "All")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True)


@pytest.mark.parametrize(
    ("name", "selected"),
    [
        ("nets_core/layers.py", {LAYERS, NETWORK, RECIPES, ALL}),
        ("nets_core/recipes.py", {RECIPES, ALL}),
        ("nets_core/__init__.py", {LAYERS, NETWORK, RECIPES, SAVING, LAB, ALL}),
        ("nets_core/files/onnx.py", {SAVING, ALL}),
        ("nets_core/files/__init__.py", {SAVING, ALL}),
        ("nets_core/page/bugs.py", {LAB, ALL}),
        ("tests/core/test_layers.py", {LAYERS}),
        ("site/models/models.json", {CONTRACT}),
        ("README.md", set()),
        ("tests/conftest.py", set(quick.CORE)),
    ],
)
def test_a_change_selects_the_core_tests_that_import_it(
    root: Path, name: str, selected: set[str]
) -> None:
    (root / name).write_text("# changed\n" + FILES.get(name, ""))
    found = quick.selection(quick.changed(root), root)
    assert {test for test in found if test.startswith(quick.CORE)} == selected
    assert set(found) - selected >= {"tests/test_imports.py"}


@pytest.mark.parametrize(
    "change",
    [
        lambda root: None,  # nothing changed
        lambda root: (root / "nets_core/layers.py").unlink(),
        lambda root: (root / "nets_core/layers.py").rename(root / "nets_core/layer.py"),
    ],
    ids=["nothing", "removed", "renamed"],
)
def test_all_core_tests_are_selected(root: Path, change: Callable[[Path], None]) -> None:
    change(root)
    assert set(quick.selection(quick.changed(root), root)) >= set(quick.CORE)


def test_javascript_is_checked_where_it_changed(root: Path) -> None:
    (root / "nets_core/layers.py").write_text("# changed\n")
    assert quick.PAGE not in quick.selection(quick.changed(root), root)
    (root / "site/app/new.js").write_text("")
    assert quick.PAGE in quick.selection(quick.changed(root), root)


def test_without_git_all_is_selected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert quick.changed(tmp_path) is None
