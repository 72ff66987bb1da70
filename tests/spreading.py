"""How tests are spread over processes: file by file, and each test once."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController


class Once(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """xdist's ``loadfile``, but a test that ended its process is not given to another one.

    A test that hangs would end every process that takes it up, and the run would not come to an
    end: see ``timeout_method`` in pyproject.toml.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        """Give back the files of a process that has ended; name the test that ended it, if any."""
        for tests in self.assigned_work[node].values():
            for name, done in tests.items():
                if not done:
                    tests[name] = True
                    super().remove_node(node)
                    return str(name)
        super().remove_node(node)
        return None
