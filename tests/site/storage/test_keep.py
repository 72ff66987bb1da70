"""A net that was made is kept, and comes and goes as a file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors.numpy
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

import visiting
from building import mnist_shards
from building.parts import Parts
from nets_core import Adam, Network, Trainer
from nets_core.data import datasets
from nets_core.files import saving
from visiting import SEVEN, draw, expect_state, number, numbers, part

pytestmark = pytest.mark.every_engine("storage")

LONG: dict[str, Any] = {"epochs": 1000}
"""A run that a browser does not finish while a test looks at it."""

KEPT = """async () => {
  const read = async () => {
    const found = (await indexedDB.databases()).find(({ name }) => name.startsWith("nets "));
    if (!found) return [];
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(found.name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const runs = await new Promise((resolve) => {
      database.transaction("runs").objectStore("runs").getAll().onsuccess =
        (event) => resolve(event.target.result);
    });
    database.close();
    return runs.map(({ about }) => about);
  };
  // Chromium may never answer who asks just while the storage is cleared.
  return Promise.race([read(), new Promise((resolve) => setTimeout(resolve, 3000, []))]);
}"""

OPENED = """
  const [{ name }] = (await indexedDB.databases()).filter(({ name }) => name.startsWith("nets "));
  const answer = (request) => new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  const database = await answer(indexedDB.open(name));
"""
"""Opens what the browser keeps, in the beginning of an async function."""

OLDER = (
    f"async (ages) => {{{OPENED}"
    """  const transaction = database.transaction(["runs", "files"], "readwrite");
  const [runs, files] = ["runs", "files"].map((store) => transaction.objectStore(store));
  const [run] = await answer(runs.getAll());
  const [file] = await answer(files.getAll());
  for (const days of ages) {
    const about = { ...run.about, title: `${days} days old` };
    runs.put({ id: `old ${days}`, when: run.when - days * 86_400_000, about });
    files.put(file, `old ${days}`);
  }
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  database.close();
}"""
)
"""Puts copies beside the run that is kept, so many days older, as a page without an order did."""

MALFORMED = (
    f"async () => {{{OPENED}"
    """  const transaction = database.transaction("runs", "readwrite");
  const runs = transaction.objectStore("runs");
  runs.put({ id: "bare" });
  runs.put({ id: "large", when: 5n, about: { title: "a", settings: { learningRate: 5n } } });
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  database.close();
}"""
)
"""Puts records that no page has written beside the run that is kept."""

HELD = (
    f"async () => {{{OPENED}"
    """  const [id] = await answer(database.transaction("runs").objectStore("runs").getAllKeys());
  database.close();
  await new Promise((got) => {
    void navigator.locks.request(`${name} ${id}`, () => {
      got();
      return new Promise((free) => (window.free = free));
    });
  });
}"""
)
"""Goes on with the run that is kept, as far as others can see, until ``free`` is called."""

SILENT = {
    "opening": """() => {
      const { open } = IDBFactory.prototype;
      const silent = { addEventListener: { value() {} } };
      IDBFactory.prototype.open = () => Object.create(IDBOpenDBRequest.prototype, silent);
      self.answerAgain = () => { IDBFactory.prototype.open = open; };
    }""",
    "writing": """() => {
      const { prototype } = IDBTransaction;
      const { addEventListener } = prototype;
      prototype.addEventListener = function (type, ...rest) {
        if (type !== "complete") addEventListener.call(this, type, ...rest);
      };
      self.answerAgain = () => { delete prototype.addEventListener; };
    }""",
}
"""Each makes a storage whose answer does not come, until ``answerAgain`` is called."""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A new visitor, in whose console there may be errors: workers are ended on purpose."""
    with visiting.visitor(browser, errors=True) as visitor:
        yield visitor


@pytest.fixture
def page(context: BrowserContext, site_url: str) -> Page:
    return visiting.open_ready(context.new_page(), site_url)


@pytest.fixture(scope="module")
def mnist() -> datasets.Mnist:
    images, labels, test_images, test_labels = mnist_shards.mnist(Parts())
    train = datasets.Examples(images, labels)
    return datasets.Mnist(train, datasets.Examples(test_images, test_labels))


def begin(page: Page, **settings: Any) -> None:
    """Ask for a training by these settings; ``window.ended`` is what comes of it."""
    page.evaluate(
        "s => { window.ended = undefined;"
        " nets.train(s).then((r) => (window.ended = r), (e) => (window.ended = e.message)); }",
        settings,
    )


def train(page: Page, **settings: Any) -> None:
    """Begin to train by these settings, of which there are too many epochs to miss."""
    begin(page, **settings)
    expect_state(page, "training", visiting.START_PATIENCE)


def kept(page: Page) -> list[dict[str, Any]]:
    """What stands in the browser's storage of each run."""
    runs: list[dict[str, Any]] = page.evaluate(KEPT)
    return runs


def wait_until(page: Page, condition: str, arg: Any = None) -> None:
    """Wait until an async condition in JavaScript is true of ``runs``, those kept, and ``arg``."""
    page.evaluate(
        f"""async (arg) => {{
          const kept = {KEPT};
          const condition = async (runs) => {condition};
          while (!(await condition(await kept())))
            await new Promise((resolve) => setTimeout(resolve, 50));
        }}""",
        arg,
    )


def wait_until_kept(page: Page, steps: int = 200) -> None:
    """Wait until a run has been kept after so many steps."""
    wait_until(page, "runs.some(({ step }) => step > arg)", steps)


def offers(page: Page) -> Any:
    return part(page, "kept-runs").locator("li")


def press(page: Page, name: str, nth: int = 0) -> None:
    offers(page).nth(nth).get_by_role("button", name=name).click()


def reads(page: Page) -> list[float]:
    """What the net in training makes of a 7, to the last bit."""
    read: list[float] = page.evaluate(
        "async () => (await nets.predict({ strokes: [[[30, 25], [70, 25], [45, 80]]],"
        " model: 'live' })).probabilities"
    )
    return read


def pixels(mnist: datasets.Mnist) -> np.ndarray[Any, Any]:
    return mnist.test.images[:20].astype(np.float32) / 255


def page_reads(page: Page, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The live net's answers to these images, as shares of their sum."""
    answers = page.evaluate(
        "async (images) => { const answers = [];"
        " for (const pixels of images)"
        "   answers.push((await nets.predict({ pixels, model: 'live' })).probabilities);"
        " return answers; }",
        x.tolist(),
    )
    return np.array(answers)


def shares(outputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return outputs / outputs.sum(axis=1, keepdims=True)


class TestKept:
    def test_a_reload_in_mid_training_changes_nothing(self, page: Page) -> None:
        """Settings, curves and net at the end are those of a run that nothing interrupted."""
        settings = {"epochs": 10, "learningRate": 0.003, "batchSize": 50, "seed": 7}
        whole = page.evaluate("s => nets.train(s)", settings)
        expected = reads(page)
        part(page, "train-reset").click()
        wait_until(page, "runs.length === 0")

        page.evaluate("s => { nets.train(s, () => nets.pause()).catch(() => {}); }", settings)
        expect_state(page, "paused")
        wait_until_kept(page, 0)
        [about] = kept(page)
        assert 0 < about["step"] < 12000
        page.reload()
        expect(offers(page)).to_have_count(1)
        expect(part(page, "kept")).to_contain_text("Continue where you left off")
        expect(offers(page)).to_contain_text(
            re.compile(r"784-30-10 net \(sigmoid, Adam at 0\.003\), in epoch \d+ of 10.*today at")
        )
        press(page, "Continue")
        expect(part(page, "kept")).to_be_hidden(timeout=visiting.START_PATIENCE)
        expect(part(page, "train-words")).to_contain_text("Done", timeout=visiting.START_PATIENCE)
        assert part(page, "settings").locator("[name=learningRate]").input_value() == "0.003"
        assert part(page, "settings").locator("[name=hidden]").input_value() == "30"
        shown = numbers(page, "test-accuracy", "cost")
        assert [about["step"], *shown, *reads(page)] == [
            about["step"],
            whole["accuracy"],
            whole["cost"],
            *expected,
        ]
        expect(part(page, "weights").locator("canvas")).to_have_count(30)

    def test_a_closed_tab_is_continued_in_another(
        self, page: Page, context: BrowserContext, site_url: str
    ) -> None:
        train(page, **LONG)
        expect(part(page, "kept-words")).to_contain_text("Saved in this browser at")
        wait_until_kept(page)
        page.close()
        other = context.new_page()
        other.goto(site_url)
        expect(offers(other)).to_have_count(1)  # before Python is there
        press(other, "Continue")
        expect_state(other, "training", visiting.START_PATIENCE)
        expect(part(other, "cost-chart").locator("canvas")).to_be_visible()
        draw(other, SEVEN)
        part(other, "model-picker").select_option("live")
        expect(part(other, "guess")).not_to_have_text("")
        part(other, "train-pause").click()
        expect_state(other, "paused")
        assert (number(other, "epoch") or 0) >= 1

    @pytest.mark.chromium("only there a test may end a worker")
    def test_a_worker_that_dies_is_replaced_and_goes_on(self, page: Page) -> None:
        train(page, **LONG)
        wait_until_kept(page)
        [about] = kept(page)
        visiting.python_worker(page).evaluate(
            "() => setTimeout(() => { throw new Error('out of luck'); })"
        )
        expect_state(page, "failed")
        page.wait_for_function("() => String(window.ended).includes('out of luck')")
        expect(offers(page)).to_have_count(1)
        press(page, "Continue")
        expect_state(page, "training", visiting.START_PATIENCE)
        expect(part(page, "failure")).to_be_hidden()
        page.wait_for_function(
            "least => document.querySelector('[data-testid=epoch]').dataset.value >= least",
            arg=about["epoch"],
        )
        wait_until_kept(page, about["step"])
        assert len(kept(page)) == 1

    def test_reset_forgets_what_was_kept(self, page: Page) -> None:
        train(page, **LONG)
        wait_until_kept(page, 0)
        part(page, "train-reset").click()
        wait_until(page, "runs.length === 0")
        expect(part(page, "kept-words")).to_be_empty()
        page.reload()
        expect_state(page, "ready", visiting.START_PATIENCE)
        expect(part(page, "kept")).to_be_hidden()

    def test_reset_while_it_is_continued(self, page: Page) -> None:
        train(page, **LONG)
        wait_until_kept(page, 0)
        page.reload()
        expect(offers(page)).to_have_count(1)
        expect_state(page, "ready", visiting.START_PATIENCE)
        part(page, "examine").click()  # brings MNIST
        expect(part(page, "examine-words")).to_contain_text("reads", timeout=visiting.PATIENCE)
        page.evaluate(HELD)
        press(page, "Continue")
        page.evaluate(
            "() => { document.querySelector('[data-testid=train-reset]').click(); free(); }"
        )
        expect(offers(page)).to_have_count(0)
        wait_until(page, "runs.length === 0")
        with pytest.raises(Error, match="no net is in training"):
            reads(page)

    def test_discarded_undone_and_discarded_for_good(self, page: Page) -> None:
        train(page, **LONG)
        wait_until_kept(page, 0)
        page.reload()
        press(page, "Discard")
        expect(offers(page)).to_contain_text("Discarded")
        assert kept(page) == []
        press(page, "Undo")
        expect(offers(page)).to_contain_text("784-30-10")
        assert len(kept(page)) == 1
        press(page, "Discard")
        expect(offers(page)).to_contain_text("Discarded")
        page.reload()
        expect_state(page, "ready", visiting.START_PATIENCE)
        expect(part(page, "kept")).to_be_hidden()

    def test_a_finished_net_is_kept_and_may_train_on(self, page: Page) -> None:
        page.evaluate("() => nets.train({ epochs: 1, batchSize: 128 })")
        expected = reads(page)
        wait_until(page, "runs[0]?.state === 'done'")
        page.reload()
        expect(offers(page)).to_contain_text("all 1 epochs trained")
        press(page, "Continue")
        expect_state(page, "paused", visiting.START_PATIENCE)
        assert reads(page) == expected
        part(page, "train-pause").click()  # which says Resume
        expect(part(page, "train-words")).to_contain_text("Done")
        assert number(page, "epoch") == 2

    def test_a_run_that_diverged_is_kept_as_it_last_was(self, page: Page) -> None:
        wild = {"optimizer": "sgd", "learningRate": 1e20, "activation": "relu", "epochs": 1}
        page.evaluate("s => nets.train(s).catch(() => {})", {**wild, "output": "identity"})
        wait_until(page, "runs[0]?.state === 'diverged'")
        page.reload()
        expect(offers(page)).to_contain_text("diverged in epoch 1")
        press(page, "Continue")
        expect_state(page, "paused", visiting.START_PATIENCE)
        rate = part(page, "settings").locator("[name=learningRate]")
        rate.fill("0.001")
        rate.press("Tab")
        part(page, "train-pause").click()
        expect(part(page, "train-words")).to_contain_text("Done")


class TestTabs:
    def test_each_keeps_its_own(self, page: Page, context: BrowserContext, site_url: str) -> None:
        train(page, **LONG)
        wait_until_kept(page)
        other = visiting.open_ready(context.new_page(), site_url)
        expect(part(other, "kept")).to_be_hidden()  # somebody goes on with it
        train(other, **{**LONG, "hidden": [8]})
        wait_until(other, "runs.length === 2")
        assert sorted(about["title"] for about in kept(other)) == ["784-30-10", "784-8-10"]
        page.close()
        part(other, "train-reset").click()
        expect(offers(other)).to_have_count(1)  # of the tab that was closed
        expect(offers(other)).to_contain_text("784-30-10")
        wait_until(other, "runs.length === 1")
        assert kept(other)[0]["title"] == "784-30-10"

    def test_only_one_goes_on_with_a_run(
        self, page: Page, context: BrowserContext, site_url: str
    ) -> None:
        train(page, **LONG)
        wait_until_kept(page)
        page.reload()
        other = context.new_page()
        other.goto(site_url)
        for each in (page, other):
            expect_state(each, "ready", visiting.START_PATIENCE)
            expect(offers(each)).to_have_count(1)
        press(page, "Continue")
        expect_state(page, "training", visiting.START_PATIENCE)
        press(other, "Continue")
        expect(part(other, "kept-trouble")).to_contain_text("Another tab is training this net")
        expect_state(other, "ready")
        press(other, "Discard")
        expect(offers(other).get_by_role("button", name="Discard")).to_be_visible()
        expect(part(other, "kept-trouble")).to_contain_text("Another tab is training this net")
        assert len(kept(page)) == 1
        expect_state(page, "training")

    def test_the_newest_are_offered_whichever_is_free_first(
        self, page: Page, context: BrowserContext, site_url: str
    ) -> None:
        train(page, **LONG)
        wait_until_kept(page)
        page.evaluate(OLDER, [1, 2, 3])
        other = visiting.open_ready(context.new_page(), site_url)
        expect(offers(other)).to_have_count(3)
        expect(offers(other).first).to_contain_text("A 1 days old net")
        page.close()
        expect(offers(other).first).to_contain_text("A 784-30-10 net")
        expect(offers(other)).to_have_count(3)
        wait_until(other, "runs.length === 3")
        titles = sorted(about["title"] for about in kept(other))
        assert titles == ["1 days old", "2 days old", "784-30-10"]

    def test_a_clock_that_was_ahead_costs_no_net(self, page: Page) -> None:
        train(page, **LONG)
        wait_until_kept(page)
        page.evaluate(OLDER, [-1, -2, -3, -40_000])
        wait_until_kept(page, kept(page)[0]["step"])
        page.reload()
        expect(offers(page)).to_have_count(3)
        expect(offers(page).first).to_contain_text("A 784-30-10 net")
        wait_until(page, "runs.length === 3")
        titles = sorted(about["title"] for about in kept(page))
        assert titles == ["-3 days old", "-40000 days old", "784-30-10"]
        press(page, "Discard")
        expect(offers(page).first).to_contain_text("Discarded")
        press(page, "Undo")  # it is still the newest
        expect(offers(page).first).to_contain_text("A 784-30-10 net")

    def test_a_malformed_record_hides_no_other(self, page: Page) -> None:
        train(page, **LONG)
        wait_until_kept(page)
        page.evaluate(MALFORMED)
        page.reload()
        expect(offers(page)).to_have_count(3)
        expect(offers(page).first).to_contain_text("A 784-30-10 net")
        for nth in (1, 2):
            expect(offers(page).nth(nth)).to_contain_text("A net that this page cannot describe")
        press(page, "Continue", 1)
        expect(part(page, "kept-trouble")).to_contain_text("no longer in the browser’s storage")
        press(page, "Discard", 1)
        press(page, "Continue")
        expect_state(page, "training", visiting.START_PATIENCE)


class TestStorage:
    @pytest.mark.chromium("only there a test reaches into a worker")
    def test_without_storage_training_works_and_says_so(
        self, context: BrowserContext, site_url: str
    ) -> None:
        denied = """() => Object.defineProperty(self, "indexedDB", {
          get() { throw new DOMException("denied", "SecurityError"); } });"""
        context.add_init_script(f"({denied})()")
        page = visiting.open_ready(context.new_page(), site_url)
        visiting.python_worker(page).evaluate(denied)
        expect(part(page, "kept")).to_be_hidden()
        begin(page, epochs=1)
        expect(part(page, "kept-words")).to_contain_text("lets the page store nothing")
        expect(part(page, "kept-words")).to_contain_text("save it as a file")
        page.wait_for_function("() => window.ended?.accuracy > 0.9")

    def test_a_database_of_a_newer_version_is_told(
        self, context: BrowserContext, site_url: str
    ) -> None:
        page = context.new_page()
        page.goto(f"{site_url}favicon.svg")
        page.evaluate(
            """() => new Promise((done) => {
              indexedDB.open("nets /", 99).onsuccess = ({ target }) => done(target.result.close());
            })"""
        )
        visiting.open_ready(page, site_url)
        expect(part(page, "kept-words")).to_contain_text("A newer version of this page")
        begin(page, epochs=1)
        page.wait_for_function("() => window.ended?.accuracy > 0.9")
        expect(part(page, "kept-words")).to_contain_text("save the net as a file")

    @pytest.mark.chromium("only there a test reaches into a worker")
    def test_without_locks_too(self, page: Page) -> None:
        visiting.python_worker(page).evaluate(
            "() => Object.defineProperty(navigator, 'locks', { value: undefined })"
        )
        begin(page, epochs=1)
        expect(part(page, "kept-words")).to_contain_text("lets the page store nothing")
        page.wait_for_function("() => window.ended?.accuracy > 0.9")

    @pytest.mark.chromium("only its protocol fills the storage")
    def test_full_and_then_not_any_more(self, page: Page, site_url: str) -> None:
        devtools = page.context.new_cdp_session(page)
        origin = {"origin": site_url.rstrip("/")}
        devtools.send("Storage.overrideQuotaForOrigin", {**origin, "quotaSize": 1})
        train(page, **LONG)
        expect(part(page, "kept-words")).to_contain_text("storage is full")
        expect_state(page, "training")
        devtools.send("Storage.overrideQuotaForOrigin", origin)
        expect(part(page, "kept-words")).to_contain_text("Saved in this browser")
        assert len(kept(page)) == 1

    @pytest.mark.chromium("only there a test reaches into a worker")
    @pytest.mark.parametrize("silent", SILENT)
    def test_storage_that_never_answers_is_told_and_asked_anew(
        self, page: Page, silent: str
    ) -> None:
        worker = visiting.python_worker(page)
        worker.evaluate(SILENT[silent])
        train(page, **LONG)
        expect(part(page, "kept-words")).to_contain_text("storage does not answer")
        expect_state(page, "training")
        worker.evaluate("() => answerAgain()")
        expect(part(page, "kept-words")).to_contain_text("Saved in this browser at")
        assert len(kept(page)) == 1

    @pytest.mark.chromium("only its protocol clears the storage")
    def test_cleared_in_mid_training(self, page: Page, site_url: str) -> None:
        train(page, **LONG)
        wait_until_kept(page)
        [before] = kept(page)
        page.context.new_cdp_session(page).send(
            "Storage.clearDataForOrigin",
            {"origin": site_url.rstrip("/"), "storageTypes": "indexeddb"},
        )
        wait_until_kept(page, before["step"])
        expect_state(page, "training")
        page.reload()
        expect(offers(page)).to_have_count(1)


def stopped(page: Page, **settings: Any) -> None:
    """A net that has been trained a little, and rests."""
    page.evaluate("s => { nets.train(s).catch(() => {}); }", {**LONG, **settings})
    page.wait_for_function(
        "() => document.querySelector('[data-testid=test-accuracy]').dataset.value > 0.8"
    )
    part(page, "train-pause").click()
    expect_state(page, "paused")


def save(page: Page, format: str) -> tuple[str, bytes]:
    """Save by the button; the file's name and content."""
    part(page, "save-format").select_option(format)
    with page.expect_download() as download:
        part(page, "save").click()
    expect(part(page, "file-words")).to_contain_text(download.value.suggested_filename)
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def open_file(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        part(page, "open").click()
    chooser.value.set_files(path)


def there_and_back(
    page: Page, mnist: datasets.Mnist, folder: Path, recipe: str, format: str
) -> None:
    """Save the paused net, train it further in Python, open it in the page, and train it there."""
    name, data = save(page, format)
    stem = r"nets-784-30-10-epoch-[1-9]\d*\." if recipe == "mlp-30" else "nets-conv"
    assert re.match(stem, name), name  # how far it came before it stopped is the machine's
    assert name.endswith(f".{format}")
    trainer = saving.resume(data, *mnist.train, test=mnist.test)
    x = pixels(mnist)
    seen = page_reads(page, x)
    np.testing.assert_allclose(shares(trainer.net.forward(x)), seen, rtol=1e-3, atol=1e-5)
    if format == "onnx":
        onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
        [output] = onnxruntime.InferenceSession(data).run(None, {"input": x})
        np.testing.assert_allclose(shares(output), seen, rtol=1e-3, atol=1e-5)
    if format == "safetensors":
        for i, p in enumerate(trainer.net.parameters()):
            np.testing.assert_array_equal(safetensors.numpy.load(data)[f"p{i}"], p)

    for _ in itertools.islice(trainer.steps(epochs=1), 20):
        pass
    path = folder / f"trained further.{format}"
    path.write_bytes(saving.dumps(trainer, format=format))
    part(page, "train-reset").click()
    expect_state(page, "ready")
    open_file(page, path)
    expect(part(page, "file-words")).to_contain_text("Press Resume to train it")
    expect_state(page, "paused")
    again = page_reads(page, x)
    np.testing.assert_allclose(again, shares(trainer.net.forward(x)), rtol=1e-3, atol=1e-5)
    before = reads(page)
    part(page, "train-step").click()
    wait_until(
        page,
        "(await nets.predict({ strokes: [[[30, 25], [70, 25], [45, 80]]], model: 'live' }))"
        ".probabilities.some((p, i) => p !== arg[i])",
        before,
    )
    resumed = saving.resume(save(page, format)[1], *mnist.train, test=mnist.test)
    assert resumed.step == trainer.step + 1


class TestFiles:
    @pytest.mark.chromium("only there a test is given downloads and choosers of files")
    @pytest.mark.parametrize("recipe", ["mlp-30", "cnn"])
    def test_from_the_tab_to_python_and_back(
        self, page: Page, mnist: datasets.Mnist, tmp_path: Path, recipe: str
    ) -> None:
        stopped(page, recipe=recipe)
        for format in saving.FORMATS:  # each takes up the net where the one before left it
            there_and_back(page, mnist, tmp_path, recipe, format)

    def test_a_dropped_file_opens(self, page: Page) -> None:
        expect(part(page, "open")).to_be_enabled()
        data = saving.dumps(Network.mlp([784, 10], output="softmax", loss="cross_entropy"))
        page.evaluate(
            """bytes => {
              const section = document.querySelector("[data-testid=section-train]");
              const dataTransfer = new DataTransfer();
              dataTransfer.items.add(new File([new Uint8Array(bytes)], "mine.npz"));
              for (const type of ["dragover", "drop"]) {
                const options = { dataTransfer, bubbles: true, cancelable: true };
                section.dispatchEvent(new DragEvent(type, options));
              }
            }""",
            list(data),
        )
        expect(part(page, "file-words")).to_contain_text(
            "mine.npz: a 784-10 net. Press Resume to train it."
        )
        part(page, "train-pause").click()
        expect_state(page, "training")

    def test_files_dropped_anywhere_are_each_answered(self, page: Page) -> None:
        """The browser must not leave the page for them, wherever they fall."""
        expect(part(page, "open")).to_be_enabled()
        data = saving.dumps(Network.mlp([784, 10], output="softmax", loss="cross_entropy"))
        kept = page.evaluate(
            """bytes => {
              const dataTransfer = new DataTransfer();
              const files = { "notes.txt": [104, 105], "mine.npz": bytes, "too.npz": bytes };
              for (const [name, content] of Object.entries(files))
                dataTransfer.items.add(new File([new Uint8Array(content)], name));
              const section = document.querySelector("[data-testid=section-playground]");
              const seen = ["dragover", "drop"].map((type) => {
                const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
                section.dispatchEvent(event);
                return event.defaultPrevented;
              });
              const text = new DataTransfer();
              text.setData("text/plain", "words");
              const other = new DragEvent("drop", { dataTransfer: text, bubbles: true, cancelable: true });
              section.dispatchEvent(other);
              return [...seen, other.defaultPrevented];
            }""",  # noqa: E501
            list(data),
        )
        assert kept == [True, True, False]
        words = part(page, "file-words")
        expect(words).to_contain_text("notes.txt: ")
        expect(words).to_contain_text("mine.npz: a 784-10 net. Press Resume to train it.")
        expect(words).to_contain_text("too.npz: not opened, as mine.npz is open now.")
        expect(words).to_be_in_viewport()

    @pytest.mark.chromium("only there a test is given choosers of files")
    def test_files_that_are_refused(self, page: Page, tmp_path: Path) -> None:
        net = Network.mlp([784, 10])
        foreign = onnx.load_from_string(saving.dumps(net, format="onnx"))
        del foreign.metadata_props[:]
        arrays = {"weight": np.eye(3, dtype=np.float32)}
        contents: dict[str, tuple[bytes, str]] = {
            "foreign.onnx": (foreign.SerializeToString(), "was not written by nets"),
            "foreign.safetensors": (safetensors.numpy.save(arrays), "was not written by nets"),
            "half.npz": (saving.dumps(net)[:900], "not an .npz file, or it is damaged"),
            "text.npz": (b"hello", "a text that begins with 'hello', not a net"),
            "empty.npz": (b"", "the file is empty"),
            "page.npz": (b"<!DOCTYPE html><title>404</title>", "a web page, not a net"),
            "pointer.onnx": (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
                "a Git LFS pointer, not a net",
            ),
            f"{'long' * 40}.npz": (b"\x01\x02", "not an .npz, .safetensors or .onnx file"),
            "plane.npz": (saving.dumps(Network.mlp([2, 1])), "expected 784 pixels and 10 digits"),
            "large.npz": (bytes(65 * 2**20), "files of more than 64 MB cannot be opened"),
        }
        for name, (data, why) in contents.items():
            path = tmp_path / name
            path.write_bytes(data)
            open_file(page, path)
            expect(part(page, "file-words")).to_contain_text(name)
            expect(part(page, "file-words")).to_contain_text(why)
            assert "Traceback" not in part(page, "file-words").inner_text()
            expect_state(page, "ready")
        path = tmp_path / "good.npz"
        path.write_bytes(saving.dumps(net))
        train(page, **LONG)
        open_file(page, path)
        expect(part(page, "file-words")).to_contain_text("A net is in training")
        expect_state(page, "training")
        part(page, "train-reset").click()
        open_file(page, path)
        expect_state(page, "paused")
        draw(page, SEVEN)
        part(page, "train-reset").click()
        images = np.zeros((50, 784), np.uint8)
        elsewhere = Trainer(net, Adam(0.1), images, np.zeros(50, np.intp))
        path.write_bytes(saving.dumps(elsewhere))
        open_file(page, path)
        expect(part(page, "file-words")).to_have_text(
            "good.npz: a 784-10 net; it learned from 50 other examples, so its training begins "
            "anew. Press Resume to train it."
        )

    def test_there_is_nothing_to_save_before_there_is_a_net(self, page: Page) -> None:
        expect(part(page, "save")).to_be_disabled()
        expect(part(page, "open")).to_be_enabled()
