"""Which Python file imports which, read from the source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path


class Modules:
    """The Python files below ``root``, and what they import of each other.

    ``roots`` are folders below ``root`` that are on Python's path: ``scripts/building/web.py`` is
    ``building.web`` where ``scripts`` is one of them.
    """

    def __init__(self, root: Path, *roots: str) -> None:
        self._paths: dict[str, Path] = {}
        for folder in (root / name for name in roots):
            for path in files(folder, ".py"):
                parts = path.relative_to(folder).with_suffix("").parts
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                self._paths.setdefault(name, path)

    @cache  # noqa: B019 # lives as long as the program
    def imports(self, path: Path) -> set[Path]:
        """Return the files that this one imports: at its top, in its functions, and for types.

        A name that a package's ``__init__`` imports from elsewhere counts as an import of the
        module that defines it. A package imported as a whole counts as all of its modules; so does
        one from which ``import_module`` imports a module whose name is computed.
        """
        found = {self._paths[name] for name in self._names(path) if name in self._paths}
        return found - {path}

    def reached(self, path: Path) -> set[Path]:
        """Return the files that running this one can run, itself included.

        Importing ``a.b`` also runs ``a/__init__.py``. That file counts, but not what it imports:
        ``from nets_core import Network`` does not depend on all of ``nets_core``.
        """
        found, left = {path}, [path]
        while left:
            new = self.imports(left.pop()) - found
            found |= new
            left += new
        packages = {folder / "__init__.py" for file in found for folder in file.parents}
        return found | (packages & set(self._paths.values()))

    def _names(self, path: Path) -> Iterator[str]:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._whole(alias.name)
            elif isinstance(node, ast.ImportFrom):
                module = self._module(node, path)
                for alias in node.names:
                    yield self._home(module, alias.name)
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
                match node.args[0]:
                    case ast.Constant(value=str(name)):
                        yield name
                    case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]):
                        yield from self._whole(start.rstrip("."))  # f"nets_core.files.{format}"

    def _whole(self, name: str) -> Iterator[str]:
        yield name
        if name in self._paths and self._paths[name].name == "__init__.py":
            yield from (other for other in self._paths if other.startswith(f"{name}."))

    def _module(self, node: ast.ImportFrom, path: Path) -> str:
        """Return the full name of the module that names are imported from."""
        if not node.level:
            return node.module or ""
        package = path.parents[node.level - 1] / "__init__.py"
        names = [name for name, file in self._paths.items() if file == package]
        return ".".join([*names[:1], *filter(None, [node.module])])

    def _home(self, module: str, name: str) -> str:
        """Return the module in which ``name``, imported from ``module``, is defined."""
        if f"{module}.{name}" in self._paths:
            return f"{module}.{name}"
        path = self._paths.get(module)
        if path is not None and path.name == "__init__.py":
            for node in ast.walk(_tree(path)):
                if isinstance(node, ast.ImportFrom):
                    for alias in node.names:
                        if (alias.asname or alias.name) == name:
                            return self._home(self._module(node, path), alias.name)
        return module


def files(folder: Path, suffix: str) -> list[Path]:
    """Return the files below ``folder`` with this suffix, without hidden folders and packages."""
    found = []
    for here, folders, names in folder.walk():
        folders[:] = [name for name in folders if name[0] != "." and name != "node_modules"]
        found += [here / name for name in names if name.endswith(suffix)]
    return sorted(found)


@cache
def strings(path: Path) -> frozenset[str]:
    """Return the strings in a Python file."""
    nodes = ast.walk(_tree(path))
    return frozenset(
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))
