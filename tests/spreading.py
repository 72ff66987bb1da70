"""How tests are spread over processes: by file, class and browser, and each test once."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController


class Once(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """xdist's ``loadscope``, with one more scope for tests in Firefox, and each test only once.

    A test that hangs would end every process that takes it up, and the run would not come to an
    end: see ``timeout_method`` in pyproject.toml.
    """

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        return f"{scope} in Firefox" if "[firefox" in nodeid else scope

    def remove_node(self, node: WorkerController) -> str | None:
        """Give back the scopes of a process that has ended; name the test that ended it, if any."""
        for tests in self.assigned_work[node].values():
            for name, done in tests.items():
                if not done:
                    tests[name] = True
                    super().remove_node(node)
                    return str(name)
        super().remove_node(node)
        return None
