"""Check all locked dependencies for known vulnerabilities: ``python3 scripts/audit.py``.

Asks the advisory databases of PyPI and npm about the versions in ``requirements/``,
``site/package-lock.json`` and ``parts.lock.json``. It needs a network, so CI runs it and the tests
do not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from building import environment

environment.enter("audit")

from building.environment import ROOT, say
from building.parts import read_lock

REQUIREMENTS = ROOT / "requirements"


def main() -> None:
    found = [not _run(command, folder) for command, folder in _audits()]
    with TemporaryDirectory() as folder:
        found.append(not _parts_are_sound(Path(folder)))
    if any(found):
        sys.exit("Stopped: see the vulnerabilities or errors above.")


def _audits() -> list[tuple[list[str], Path]]:
    locks = [option for path in sorted(REQUIREMENTS.glob("*.lock")) for option in ("-r", str(path))]
    pip = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", *locks]
    npm = [environment.npm(), "audit"]
    return [(pip, ROOT), (npm, ROOT / "site"), (npm, REQUIREMENTS / "lighthouse")]


def _parts_are_sound(folder: Path) -> bool:
    """Audit the npm packages of the parts: make the lock file that npm needs, with our versions."""
    versions = {}
    for part in read_lock().values():
        name, _, version = part.sources[0].get("npm", "").rpartition("@")
        if name:
            versions[name] = version
    (folder / "package.json").write_text(json.dumps({"dependencies": versions}))
    lock = ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
    npm = environment.npm()
    return _run([npm, *lock], folder) and _run([npm, "audit"], folder)


def _run(command: list[str], folder: Path) -> bool:
    say(f"{' '.join(Path(word).name for word in command)} …")
    return subprocess.run(command, cwd=folder, check=False).returncode == 0


if __name__ == "__main__":
    main()
