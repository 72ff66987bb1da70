"""The soaks: a tab whose memory grows is found, and one whose memory is flat passes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import soak
from soaks import SOAKS, Soak, memory
from soaks.memory import Sizes

BEFORE = Sizes(90e6, 5e6, 30e6)
PAGE = """<!doctype html>
<span data-testid="epoch">3</span>
<script>
const worker = new Worker("worker.js");
const ask = (leak) => new Promise((answered) => {
  worker.onmessage = answered;
  worker.postMessage(leak);
});
const kept = [];
let reset;
async function grow() {
  await ask(LEAK);
  if (LEAK === "page") kept.push(new Uint8Array(500_000).fill(1));
}
window.nets = {
  ready: ask(""),
  train: ({ epochs }, onProgress = () => {}) => new Promise((_, reject) => {
    const timer = setInterval(async () => {
      if (epochs > 1) await grow();
      onProgress({ step: 1 });
    }, 5);
    reset = async () => {
      clearInterval(timer);
      await grow();
      reject(new DOMException("", "AbortError"));
    };
  }),
  reset: () => reset(),
};
</script>
"""
"""A page with what the soaks use of the real one; each reset, and each moment of a long training,
leaks half a megabyte in the place that LEAK names."""
WORKER = """
const memory = new WebAssembly.Memory({ initial: 100 });
const kept = [];
onmessage = ({ data }) => {
  if (data === "webassembly") memory.grow(8);
  if (data === "worker") kept.push(new Uint8Array(500_000).fill(1));
  postMessage("done");
};
"""


@pytest.mark.parametrize(
    ("after", "flat"),
    [
        (Sizes(90e6, 5.9e6, 31e6), True),
        (Sizes(60e6, 1e6, 20e6), True),
        (Sizes(91.1e6, 5e6, 30e6), False),
        (Sizes(90e6, 6.1e6, 29e6), False),
        (Sizes(90e6, 5e6, 31.1e6), False),
    ],
)
def test_each_memory_may_grow_by_a_megabyte(after: Sizes, flat: bool) -> None:
    assert after.flat_since(BEFORE) is flat


@pytest.mark.parametrize("leak", ["", "page", "worker", "webassembly"])
@pytest.mark.parametrize("run", [memory.cycles, memory.training])
def test_a_tab_that_grows_is_found(
    run: Callable[[float, Path], tuple[bool, str]], leak: str, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text(PAGE.replace("LEAK", repr(leak)))
    (tmp_path / "worker.js").write_text(WORKER)
    with ThreadPoolExecutor(1) as thread:  # this one may hold a Playwright of other tests
        flat, words = thread.submit(run, 0.02, tmp_path).result()
    assert flat is (leak == ""), words


@pytest.mark.nightly("takes more than an hour")
@pytest.mark.timeout(2 * 60 * 60)
@pytest.mark.parametrize("name", ["cycles", "training"])
def test_the_page_s_memory_is_flat(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    flat, words = SOAKS[name].run(SOAKS[name].minutes)
    record_property(name, words)
    assert flat, words


@pytest.mark.parametrize(
    ("failing", "code"), [([], 0), (["first"], "Failed: first."), (["second"], "Failed: second.")]
)
def test_every_soak_runs_and_the_exit_code_names_what_failed(
    failing: list[str],
    code: int | str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def made(name: str) -> Soak:
        return Soak(lambda minutes: (name not in failing, f"{minutes:g} minutes"), 3)

    soaks = {name: made(name) for name in ("first", "second")}
    monkeypatch.setattr(soak, "SOAKS", soaks)
    monkeypatch.setattr("sys.argv", ["soak.py", "--only", *soaks, "--minutes", "2"])
    with pytest.raises(SystemExit) as ended:
        soak.main()
    assert ended.value.code == code
    printed = capsys.readouterr().out
    for name in soaks:
        assert f"{'FAILED' if name in failing else 'well'}: {name}: 2 minutes." in printed
