"""Your own backward: a visitor changes the library's code, and nothing that it does gets out."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Worker, expect

import visiting
from building import environment
from visiting import SEVEN, draw, expect_guess, part

PATIENCE = 90_000
OWN_DATABASES = ["nets /"]
"""Where a page at the root of its host keeps its nets."""
GRADIENTS = """\
def gradients(self, delta):
    delta = delta / len(delta)
    return [ops.matmul_tn(delta, self.a_in), delta.sum(axis=0)]
"""


def library(file: str, owner: str, name: str) -> str:
    """A method's text in the repository, found by another way than the page's."""
    source = Path(environment.ROOT, "nets_core", file).read_text()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == owner:
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == name:
                    lines = source.splitlines()[method.lineno - 1 : method.end_lineno]
                    return textwrap.dedent("\n".join(lines)) + "\n"
    raise AssertionError(f"{file} has no {owner}.{name}")


def open_section(page: Page, url: str) -> Page:
    visiting.open_ready(page, url)
    part(page, "section-own").scroll_into_view_if_needed()
    expect(part(page, "own-editor")).to_have_attribute("data-ready", "yes", timeout=PATIENCE)
    return page


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser, viewport={"width": 1000, "height": 800}) as context:
        yield open_section(context.new_page(), site_url)


@pytest.fixture
def page(open_page: Page) -> Iterator[Page]:
    """The section with the library's own Dense.gradients in the editor."""
    yield open_page
    part(open_page, "own-stop").evaluate("stop => stop.click()")  # which does nothing at rest
    expect(part(open_page, "own-run")).to_be_enabled(timeout=PATIENCE)
    part(open_page, "own-target").select_option("Dense.gradients")
    if part(open_page, "own-reset").is_enabled():
        part(open_page, "own-reset").click()


def code(page: Page) -> str:
    """What the editor shows."""
    lines = part(page, "own-editor").locator(".cm-line").all_text_contents()
    return "\n".join(lines)


def write(page: Page, text: str) -> None:
    """Put a text in the place of the editor's, as by pasting it."""
    part(page, "own-editor").locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")  # over a selection Chromium would write in its style, inline
    assert page.context.browser is not None
    if page.context.browser.browser_type.name == "chromium":
        page.keyboard.insert_text(text)
        return
    for i, line in enumerate(text.split("\n")):  # there it is typed, and the editor indents
        if i > 0:
            page.keyboard.press("Enter")
            page.keyboard.press("Shift+Home")
            page.keyboard.press("Delete")
        page.keyboard.insert_text(line)


def run(page: Page) -> None:
    part(page, "own-run").click()


def expect_words(page: Page, words: str) -> None:
    expect(part(page, "own-words")).to_contain_text(words, timeout=PATIENCE)


def expect_message_at(page: Page, line: int, words: str) -> None:
    """A message that names the line, and stands under it."""
    expect_words(page, f"Line {line}:")
    expect_words(page, words)
    rows = part(page, "own-editor").locator(".cm-content > *")
    classes = [row.get_attribute("class") or "" for row in rows.all()]
    message = classes.index("message")
    expect(rows.nth(message)).to_contain_text(words)
    expect(rows.nth(message - 1)).to_contain_class("marked")
    assert message == line, "the message stands under its line"
    expect(part(page, "own-run")).to_be_enabled()


def test_the_editor_holds_the_librarys_own_code(page: Page) -> None:
    assert code(page) == library("layers.py", "Dense", "gradients")
    part(page, "own-target").select_option("Network.backpropagate")
    assert code(page) == library("network.py", "Network", "backpropagate")
    expect(part(page, "own-place")).to_contain_text("nets_core/network.py, line")


@pytest.mark.every_engine("the sandbox")
def test_the_same_code_is_right_and_runs_a_dead_heat(page: Page) -> None:
    run(page)
    expect_words(page, "Done.")
    race = part(page, "own-race")
    expect(race.get_by_test_id("race-verdict")).to_have_attribute("data-right", "yes")
    healthy, changed = (
        race.get_by_test_id(f"race-{side}-fresh").get_attribute("data-value")
        for side in ("healthy", "changed")
    )
    assert healthy == changed
    assert float(healthy or 0) > 0.8


def test_a_sum_in_place_of_the_mean_is_seen_and_mended(page: Page) -> None:
    write(page, GRADIENTS.replace("    delta = delta / len(delta)\n", ""))
    run(page)
    expect_words(page, "Done.")
    race = part(page, "own-race")
    expect(race.get_by_test_id("race-verdict")).to_have_attribute("data-right", "no")
    fresh = race.get_by_test_id("race-changed-fresh").get_attribute("data-value")
    assert float(fresh or 1) < 0.3
    write(page, GRADIENTS)
    run(page)
    expect_words(page, "Done.")
    expect(race.get_by_test_id("race-verdict")).to_have_attribute("data-right", "yes")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def gradients(self, delta):\n    return [\n", 2, "This is not Python"),
        ("x = 1\ny = 2 / 0\n" + GRADIENTS, 2, "ZeroDivisionError"),
        ("def gradients(self, delta):\n    d = delta\n    return wrong", 3, "NameError"),
        ("def gradients(self, delta):\n    return delta @ self.a_in\n", 2, "ValueError: matmul"),
        ("def gradients(self, delta):\n    raise SystemExit\n", 2, "SystemExit"),
        ("def gradients(self, delta):\n    return self.gradients(delta)\n", 2, "RecursionError"),
        ("def something_else():\n    pass\n", 1, "does not define gradients"),
    ],
    ids=["syntax", "top level", "name", "shape", "exit", "recursion", "no def"],
)
def test_what_goes_wrong_is_told_at_its_line(page: Page, text: str, line: int, words: str) -> None:
    write(page, text)
    run(page)
    expect_message_at(page, line, words)
    assert code(page).split("This")[0].startswith(text.splitlines()[0])


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("None", "could not be used"),
        ("[np.zeros((3, 3)), np.zeros(2)]", "has shape (3, 3)"),
        ("[1, 2, 3]", "has shape ()"),
    ],
)
def test_what_cannot_be_used_is_told(page: Page, returned: str, words: str) -> None:
    write(page, f"def gradients(self, delta):\n    return {returned}\n")
    run(page)
    expect_words(page, words)
    expect(part(page, "own-run")).to_be_enabled()


def test_nan_is_found_by_the_check(page: Page) -> None:
    write(page, GRADIENTS.replace("/ len(delta)", "* np.nan"))
    run(page)
    expect(part(page, "own-race").get_by_test_id("race-verdict")).to_have_attribute(
        "data-right", "no", timeout=PATIENCE
    )


@pytest.mark.every_engine("the sandbox")
def test_an_endless_loop_is_stopped_and_the_next_run_works(page: Page) -> None:
    write(page, "def gradients(self, delta):\n    while True:\n        pass\n")
    run(page)
    expect_words(page, "still running")
    draw(page, SEVEN)  # the page itself goes on
    expect_guess(page, 7)
    part(page, "section-own").scroll_into_view_if_needed()
    part(page, "own-stop").click()
    expect(part(page, "own-words")).to_contain_text("Stopped")
    assert "while True" in code(page)
    write(page, GRADIENTS)
    run(page)
    expect_words(page, "Done.")
    part(page, "clear").click()


@pytest.mark.every_engine("the sandbox")
def test_memory_ends_at_512_megabytes(page: Page) -> None:
    hungry = "    kept = []\n    while True:\n        kept.append(bytearray(2**24))\n"
    write(page, "def gradients(self, delta):\n" + hungry)
    run(page)
    expect_message_at(page, 4, "512 MB")


def test_what_the_code_prints_is_shown_within_limits(page: Page) -> None:
    loud = "    for i in range(10_000):\n        print('shape', i, delta.shape)\n"
    write(page, GRADIENTS.replace("    return", loud + "    return"))
    run(page)
    expect(part(page, "own-output")).to_contain_text("shape 0 (6, 30)", timeout=PATIENCE)
    part(page, "own-stop").click()
    assert len(part(page, "own-output").inner_text().splitlines()) <= 200


SABOTAGE = """\
from nets_core.page.lab import Lab
def deep():
    value = "x"
    for _ in range(100_000):
        value = [value]
    return value
Lab.call = lambda *_: ANSWER
"""
LONG = "'x' * 60_000_000"
FLOODS = {
    "an error": (f"raise ValueError({LONG})", "Line 1: ValueError: xxx"),
    "a line": (f"print({LONG})\n{GRADIENTS}", "Done."),
    "a refusal": (f"{{'error': {{'message': {LONG}}}}}", "xxx"),
    "a crash": (f"(_ for _ in ()).throw(KeyError({LONG}))", "Python has crashed"),
    "depth": ("{'value': deep()}", "is no result"),
    "a list": ("{'value': {'healthy': [1] * 10_000_000}}", "is no result"),
    "a half line": (
        "from nets_core.study.patching import Refused\nraise Refused('it', -1.5)",
        "is no result",
    ),
}
"""Code that sends too much, and what the page says then; some of it answers in the Lab's place."""


def test_what_comes_out_is_cut_and_the_page_goes_on(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def heap() -> float:
        devtools.send("HeapProfiler.collectGarbage")
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize"))

    page.evaluate(
        """() => {
          let last = performance.now();
          window.longest = 0;
          window.watching = setInterval(() => {
            window.longest = Math.max(window.longest, performance.now() - last);
            last = performance.now();
          }, 50);
        }"""
    )
    before = heap()
    for name, (text, words) in FLOODS.items():
        answers = text.startswith(("{", "("))
        write(page, SABOTAGE.replace("ANSWER", text) + GRADIENTS if answers else text)
        run(page)
        expect_words(page, words)
        expect(part(page, "own-run")).to_be_enabled(timeout=PATIENCE)
        assert len(part(page, "own-words").inner_text()) < 2100, name
        lines = part(page, "own-output").inner_text().splitlines()
        assert len(lines) <= 200, name
        assert max(map(len, lines), default=0) <= 500, name
    assert heap() - before < 50e6
    longest = page.evaluate("() => { clearInterval(window.watching); return window.longest; }")
    assert longest < 5000, "the page stood still for so many milliseconds"


def test_stop_is_pressed_in_a_flood(page: Page) -> None:
    write(page, "while True:\n    print('x' * 1_000_000)\n")
    run(page)
    expect(part(page, "own-output")).to_contain_text("which is not shown", timeout=PATIENCE)
    part(page, "own-stop").click(timeout=5000)
    expect(part(page, "own-words")).to_contain_text("Stopped")


def test_stop_ends_a_worker_that_holds_more_than_pythons_memory(page: Page) -> None:
    """JavaScript's own arrays do not count towards Python's 512 MB."""
    workers = len(page.workers)
    arrays = "[pyodide_js._module.HEAPU8.constructor.new(2**28) for _ in range(3)]"
    write(page, f"import pyodide_js\nkept = {arrays}\nprint('kept')\nwhile True: pass\n")
    run(page)
    expect(part(page, "own-output")).to_contain_text("kept", timeout=PATIENCE)
    part(page, "own-stop").click()
    expect(part(page, "own-words")).to_contain_text("Stopped")
    visiting.until(page, lambda: len(page.workers) <= workers, "the worker has ended")


def test_each_run_has_a_python_of_its_own(page: Page) -> None:
    """What a run does to the whole library is not there in the next."""
    spoil = "from nets_core.layers import Dense\nDense.gradients = lambda self, delta: None\n"
    write(page, spoil + GRADIENTS)
    run(page)
    expect(part(page, "own-run")).to_be_enabled(timeout=PATIENCE)
    write(page, GRADIENTS)
    run(page)
    expect_words(page, "Done.")


def test_a_link_brings_the_code_and_does_not_run_it(browser: Browser, page: Page) -> None:
    write(page, GRADIENTS + "\nprint('it runs')\n")
    part(page, "own-settings").locator("[name=learningRate]").fill("1.5")
    part(page, "own-settings").locator("[name=learningRate]").blur()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    part(page, "own-share").click()
    expect_words(page, "The link is copied")
    link: str = page.evaluate("navigator.clipboard.readText()")
    with visiting.visitor(browser, viewport={"width": 1000, "height": 800}) as context:
        other = context.new_page()
        other.goto(link)
        expect(part(other, "own-editor")).to_have_attribute("data-ready", "yes", timeout=PATIENCE)
        assert "print('it runs')" in code(other)
        expect(part(other, "own-settings").locator("[name=learningRate]")).to_have_value("1.5")
        expect(part(other, "own-note")).to_contain_text("has not run yet")
        # The sandbox for the code is there and Python answers: nothing more comes by itself.
        expect(other.locator("iframe[title='Where your code runs']")).to_have_count(1)
        visiting.expect_state(other, "ready", visiting.START_PATIENCE)
        visiting.settled(other)
        expect(part(other, "own-stop")).to_be_disabled()
        expect(part(other, "own-words")).to_have_text("")
        expect(part(other, "own-output")).to_have_text("")
        run(other)
        expect(part(other, "own-output")).to_have_text("it runs\n", timeout=PATIENCE)


@pytest.mark.parametrize(
    "address",
    ["#own?target=Dense.gradients&code=%%%", "#own?target=Dense.gradients&code=AAAA", "#own?code="],
)
def test_a_damaged_link_is_told(page: Page, address: str) -> None:
    page.evaluate("address => { location.hash = address }", address)
    expect_words(page, "link")
    assert code(page) == library("layers.py", "Dense", "gradients")


@pytest.mark.parametrize("target", ["__proto__", "constructor", "FullyConnected.gradients", ""])
def test_a_link_for_a_function_that_is_not_there_keeps_its_code(page: Page, target: str) -> None:
    query = f"target={target}&code={visiting.packed(GRADIENTS + '# theirs')}&seed=7&__proto__=1"
    page.evaluate("query => { location.hash = `#own?${query}` }", query)
    expect_words(page, "names a function that this page does not have")
    assert code(page).endswith("# theirs")
    expect(part(page, "own-target")).to_have_value("Dense.gradients")
    expect(part(page, "own-note")).to_contain_text("has not run yet")


def test_a_bomb_in_a_link_is_refused(page: Page) -> None:
    bomb = visiting.packed("x" * 50_000_000)
    page.evaluate("code => { location.hash = `#own?target=sigmoid&code=${code}` }", bomb)
    expect_words(page, "more than")


def test_a_reload_keeps_the_code(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser) as context:
        page = open_section(context.new_page(), site_url)
        write(page, GRADIENTS + "# mine\n")
        page.wait_for_function("() => location.hash.startsWith('#own?')")
        page.reload()
        expect(part(page, "own-editor")).to_have_attribute("data-ready", "yes", timeout=PATIENCE)
        assert code(page).endswith("# mine\n")


def test_reset_brings_the_library_back_and_undo_the_visitors(page: Page) -> None:
    write(page, GRADIENTS + "# mine\n")
    part(page, "own-reset").click()
    assert code(page) == library("layers.py", "Dense", "gradients")
    part(page, "own-editor").locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+z")
    assert code(page).endswith("# mine\n")


def test_a_bug_of_the_gallery_comes_with_its_settings_and_is_mended_by_hand(page: Page) -> None:
    part(page, "section-bugs").scroll_into_view_if_needed()
    part(page, "bugs-list").get_by_role("button", name="transpose").click(timeout=PATIENCE)
    part(page, "bugs-edit").click()
    expect(part(page, "own-target")).to_have_value("Dense.backward")
    expect(part(page, "own-settings").locator("[name=hidden]")).to_have_value("10, 10")
    run(page)
    verdict = part(page, "own-race").get_by_test_id("race-verdict")
    expect(verdict).to_have_attribute("data-right", "no", timeout=PATIENCE)
    expect_words(page, "Done.")
    write(page, code(page).replace("matmul_nt", "matmul_nn"))
    run(page)
    expect(verdict).to_have_attribute("data-right", "yes", timeout=PATIENCE)
    expect_words(page, "Done.")


def test_tab_indents_for_who_writes_and_leads_on_for_who_passes_by(page: Page) -> None:
    write(page, "def gradients(self, delta):\n")
    page.keyboard.press("Tab")
    page.keyboard.type("pass")
    assert code(page) == "def gradients(self, delta):\n    pass"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(part(page, "own-settings").locator("[name=learningRate]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(part(page, "own-settings").locator("[name=learningRate]")).to_be_focused()


ATTEMPTS = {
    "fetch": "fetch('{url}escaped').then(() => 'out', String)",
    "import": "import('{url}escaped.js').then(() => 'out', String)",
    "importScripts": "new Promise((done) => done(importScripts('{url}escaped.js')))",
    "WebSocket": """new Promise((done) => {{
        const socket = new WebSocket('{socket}escaped');
        socket.onopen = () => done('out'); socket.onerror = () => done('error'); }})""",
    "XMLHttpRequest": """new Promise((done) => {{
        const request = new XMLHttpRequest();
        request.onload = () => done('out'); request.onerror = () => done('error');
        request.open('GET', '{url}escaped'); request.send(); }})""",
    "EventSource": """new Promise((done) => {{
        const source = new EventSource('{url}escaped');
        source.onopen = () => done('out'); source.onerror = () => done('error'); }})""",
    "Worker": """new Promise((done) => {{
        const worker = new Worker('{url}escaped.js');
        worker.onmessage = () => done('out'); worker.onerror = () => done('error'); }})""",
    "caches": "caches.open('poison').then(() => 'out', String)",
    "IndexedDB": """new Promise((done) => {{
        const asked = indexedDB.open('poison');
        asked.onsuccess = () => done('out'); asked.onerror = () => done('error'); }})""",
    "eval": "(0, eval)('\"out\"')",
    "Function": "Function('return \"out\"')()",
}
LATER = """new Promise((done) => setTimeout(async () => {
  try { done(await (SCRIPT)); } catch (error) { done(String(error)); }
}))"""  # not within the evaluation, which the developer tools exempt from the policy


@pytest.fixture
def cage(browser: Browser, serve_site: Callable[..., Any]) -> Iterator[tuple[Page, Worker, Any]]:
    """A page whose spare sandbox has started, that sandbox's worker, and the page's server."""
    site = serve_site()
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    context.add_init_script(visiting.NO_SERVICE_WORKER)
    page = context.new_page()
    with page.expect_worker(lambda one: one.url.startswith("blob:"), timeout=PATIENCE) as caged:
        open_section(page, site.url)
    yield page, caged.value, site
    context.close()


@pytest.mark.provokes_errors
def test_not_even_javascript_gets_out_of_the_sandbox(cage: tuple[Page, Worker, Any]) -> None:
    """As if the code had found a way past Python: the frame's policy still holds it."""
    page, worker, site = cage
    assert worker.evaluate("self.origin") == "null"
    socket = site.url.replace("http", "ws", 1)
    for name, attempt in ATTEMPTS.items():
        script = attempt.format(url=site.url, socket=socket)
        answer = worker.evaluate(LATER.replace("SCRIPT", script))
        assert "out" not in answer.split(), f"{name}: {answer}"
    assert not any("escaped" in address for address in site.requested)
    assert page.evaluate("caches.keys()") == []
    databases = page.evaluate("async () => (await indexedDB.databases()).map(({ name }) => name)")
    assert [name for name in databases if name not in OWN_DATABASES] == []


@pytest.mark.provokes_errors
def test_messages_out_of_the_sandbox_change_nothing(cage: tuple[Page, Worker, Any]) -> None:
    page, worker, _ = cage
    page.evaluate(
        """() => {
          window.heard = [];
          new BroadcastChannel("nets").onmessage = ({ data }) => window.heard.push(data);
        }"""
    )
    worker.evaluate("new BroadcastChannel('nets').postMessage('poison')")
    worker.evaluate(
        "postMessage({ loaded: true, died: true, ready: true, id: 1, value: 'poison' })"
    )
    run(page)
    expect_words(page, "Done.")  # by messages of the same sandbox, after those
    assert page.evaluate("window.heard") == []


PYTHON_ATTEMPTS = """\
import js

def attempt(name, action):
    try:
        print(name, "out", action())
    except BaseException as error:
        print(name, "kept in", type(error).__name__)

def through_function():
    return js.constructor.constructor("return fetch('{url}escaped')")()

def through_code():
    from pyodide.code import run_js
    return run_js("fetch('{url}escaped')")

def through_http():
    from pyodide.http import open_url
    return open_url("{url}escaped")

def through_urllib():
    import urllib.request
    return urllib.request.urlopen("{url}escaped")

def through_packages():
    import pyodide_js
    return pyodide_js.loadPackage("{url}escaped.whl")

attempt("fetch", lambda: js.fetch("{url}escaped"))
attempt("XMLHttpRequest", lambda: js.XMLHttpRequest.new())
attempt("WebSocket", lambda: js.WebSocket.new("{socket}escaped"))
attempt("caches", lambda: js.caches)
attempt("indexedDB", lambda: js.indexedDB)
attempt("BroadcastChannel", lambda: js.BroadcastChannel.new("nets"))
attempt("postMessage", lambda: js.postMessage("poison"))
attempt("globalThis", lambda: js.globalThis)
attempt("Function", through_function)
attempt("run_js", through_code)
attempt("open_url", through_http)
attempt("urllib", through_urllib)
"""


@pytest.mark.provokes_errors
@pytest.mark.every_engine("the sandbox")
def test_python_finds_no_way_out_either(cage: tuple[Page, Worker, Any]) -> None:
    page, _, site = cage
    socket = site.url.replace("http", "ws", 1)
    text = PYTHON_ATTEMPTS.replace("{url}", site.url).replace("{socket}", socket)
    write(
        page, text + "\ntry:\n    through_packages()\nexcept BaseException:\n    pass\n" + GRADIENTS
    )
    run(page)
    expect(part(page, "own-output")).to_contain_text("urllib", timeout=PATIENCE)
    lines = part(page, "own-output").inner_text().splitlines()
    attempts = [line for line in lines if " kept in " in line or " out " in line]
    assert len(attempts) == 12
    assert not [line for line in attempts if " out " in line]
    expect(part(page, "own-run")).to_be_enabled(timeout=PATIENCE)
    assert not any("escaped" in address for address in site.requested)


@pytest.mark.provokes_errors
def test_an_editor_that_does_not_load_is_told(
    browser: Browser, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    site.faults["editor.js"] = "missing"
    with visiting.visitor(browser, errors=True) as context:
        page = visiting.open_ready(context.new_page(), site.url)
        part(page, "section-own").scroll_into_view_if_needed()
        expect_words(page, "The editor did not load: HTTP status 404. Reload the page")
        expect(part(page, "own-run")).to_be_disabled()


@pytest.mark.provokes_errors
def test_a_python_that_cannot_start_is_told(
    browser: Browser, serve_site: Callable[..., Any]
) -> None:
    site = serve_site()
    with visiting.visitor(browser, errors=True) as context:
        page = visiting.open_ready(context.new_page(), site.url)
        site.faults["pyodide/pyodide.mjs"] = "missing"  # which the page itself has by now
        part(page, "section-own").scroll_into_view_if_needed()
        expect(part(page, "own-editor")).to_have_attribute("data-ready", "yes", timeout=PATIENCE)
        run(page)
        expect_words(page, "pyodide/pyodide.mjs did not load: HTTP status 404")
        expect(part(page, "own-run")).to_be_enabled()
        del site.faults["pyodide/pyodide.mjs"]
        run(page)
        expect_words(page, "Done.")
