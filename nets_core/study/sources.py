"""The source of the library's modules, by the names that a page shows."""

from __future__ import annotations

import linecache
from pathlib import Path

from nets_core import checks

_PACKAGE = Path(__file__).resolve().parent.parent


def name_of(file: str) -> str:
    """A module's path within the package, such as "network.py" or "data/datasets.py".

    The name of a function that a visitor changed ("<your sigmoid>") is returned unchanged.
    """
    path = Path(file).resolve()
    return path.relative_to(_PACKAGE).as_posix() if path.is_relative_to(_PACKAGE) else file


def text_of(name: str) -> str:
    """The text of a module, or of a changed function, by its name from ``name_of``.

    Raises ValueError for any other name.
    """
    if name.startswith("<") and name in linecache.cache:
        return "".join(linecache.getlines(name))
    path = (_PACKAGE / name).resolve()
    if path.suffix != ".py" or not path.is_relative_to(_PACKAGE) or not path.is_file():
        raise ValueError(
            f"file is {checks.quoted(name)}, expected a module of nets_core such as 'network.py'"
        )
    return path.read_text(encoding="utf-8")
