"""``window.nets`` and the page's test ids, to the letter of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import visiting
from nets_core.data import digits
from visiting import SEVEN, draw, expect_guess, number, part

SETTINGS = [
    "recipe",
    "hidden",
    "activation",
    "output",
    "loss",
    "optimizer",
    "learningRate",
    "l2",
    "initializer",
    "batchSize",
    "epochs",
    "seed",
]
PARTS = [
    "status",
    "draw-canvas",
    "guess",
    "undo",
    "erase",
    "clear",
    "model-picker",
    "train-start",
    "train-pause",
    "train-step",
    "train-reset",
    "epoch",
    "cost",
    "test-accuracy",
    "throughput",
    "section-draw",
    "section-train",
] + [f"probability-{digit}" for digit in range(10)]

# Keeps what a promise came to, and what happened on the way, where later calls can see it.
FOLLOW = """async ([settings, name]) => {
  const run = { events: [], outcome: undefined };
  window[name] = run;
  nets.train(settings, (progress) => run.events.push(progress)).then(
    (value) => (run.outcome = { value }),
    (error) => (run.outcome = { name: error.name, message: error.message,
                                error: error instanceof Error || error instanceof DOMException }),
  );
}"""


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser) as context:
        yield visiting.open_ready(context.new_page(), site_url)


@pytest.fixture
def page(open_page: Page) -> Page:
    """The page, with nothing drawn and nothing in training."""
    open_page.evaluate("() => nets.reset()")
    visiting.clear(open_page)
    return open_page


def train(page: Page, name: str = "run", **settings: Any) -> None:
    page.evaluate(FOLLOW, [settings, name])


def outcome(page: Page, name: str = "run") -> dict[str, Any]:
    page.wait_for_function("name => window[name].outcome", arg=name, timeout=60_000)
    ended: dict[str, Any] = page.evaluate("name => window[name].outcome", name)
    return ended


def wait_for_progress(page: Page, events: int = 1, name: str = "run") -> None:
    page.wait_for_function(
        "([name, events]) => window[name].events.length >= events",
        arg=[name, events],
        timeout=60_000,
    )


def expect_rest(page: Page) -> None:
    """The net stays as it is: a worker that trains does so between any two questions."""
    pixels = "pixels: new Array(784).fill(0.5)"
    read = f"async () => (await nets.predict({{ {pixels}, model: 'live' }})).probabilities"
    before = page.evaluate(read)
    visiting.settled(page)
    assert page.evaluate(read) == before


def refusal(page: Page, call: str) -> str:
    """The name and message of the error with which a call of ``nets`` rejects."""
    told: str = page.evaluate(
        f"async () => {{ try {{ await {call}; }}"
        " catch (error) { return `${error.name}: ${error.message}`; } return 'no error'; }"
    )
    return told


# --- ready, models


def test_ready_resolves_and_models_are_there_at_once(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser) as context:
        page = context.new_page()
        page.goto(site_url, wait_until="domcontentloaded")
        state, models = page.evaluate(
            "() => [document.querySelector('[data-testid=status]').dataset.state, nets.models()]"
        )
        assert state == "loading"
        assert len(models) >= 1
        for model in models:
            assert set(model) == {"id", "name", "parameters", "accuracy", "bytes"}
            assert 0.9 < model["accuracy"] < 1
            assert model["bytes"] > 1000
        assert {"mlp-30": 23860}.items() <= {m["id"]: m["parameters"] for m in models}.items()
        options = (
            part(page, "model-picker")
            .locator("option")
            .evaluate_all("options => options.map(option => option.value)")
        )
        assert options == [model["id"] for model in models]
        page.evaluate("() => nets.ready")
        visiting.expect_state(page, "ready")


def test_training_asked_for_while_the_page_loads_is_shown(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser) as context:
        page = context.new_page()
        page.goto(site_url, wait_until="domcontentloaded")
        page.evaluate("() => void nets.train({ epochs: 1 }).catch(() => {})")
        expect(part(page, "train-start")).to_be_disabled()
        expect(part(page, "train-words")).to_contain_text("Fetching MNIST")
        visiting.expect_state(page, "training")
        expect(part(page, "train-pause")).to_be_enabled()


# --- predict


def test_predict_reads_strokes(page: Page) -> None:
    strokes = [[[x * 280, y * 280] for x, y in stroke] for stroke in SEVEN]
    answer = page.evaluate("strokes => nets.predict({ strokes, model: 'mlp-30' })", strokes)
    assert set(answer) == {"digit", "probabilities", "image", "milliseconds"}
    assert answer["digit"] == 7
    assert len(answer["probabilities"]) == 10
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert int(np.argmax(answer["probabilities"])) == 7
    assert answer["milliseconds"] >= 0
    expected = digits.rasterize([np.array(stroke) for stroke in strokes])
    np.testing.assert_allclose(np.reshape(answer["image"], (28, 28)), expected, atol=1e-3)


def test_predict_takes_pixels_as_they_are(page: Page) -> None:
    pixels = np.zeros((28, 28), np.float32)
    pixels[2:9, 3] = 1  # off the middle: a drawing would be moved
    answer = page.evaluate("pixels => nets.predict({ pixels })", pixels.ravel().tolist())
    assert answer["image"] == pixels.ravel().tolist()
    typed = page.evaluate(
        "pixels => nets.predict({ pixels: Float32Array.from(pixels) })", pixels.ravel().tolist()
    )
    assert typed["probabilities"] == answer["probabilities"]


def test_where_a_drawing_lies_does_not_matter(page: Page) -> None:
    read = """async ([scale, shift]) => {
      const stroke = [[30, 25], [70, 25], [45, 80]].map(
        ([x, y]) => [x * scale + shift, y * scale + shift]);
      return (await nets.predict({ strokes: [stroke] })).probabilities;
    }"""
    np.testing.assert_allclose(
        page.evaluate(read, [1, 0]), page.evaluate(read, [3, 500]), atol=0.02
    )


@pytest.mark.parametrize(
    "drawing",
    [
        "",
        "{}",
        "{ strokes: [] }",
        "{ strokes: [[]] }",
        "{ strokes: [[], []], model: 'mlp-30' }",
        "{ strokes: null }",
        "{ pixels: [] }",
        "{ pixels: new Array(784).fill(0) }",
        "{ pixels: new Float32Array(783).fill(1) }",
    ],
)
def test_nothing_drawn_is_a_type_error(page: Page, drawing: str) -> None:
    assert refusal(page, f"nets.predict({drawing})").startswith("TypeError: ")


@pytest.mark.parametrize(
    ("drawing", "named"),
    [
        ("{ strokes: [[[1, 2], [3, 4]]], model: 'mlp-31' }", "mlp-31"),
        ("{ strokes: [[[1, 2], [3, 4]]], modle: 'mlp-30' }", "modle"),
        ("{ strokes: [[[1, 2], [NaN, 4]]] }", "stroke"),
        ("{ strokes: [[[1, 2], ['a', 4]]] }", "stroke"),
        ("{ pixels: new Array(784).fill(2) }", "pixels"),
        ("{ pixels: new Array(784).fill(NaN) }", "pixels"),
        ("{ strokes: [[[1, 2], [3, 4]]], model: 'live' }", "live"),
    ],
)
def test_what_predict_refuses_it_names(page: Page, drawing: str, named: str) -> None:
    told = refusal(page, f"nets.predict({drawing})")
    assert named in told
    assert "Traceback" not in told


# --- train


def test_train_resolves_with_the_result(page: Page) -> None:
    train(page, epochs=1)
    result = outcome(page)["value"]
    assert set(result) == {"accuracy", "cost", "epochs", "examplesPerSecond"}
    assert 0.9 < result["accuracy"] < 1
    assert 0 < result["cost"] < 0.2
    assert result["epochs"] == 1
    assert result["examplesPerSecond"] > 100
    visiting.expect_state(page, "ready")
    assert visiting.numbers(page, "test-accuracy", "cost", "throughput", "epoch") == [
        result["accuracy"],
        result["cost"],
        result["examplesPerSecond"],
        1,
    ]
    events = page.evaluate("run.events")
    assert len(events) >= 3
    for event in events:
        assert set(event) == {
            "epoch",
            "step",
            "cost",
            "trainAccuracy",
            "testAccuracy",
            "examplesPerSecond",
        }
        assert event["epoch"] == 1
        assert event["testAccuracy"] is None or 0 <= event["testAccuracy"] <= 1
        assert 0 <= event["trainAccuracy"] <= 1
    steps = [event["step"] for event in events]
    assert steps == sorted(steps)
    assert steps[-1] == 60_000 / 32
    assert events[-1]["testAccuracy"] == result["accuracy"]
    # It stays to be read with.
    [live] = [model for model in page.evaluate("nets.models()") if model["id"] == "live"]
    assert live["parameters"] == 23860
    assert live["accuracy"] == result["accuracy"]
    assert live["bytes"] > 0
    answer = page.evaluate(
        "nets.predict({ strokes: [[[30, 25], [70, 25], [45, 80]]], model: 'live' })"
    )
    assert answer["digit"] == 7


def test_every_key_has_a_default_and_the_controls_follow(page: Page) -> None:
    settings: dict[str, Any] = {
        "hidden": [12, 11],
        "activation": "tanh",
        "output": "softmax",
        "loss": "cross_entropy",
        "optimizer": "sgd",
        "learningRate": 0.05,
        "l2": 0.0001,
        "initializer": "xavier",
        "batchSize": 64,
        "epochs": 2,
        "seed": 5,
    }
    train(page, **settings)
    wait_for_progress(page)
    assert shown(page) == {
        "recipe": "mlp-30",
        **{name: str(value) for name, value in settings.items()},
        "hidden": "12, 11",
    }
    assert page.evaluate("nets.models().at(-1).parameters") == 784 * 12 + 12 + 12 * 11 + 11 + 120
    page.evaluate("() => nets.reset()")
    train(page, epochs=3)
    wait_for_progress(page)
    by_default = shown(page)
    assert by_default["epochs"] == "3"
    assert by_default["hidden"] == "30"
    assert by_default["activation"] == by_default["output"] == "sigmoid"
    assert by_default["loss"] == "mse"


def shown(page: Page) -> dict[str, str]:
    """What the controls of the training's settings say."""
    values: dict[str, str] = page.evaluate(
        "names => Object.fromEntries(names.map((name) => [name,"
        " document.querySelector('[data-testid=settings]').elements.namedItem(name).value]))",
        SETTINGS,
    )
    return values


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ("{ learning_rate: 1 }", "learning_rate"),
        ("{ epoch: 1 }", "epoch"),
        ("{ recipe: 'mlp-31' }", "mlp-31"),
        ("{ activation: 'softmax' }", "activation"),
        ("{ optimizer: 'lbfgs' }", "lbfgs"),
        ("{ initializer: 'ones' }", "ones"),
        ("{ output: 'softmax', loss: 'mse' }", "softmax"),
        ("{ hidden: [0] }", "hidden"),
        ("{ hidden: 30 }", "hidden"),
        ("{ hidden: [NaN] }", "hidden"),
        ("{ batchSize: 0 }", "batchSize"),
        ("{ epochs: 1.5 }", "epochs"),
        ("{ learningRate: 0 }", "learningRate"),
        ("{ learningRate: NaN }", "learningRate"),
        ("{ learningRate: '1' }", "learningRate"),
        ("{ learningRate: Infinity }", "learningRate"),
        ("{ learningRate: 10n ** 5000n }", "learningRate"),
        ("{ learningRate: -0 }", "learningRate"),
        ("{ learningRate: Symbol('1') }", "learningRate"),
        ("{ epochs: () => 1 }", "epochs"),
        ("{ epochs: 1e21 }", "epochs is too large"),
        ("{ hidden: [10n ** 5000n] }", "hidden"),
        ("{ seed: 2 ** 53 }", "seed is too large"),
        ("{ seed: -(10n ** 5000n) }", "seed"),
        ("{ l2: -1 }", "l2"),
        ("{ seed: -1 }", "seed"),
        ("7", "settings"),
    ],
)
def test_what_train_refuses_it_names(page: Page, settings: str, named: str) -> None:
    told = refusal(page, f"nets.train({settings})")
    assert named in told
    assert "Traceback" not in told
    assert "AbortError" not in told
    visiting.expect_state(page, "ready")


def test_a_refused_training_leaves_the_net_that_was_trained(page: Page) -> None:
    train(page, epochs=1, hidden=[5])
    outcome(page)
    assert "momentum" in refusal(page, "nets.train({ momentum: 1 })")
    assert page.evaluate("nets.models().at(-1).id") == "live"
    assert part(page, "model-picker").locator("option[value=live]").count() == 1


def test_pause_and_resume_keep_the_promise_pending(page: Page) -> None:
    train(page, epochs=5)  # one may be over before it is paused
    wait_for_progress(page)
    page.evaluate("() => nets.pause()")
    visiting.expect_state(page, "paused")
    expect_rest(page)
    step = page.evaluate("run.events.at(-1).step")
    expect_rest(page)
    assert page.evaluate("run.outcome") is None
    assert page.evaluate("run.events.at(-1).step") == step
    page.evaluate("() => nets.resume()")
    visiting.expect_state(page, "training")
    assert outcome(page)["value"]["epochs"] == 5


def test_pause_right_after_train_is_not_lost(page: Page) -> None:
    page.evaluate(f"given => {{ ({FOLLOW})(given); nets.pause(); }}", [{"epochs": 1}, "run"])
    visiting.expect_state(page, "paused")
    expect_rest(page)
    visiting.expect_state(page, "paused")
    assert page.evaluate("run.outcome") is None
    page.evaluate("() => nets.resume()")
    assert "value" in outcome(page)


def test_reset_rejects_with_abort_error(page: Page) -> None:
    train(page, epochs=1000)
    wait_for_progress(page)
    page.evaluate("() => nets.reset()")
    ended = outcome(page)
    assert (ended["name"], ended["error"]) == ("AbortError", True)
    visiting.expect_state(page, "ready")
    assert [model["id"] for model in page.evaluate("nets.models()")].count("live") == 0
    assert visiting.numbers(page, "epoch", "cost", "test-accuracy", "throughput") == [None] * 4
    count = page.evaluate("run.events.length")
    visiting.settled(page)  # what the worker told of the run came before these answers
    assert page.evaluate("run.events.length") == count


def test_reset_of_a_paused_run_rejects_too(page: Page) -> None:
    train(page, epochs=1000)
    wait_for_progress(page)
    page.evaluate("() => nets.pause()")
    page.evaluate("() => nets.reset()")
    assert outcome(page)["name"] == "AbortError"


def test_a_second_train_is_refused_and_the_first_goes_on(page: Page) -> None:
    train(page, "first", epochs=5)
    wait_for_progress(page, name="first")
    train(page, "second", epochs=1, hidden=[4])
    assert outcome(page, "second")["name"] == "AbortError"
    assert page.evaluate("second.events.length") == 0
    page.evaluate("() => nets.pause()")
    train(page, "third")
    assert outcome(page, "third")["name"] == "AbortError"
    page.evaluate("() => nets.resume()")
    assert "value" in outcome(page, "first")
    assert page.evaluate("nets.models().at(-1).parameters") == 23860


def test_train_right_after_reset_is_another_run(page: Page) -> None:
    train(page, "first", epochs=1000)
    wait_for_progress(page, name="first")
    for name in ("second", "third"):
        page.evaluate("() => void nets.reset()")
        train(page, name, epochs=1, hidden=[10])
    assert outcome(page, "first")["name"] == "AbortError"
    assert outcome(page, "second")["name"] == "AbortError"
    assert outcome(page, "third")["value"]["epochs"] == 1


def test_pause_resume_and_reset_are_harmless_where_nothing_trains(page: Page) -> None:
    for call in ("pause", "resume", "reset", "resume", "pause"):
        page.evaluate(f"() => nets.{call}()")
    visiting.expect_state(page, "ready")


# --- elements


@pytest.mark.parametrize("testid", PARTS)
def test_the_page_has(page: Page, testid: str) -> None:
    assert part(page, testid).count() == 1


def test_elements_say_what_nets_says(page: Page) -> None:
    assert part(page, "model-picker").evaluate("element => element.tagName") == "SELECT"
    assert part(page, "guess").inner_text() == ""
    draw(page, SEVEN)
    expect_guess(page, 7)
    visiting.settled(page)
    side = part(page, "draw-canvas").evaluate("canvas => canvas.clientWidth")
    assert side == part(page, "draw-canvas").evaluate("canvas => canvas.clientHeight")
    shown = visiting.probabilities(page)
    strokes = [[[x * side, y * side] for x, y in stroke] for stroke in SEVEN]
    model = part(page, "model-picker").input_value()
    answer = page.evaluate("drawing => nets.predict(drawing)", {"strokes": strokes, "model": model})
    assert shown == pytest.approx(answer["probabilities"], abs=0.02)
    assert number(page, "guess") == answer["digit"]
    visiting.clear(page)
    expect(part(page, "guess")).to_have_text("")
