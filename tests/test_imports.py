"""Arrows point one way: which room of the library, and of the page, may import which."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import pytest

from building.environment import ROOT
from testing.modules import Modules, files

TOP = ("the top", "checks", "data/")
PYTHON = {
    "checks": ("the top",),
    "data/": ("checks",),
    "the top": TOP,
    "files/": TOP,
    "study/": TOP,
    "playground/": (*TOP, "files/", "study/"),
    "generative/": (*TOP, "files/", "study/"),
    "page/": (*TOP, "files/", "study/", "playground/", "generative/"),
}
"""What a room of ``nets_core/`` may import besides itself."""
FACE = "nets_core/__init__.py"
"""Gathers the names that users of the library import, wherever they are defined."""

CHAPTER = ("app/ui/", "app/engine/", "app/race/", "python/", "storage/")
JAVASCRIPT = {
    "site/": (),
    "python/": (),
    "storage/": ("python/",),
    "worker/": ("python/", "storage/"),
    "offline/": ("python/",),
    "sandbox/": ("python/",),
    "bench/": ("app/ui/", "app/engine/", "python/", "worker/"),
    "app/ui/": (),
    "app/engine/": ("app/ui/", "python/", "worker/", "sandbox/", "storage/"),
    "app/race/": ("app/ui/", "app/engine/"),
}
"""What a room of ``site/`` may import besides itself; app's other folders are chapters."""
DATA = ("models/", "stills/")
IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.[^"'?]+)""")
"""An import of a file: static, dynamic, or in a type, as in ``@param {import("./a.js").A} a``."""


def python_problems(root: Path) -> list[str]:
    modules, problems = Modules(root, "."), []
    for path in files(root / "nets_core", ".py"):
        name = path.relative_to(root).as_posix()
        room = _python_room(name)
        for other in sorted(file.relative_to(root).as_posix() for file in modules.imports(path)):
            if name != FACE and _python_room(other) not in (room, *PYTHON[room]):
                dotted = other.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                problems.append(f"{name} imports {dotted}: {_rule(room, PYTHON[room])}")
    return problems


def javascript_problems(root: Path) -> list[str]:
    site, problems = root / "site", []
    for path in files(site, ".js"):
        name = path.relative_to(site).as_posix()
        room = _javascript_room(name)
        if room in (*DATA, "app/"):  # the top of app/ puts all together
            continue
        allowed = JAVASCRIPT.get(room, CHAPTER if room.startswith("app/") else ())
        for target in sorted(set(IMPORT.findall(path.read_text()))):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if _javascript_room(other) not in (room, *allowed, *DATA):
                problems.append(f"site/{name} imports site/{other}: {_rule(room, allowed)}")
    return problems


def _python_room(name: str) -> str:
    if name == "nets_core/checks.py":
        return "checks"
    return f"{name.split('/')[1]}/" if name.count("/") > 1 else "the top"


def _javascript_room(name: str) -> str:
    *folders, _ = name.split("/")
    return "/".join([*folders[: 2 if folders[:1] == ["app"] else 1], ""]) if folders else "site/"


def _rule(room: str, allowed: tuple[str, ...]) -> str:
    return f"{room} imports nothing of ours" + (f" but {', '.join(allowed)}" if allowed else "")


def test_python_imports_keep_the_rules() -> None:
    found = python_problems(ROOT)
    assert not found, "\n" + "\n".join(found)


def test_javascript_imports_keep_the_rules() -> None:
    found = javascript_problems(ROOT)
    assert not found, "\n" + "\n".join(found)


BUT_TOP = f"imports nothing of ours but {', '.join(TOP)}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "from nets_core import checks\ndef f():\n    import nets_core.network\n",
            "nets_core/data/file.py imports nets_core.network: "
            "data/ imports nothing of ours but checks",
        ),
        (
            "from nets_core import Network\n",  # in data, what the face says it is
            "nets_core/data/file.py imports nets_core.network: "
            "data/ imports nothing of ours but checks",
        ),
        (
            "from nets_core.network import Network\nfrom nets_core.page import lab\n",
            f"nets_core/study/file.py imports nets_core.page.lab: study/ {BUT_TOP}",
        ),
        (
            "from ..page.lab import Lab\n",
            f"nets_core/study/file.py imports nets_core.page.lab: study/ {BUT_TOP}",
        ),
        (
            'import_module(f"nets_core.page.{name}")\n',
            f"nets_core/file.py imports nets_core.page: the top {BUT_TOP}",
        ),
    ],
)
def test_python_that_breaks_a_rule_is_named(tmp_path: Path, text: str, problem: str) -> None:
    for name, content in {
        "__init__": "from nets_core.network import Network",
        "checks": "",
        "network": "class Network: pass",
        "page/__init__": "",
        "page/lab": "from nets_core.network import Network",
        problem.partition(".py ")[0].removeprefix("nets_core/"): text,
    }.items():
        path = tmp_path / "nets_core" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert problem in python_problems(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "app/own/x.js",
            'import {\n  a,\n} from "../train/y.js";\nimport data from "../../models/m.json";\n',
            "site/app/own/x.js imports site/app/train/y.js: "
            "app/own/ imports nothing of ours but "
            "app/ui/, app/engine/, app/race/, python/, storage/",
        ),
        (
            "app/ui/x.js",
            'import "./a.js";\n/** @type {import("../engine/engine.js").Engine} */\nlet engine;\n',
            "site/app/ui/x.js imports site/app/engine/engine.js: app/ui/ imports nothing of ours",
        ),
        (
            "worker/x.js",
            'import "../python/a.js";\nconst { b } = await import("../app/b.js");\n',
            "site/worker/x.js imports site/app/b.js: worker/ imports nothing of ours but "
            "python/, storage/",
        ),
    ],
)
def test_javascript_that_breaks_a_rule_is_named(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    path = tmp_path / "site" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert javascript_problems(tmp_path) == [problem]
