"""WebKit, which Playwright does not drive: visits by WebDriver, and what tests ask of them.

Debian's WebKitGTK comes with a small browser of its own and a WebDriver for it. It needs a display,
so it gets a virtual one.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

from selenium.webdriver import Keys, WebKitGTK
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from visiting import START_PATIENCE, Stroke, between

T = TypeVar("T")

WIDTH, HEIGHT = 1000, 900
PATIENCE = 2 * START_PATIENCE / 1000
"""Seconds that anything may take, however busy the machine is."""
DEAF = 10
"""Seconds after which a press that a page has not heard was lost on its way there."""


class Visit:
    """A new visitor's window. Parts of the page are named by their data-testid."""

    def __init__(self, driver: WebKitGTK) -> None:
        self.driver = driver
        driver.set_window_size(WIDTH, HEIGHT)
        driver.set_script_timeout(10 * PATIENCE)

    def open(self, url: str) -> None:
        """Go to an address; keep what the page says on its console from then on."""
        self.driver.get(url)
        self.driver.execute_script(
            """window.errors = [];
            console.error = (...said) => errors.push(said.join(" "));
            const refused = ({ blockedURI }) => errors.push(blockedURI);
            addEventListener("securitypolicyviolation", refused);"""
        )

    def open_ready(self, url: str) -> Visit:
        """Open the page and wait until it can read."""
        self.open(url)
        self.expect_state("ready")
        return self

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """What a JavaScript function, which may be async, returns for these arguments."""
        answer = self.driver.execute_async_script(
            f"""const done = arguments[arguments.length - 1];
            Promise.resolve(({function})(...[...arguments].slice(0, -1)))
              .then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));""",
            *arguments,
        )
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def part(self, testid: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, f'[data-testid="{testid}"]')

    def all(self, testid: str, selector: str) -> list[WebElement]:
        """What matches a selector within a part."""
        return self.part(testid).find_elements(By.CSS_SELECTOR, selector)

    def text(self, testid: str) -> str:
        return self.part(testid).get_property("textContent") or ""  # type: ignore[return-value]

    def number(self, testid: str) -> float | None:
        """The raw number that a part shows; None where it shows none."""
        raw = self.part(testid).get_attribute("data-value")
        return float(raw) if raw else None

    def show(self, testid: str) -> WebElement:
        """Scroll a part to the middle of the window."""
        element = self.part(testid)
        self.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
        return element

    def click(self, testid: str) -> None:
        """Press a part once that is possible."""
        self.until(lambda: self.part(testid).is_enabled(), f"{testid} can be pressed")
        self.press(self.part(testid))

    def press(self, element: WebElement) -> None:
        """Press an element; again if the page did not hear the driver's mouse."""
        self.driver.execute_script(
            """arguments[0].scrollIntoView({ block: "center" });
            window.heard = false;
            const hear = () => (window.heard = true);
            arguments[0].addEventListener("click", hear, { capture: true, once: true });""",
            element,
        )
        element.click()
        deadline = time.monotonic() + DEAF
        while not self.driver.execute_script("return window.heard !== false"):
            if time.monotonic() > deadline:
                element.click()
                break
            time.sleep(0.1)

    def choose(self, testid: str, value: str) -> None:
        Select(self.show(testid)).select_by_value(value)

    def field(self, form: str, name: str) -> WebElement:
        """A field of a form, in the middle of the window."""
        [field] = self.all(form, f"[name={name}]")
        self.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", field)
        return field

    def choose_in(self, form: str, name: str, value: str) -> None:
        Select(self.field(form, name)).select_by_value(value)

    def type_in(self, form: str, name: str, text: str) -> None:
        """Type over what a field of a form holds, and leave it."""
        self.type_over(self.field(form, name), text)

    def type_over(self, field: WebElement, text: str) -> None:
        """Type over what a field holds, as a hand would, and leave it.

        The driver's own ``clear`` reports an empty field as a finished entry, which means the
        default, and the page may fill it in while the keys arrive.
        """
        self.driver.execute_script("arguments[0].focus(); arguments[0].select()", field)
        field.send_keys(text, Keys.TAB)

    def until(self, condition: Callable[[], T], what: str) -> T:
        """Wait until something is true, and return it."""
        wait = WebDriverWait(self.driver, PATIENCE, poll_frequency=0.1)
        found: T = wait.until(lambda _: condition(), f"waited in vain until {what}")
        return found

    def expect_text(self, testid: str, words: str) -> None:
        """Wait until a part contains words."""
        self.until(lambda: words in self.text(testid), f"{testid} says “{words}”")

    def expect_attribute(self, testid: str, name: str, value: str) -> None:
        self.until(
            lambda: self.part(testid).get_attribute(name) == value, f"{testid} has {name}={value}"
        )

    def expect_state(self, state: str) -> None:
        """Wait for a state of the status line."""
        self.expect_attribute("status", "data-state", state)

    def expect_guess(self, digit: str) -> None:
        """Wait until the page reads this digit, or nothing if it is empty."""
        self.expect_attribute("guess", "data-value", digit)

    def expect_seen(self, testid: str) -> None:
        self.until(lambda: self.part(testid).is_displayed(), f"{testid} is seen")

    def draw(self, strokes: Sequence[Stroke], lift: bool = True, on: str = "draw-canvas") -> None:
        """Draw with the mouse, and lift the pen at the end unless told otherwise."""
        box = self.driver.execute_script(
            "return arguments[0].getBoundingClientRect().toJSON()", self.show(on)
        )
        actions = ActionBuilder(self.driver, duration=0)
        mouse = actions.pointer_action
        for stroke in strokes:
            for i, (x, y) in enumerate([stroke[0], *between(stroke)]):
                mouse.move_to_location(
                    round(box["left"] + x * box["width"]), round(box["top"] + y * box["width"])
                )
                if i == 0:
                    mouse.pointer_down()
            if lift or stroke is not strokes[-1]:
                mouse.pointer_up()
        actions.perform()

    def lift(self) -> None:
        """Lift the pen where it is."""
        actions = ActionBuilder(self.driver)
        actions.pointer_action.pointer_up()
        actions.perform()

    def clear(self) -> None:
        """Empty the pad, if there is anything on it."""
        if self.part("clear").is_enabled():
            self.click("clear")
        self.expect_guess("")

    def errors(self) -> list[str]:
        """What the page complained about, on the console or in its own notes."""
        report = self.evaluate("() => nets.diagnostics()")
        noted = report.split("\nerrors:\n")[1].splitlines()
        said: list[str] = self.driver.execute_script("return errors")
        return said + [line for line in noted if line != "none"]


@contextmanager
def visitor(program: str, display: str) -> Iterator[Visit]:
    """A new visitor; afterwards no request has left this machine.

    ``program`` is WebKit's MiniBrowser.
    """
    with _Abroad.listening() as abroad:
        options = Options()
        options.binary_location = program
        for argument in (
            "--automation",
            f"--proxy=http://localhost:{abroad.server_port}",
            "--ignore-host=localhost",
        ):
            options.add_argument(argument)
        driver = WebKitGTK(options, Service(env=os.environ | {"DISPLAY": display}))
        try:
            yield Visit(driver)
        finally:
            driver.quit()
        assert abroad.asked == [], "requests left this machine"


@contextmanager
def virtual_display() -> Iterator[str]:
    """The name of a display that nobody sees."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
    with subprocess.Popen(
        [*command, "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            yield f":{server.stdout.readline().strip()}"
        finally:
            server.terminate()


class _Abroad(ThreadingHTTPServer):
    """A proxy for all other hosts: it notes what is asked of them, and answers nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("localhost", 0), _Refusal)
        self.asked: list[str] = []

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator[_Abroad]:
        with cls() as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server
            server.shutdown()


class _Refusal(BaseHTTPRequestHandler):
    server: _Abroad

    def handle_one_request(self) -> None:
        if line := self.rfile.readline():
            self.server.asked.append(line.decode("latin-1").strip())
        self.close_connection = True
