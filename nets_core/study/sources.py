"""The library's own source, by the names under which a page shows it."""

from __future__ import annotations

import linecache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def name_of(file: str) -> str:
    """A module's path within the package, "network.py" or "data/datasets.py".

    The name of a function that a visitor changed ("<your sigmoid>") stays as it is.
    """
    path = Path(file).resolve()
    return path.relative_to(_PACKAGE).as_posix() if path.is_relative_to(_PACKAGE) else file


def text_of(name: str) -> str:
    """The text of a module, or of a changed function, by the name that ``name_of`` gives.

    Raises ValueError for any other name.
    """
    if name.startswith("<") and name in linecache.cache:
        return "".join(linecache.getlines(name))
    path = (_PACKAGE / name).resolve()
    if path.suffix != ".py" or not path.is_relative_to(_PACKAGE) or not path.is_file():
        raise ValueError(f"file is {name!r}, expected a module of nets_core such as 'network.py'")
    return path.read_text(encoding="utf-8")
