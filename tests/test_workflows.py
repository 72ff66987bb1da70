"""The workflows: correct as far as actionlint sees, actions pinned, locked packages audited."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from building.environment import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_actionlint_finds_nothing() -> None:
    program = Path(sys.executable).with_name("actionlint")
    done = subprocess.run(
        [program, *WORKFLOWS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"


def test_actions_are_pinned_to_commits() -> None:
    used = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    assert len(used) > 4
    for line in used:
        assert re.search(r"uses: (\./\S+|\S+@[0-9a-f]{40} # v[\d.]+)$", line), line


def test_what_is_locked_is_locked_by_hash() -> None:
    locks = list((ROOT / "requirements").glob("*.lock"))
    assert {path.stem for path in locks} >= {"audit", "build", "node", "test"}
    for path in locks:
        entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", path.read_text()).strip())
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    lighthouse = (ROOT / "requirements" / "lighthouse" / "package-lock.json").read_text()
    assert lighthouse.count('"integrity": "sha512-') == lighthouse.count('"node_modules/')


def test_ci_audits_what_is_locked() -> None:
    assert "python3 scripts/audit.py" in (ROOT / ".github" / "workflows" / "test.yml").read_text()


def test_a_release_is_tested_and_complete_before_it_is_published() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    test, package, publish = re.split(r"\n  (?:package|publish):\n", text)
    assert "uses: ./.github/workflows/test.yml" in test
    assert "needs: test" in package
    assert "NETS_RELEASE: ${{ github.ref_name }}" in package
    assert "needs: package" in publish
    assert "id-token" not in test + package
    assert "id-token: write" in publish


def test_a_commit_is_checked_as_in_the_first_minute_of_ci() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"entry: (.*)", text) == ["python3 scripts/test.py --quick"]
    assert re.findall(r"repo: (.*)", text) == ["local"]
