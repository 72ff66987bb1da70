"""nets_core as a package: built, installed into a clean environment, and ready to be released.

Before a release the workflow sets NETS_RELEASE to the tag, and nothing may be left to fill in.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

import nets_core
from building import bytecode, python_files
from building.environment import ROOT

TAG = os.environ.get("NETS_RELEASE", "")
README = (ROOT / "nets_core" / "README.md").read_text()
PLACEHOLDER = "OWNER"
NAMING = ("README.md", "pyproject.toml", ".github/SECURITY.md", ".github/ISSUE_TEMPLATE/config.yml")
"""The files that name the project's addresses."""


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "flit_core.wheel", "--outdir", folder)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_works_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "clean")
    python = tmp_path / "clean" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    example, printed = re.findall(r"```(?:python|text)\n(.*?)```", README, re.DOTALL)[:2]
    numpy = str(Path(np.__file__).parents[1])  # not installed anew: no index is asked
    assert run(python, "-c", example, cwd=tmp_path, PYTHONPATH=numpy) == printed
    where = "import nets_core; print(nets_core.__file__, nets_core.__version__)"
    found = run(python, "-c", where, cwd=tmp_path, PYTHONPATH=numpy)
    assert found.startswith(str(tmp_path / "clean"))
    assert found.split()[-1] == nets_core.__version__


def test_the_wheel_says_what_it_is(metadata: Message) -> None:
    assert (metadata["Name"], metadata["Version"]) == ("nets-core", nets_core.__version__)
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert str(metadata.get_payload()).strip() == README.strip()
    assert len(metadata.get_all("Classifier", [])) > 5
    named = [url.partition(",")[0] for url in metadata.get_all("Project-URL", [])]
    assert sorted(named) == ["Changelog", "Homepage", "Issues", "Source"]


def test_the_source_archive_holds_what_the_wheel_is_built_from(tmp_path: Path) -> None:
    make = f"from flit_core import buildapi; print(buildapi.build_sdist({str(tmp_path)!r}))"
    name = run(sys.executable, "-c", make).split()[-1]
    with tarfile.open(tmp_path / name) as archive:
        members = {member.partition("/")[2] for member in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "nets_core/README.md", "nets_core/network.py"} <= members


def test_a_word_in_a_readme_does_not_change_the_page_s_wheel(wheel: Path, tmp_path: Path) -> None:
    (data,) = python_files._compile_library(wheel).values()
    (tmp_path / wheel.name).write_bytes(data)
    members = bytecode.read_zip(tmp_path / wheel.name)
    assert "nets_core/network.py" in members
    assert [name for name in members if name.endswith(".md")] == []
    (text,) = (data for name, data in members.items() if name.endswith("/METADATA"))
    fields = Parser().parsestr(text.decode())
    assert fields["Version"] == nets_core.__version__
    assert fields.get_payload() == ""


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]
    newest = re.search(r"^## (\S+) \((.*)\)$", changes(), re.MULTILINE)
    assert newest
    assert newest[1] == nets_core.__version__


@pytest.mark.skipif(not TAG, reason="no release: NETS_RELEASE is not set")
def test_a_release_has_nothing_left_to_fill_in() -> None:
    assert f"v{nets_core.__version__}" == TAG
    assert re.search(rf"^## {TAG[1:]} \(\d{{4}}-\d\d-\d\d\)$", changes(), re.MULTILINE)
    unfilled = [name for name in NAMING if PLACEHOLDER in (ROOT / name).read_text()]
    assert unfilled == [], f"{PLACEHOLDER} stands in {', '.join(unfilled)}"


def changes() -> str:
    return (ROOT / "nets_core" / "CHANGELOG.md").read_text()
