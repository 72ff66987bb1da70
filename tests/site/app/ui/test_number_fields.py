"""Fields for numbers: what people type, and what the page makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import visiting
from nets_core import recipes
from visiting import expect_state, part

AS_IT_WAS = "Learning rate is 'lots', expected a number."


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser) as context:
        yield visiting.open_ready(context.new_page(), site_url)


@pytest.fixture
def page(open_page: Page) -> Page:
    """The page with nothing in training and the first recipe's settings."""
    if part(open_page, "train-reset").is_enabled():
        part(open_page, "train-reset").click()
    expect(part(open_page, "train-start")).to_be_enabled()
    part(open_page, "settings").locator("[name=recipe]").select_option("softmax")
    part(open_page, "settings").locator("[name=recipe]").select_option("mlp-30")
    enter(open_page, "epochs", "1000")
    return open_page


def go_to(page: Page, section: str) -> None:
    page.evaluate(f"document.getElementById('{section}').scrollIntoView()")


def field(page: Page, name: str) -> Locator:
    return part(page, "settings").locator(f"[name={name}]")


def enter(page: Page, name: str, text: str) -> Locator:
    element = field(page, name)
    element.fill(text)
    element.press("Tab")
    return element


def bad_colour(page: Page) -> str:
    return str(
        page.evaluate(
            """() => {
              const probe = document.createElement("p");
              probe.style.color = "var(--bad)";
              document.body.append(probe);
              const { color } = getComputedStyle(probe);
              probe.remove();
              return color;
            }"""
        )
    )


def test_no_field_leaves_a_number_to_the_browser(page: Page) -> None:
    go_to(page, "playground")
    expect(part(page, "section-playground")).to_have_attribute("data-state", "paused")
    expect(page.locator("input[type=number]")).to_have_count(0)
    for element in page.locator("input[role=spinbutton]").all():
        expect(element).to_have_attribute("inputmode", re.compile("decimal|numeric|text"))
        expect(element).to_have_attribute("data-value", re.compile(".*"))


def test_numbers_are_taken_as_people_type_them(page: Page) -> None:
    recipe = recipes.get("mlp-30")
    for name, typed, meant in (
        ("learningRate", "0,01", "0.01"),
        ("learningRate", "０．０２", "0.02"),
        ("learningRate", " 1e−3 ", "0.001"),
        ("learningRate", "", f"{recipe.learning_rate:g}"),
        ("batchSize", "1 000", "1000"),
        ("batchSize", "", str(recipe.batch_size)),
        ("seed", "9007199254740991", "9007199254740991"),
        ("l2", "", f"{recipe.l2:g}"),
        ("hidden", "[30]", "30"),
        ("hidden", "(40, 20)", "40,20"),
        ("hidden", "none", ""),
        ("hidden", "", "30"),
        ("hidden", "784, 20, 10", "20"),
    ):
        element = field(page, name)
        element.fill(typed)
        expect(element).to_have_attribute("data-value", meant)  # while it is typed
        element.press("Tab")
        expect(element).to_have_attribute("data-value", meant)
        if not typed:
            expect(element).to_have_attribute("placeholder", meant)
        expect(element).not_to_have_attribute("aria-invalid", "true")
    expect(field(page, "hidden")).to_have_accessible_description(
        "Read as a net with 784 inputs and 10 outputs; hidden layers: 20."
    )
    enter(page, "learningRate", "0,01")
    part(page, "train-step").click()
    expect_state(page, "paused")
    expect(field(page, "learningRate")).to_have_value("0.01")  # as Python has it
    assert page.evaluate("nets.models().at(-1).parameters") == 784 * 20 + 20 + 20 * 10 + 10


def test_nothing_starts_while_a_field_is_wrong(page: Page) -> None:
    bad = bad_colour(page)
    for name, typed, told in (
        ("learningRate", "lots", AS_IT_WAS),
        ("learningRate", "1,000", "Learning rate is '1,000', which can mean 1 or 1000"),
        ("batchSize", "1.5", "Mini-batch is '1.5', expected a whole number."),
        ("epochs", "1e999", "Epochs is '1e999', which is too large."),
        ("hidden", "1,500", "Hidden layers is '1,500', which can mean 1500 or 1, 500"),
    ):
        element = field(page, name)
        before = element.input_value()
        enter(page, name, typed)
        expect(element).to_have_attribute("aria-invalid", "true")
        expect(element).to_have_accessible_description(re.compile(re.escape(told)))
        expect(element).to_have_css("border-top-color", bad)
        words = page.locator(f"#{element.get_attribute('aria-describedby')}")
        expect(words).to_be_visible()
        expect(words).to_have_css("color", bad)
        for button in ("train-start", "train-step"):
            part(page, button).click()
            expect(part(page, "train-words")).to_contain_text(told)
            expect(element).to_be_focused()
            expect_state(page, "ready")
        element.fill(before)
        expect(element).not_to_have_attribute("aria-invalid", "true")  # at once
        element.press("Tab")
        expect(part(page, "settings-trouble")).to_be_hidden()
    part(page, "train-start").click()
    expect_state(page, "training")


def test_what_is_wrong_or_half_typed_leaves_the_run_as_it_is(page: Page) -> None:
    enter(page, "learningRate", "0.004")
    part(page, "train-start").click()
    expect_state(page, "training")
    enter(page, "learningRate", "lots")
    expect(field(page, "learningRate")).to_have_accessible_description(AS_IT_WAS)
    field(page, "batchSize").fill("2")  # on the way to 20
    l2 = enter(page, "l2", "")  # and the whole form is answered
    visiting.settled(page)
    expect(l2).to_have_value("0")
    expect(field(page, "learningRate")).to_have_value("lots")
    expect_state(page, "training")
    part(page, "train-reset").click()
    part(page, "train-start").click()
    expect(part(page, "train-words")).to_contain_text(AS_IT_WAS)
    enter(page, "learningRate", "0.004")


def test_arrows_step_and_the_wheel_scrolls(page: Page) -> None:
    element = enter(page, "learningRate", "0.004")
    enter(page, "batchSize", "10")
    part(page, "train-start").click()
    expect_state(page, "training")
    for key, value in (
        ("ArrowUp", "0.005"),
        ("ArrowUp", "0.01"),
        ("ArrowDown", "0.005"),
        ("ArrowDown", "0.002"),
    ):
        element.press(key)
        expect(element).to_have_value(value)
        expect(element).to_have_attribute("aria-valuenow", value)
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    before = page.evaluate("scrollY")
    page.mouse.wheel(0, 120)
    page.wait_for_function("before => scrollY > before", arg=before)
    expect(element).to_have_value("0.002")
    field(page, "batchSize").press("ArrowUp")
    expect(field(page, "batchSize")).to_have_value("11")


def test_a_translated_page_names_the_fields_too(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        page.evaluate(
            """() => {
              const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              const all = [];
              while (texts.nextNode()) all.push(texts.currentNode);
              for (const text of all) {
                if (!text.data.trim() || text.parentElement.closest("script, option")) continue;
                const inner = document.createElement("font");
                const outer = document.createElement("font");
                inner.textContent = text.data.toUpperCase();
                outer.append(inner);
                text.replaceWith(outer);
              }
            }"""
        )
        enter(page, "learningRate", "-1")
        expect(field(page, "learningRate")).to_have_accessible_description(
            "Learning rate is -1, expected a number above 0."
        )
        enter(page, "learningRate", "1")
        enter(page, "batchSize", "1000000000")  # which only Python refuses
        part(page, "train-start").click()
        expect(part(page, "train-words")).to_contain_text("Mini-batch is 1000000000, expected")
        expect(field(page, "batchSize")).to_have_attribute("aria-invalid", "true")


def test_the_largest_seed_is_a_number_like_others(browser: Browser, site_url: str) -> None:
    """That it raises no error is seen to by the visit."""
    largest = 2**53 - 1
    with visiting.visitor(browser) as context:
        page = context.new_page()
        visiting.open_ready(page, f"{site_url}#playground?seed={largest}&noise=0,1&l1=1e-7")
        for name, value in (("seed", str(largest)), ("noise", "0.1"), ("l1", "1e-7")):
            element = part(page, f"playground-{name}")
            expect(element).to_have_value(value)
            expect(element).to_have_attribute("data-value", value)
        page.evaluate(f"() => {{ nets.train({{ seed: {largest} }}).catch(() => {{}}) }}")
        expect_state(page, "training")
        expect(field(page, "seed")).to_have_value(str(largest))


def test_the_editor_runs_nothing_with_a_wrong_field(browser: Browser, site_url: str) -> None:
    with visiting.visitor(browser) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        go_to(page, "own")
        expect(part(page, "own-run")).to_be_enabled()
        rate = part(page, "own-settings").locator("[name=learningRate]")
        default = rate.input_value()
        rate.fill("0,5x")
        rate.press("Tab")
        part(page, "own-run").click()
        expect(part(page, "own-words")).to_contain_text("Learning rate is '0,5x'")
        expect(part(page, "own-stop")).to_be_disabled()
        rate.fill("")
        rate.press("Tab")
        expect(rate).to_have_attribute("data-value", default)
        expect(rate).to_have_attribute("placeholder", default)
        go_to(page, "inside")
        part(page, "inside-rate").fill("0,5")
        expect(part(page, "inside-rate")).to_have_attribute("data-value", "0.5")
        part(page, "inside-rate").fill("half")
        part(page, "inside-rate").press("Tab")
        expect(part(page, "inside-rate")).to_have_attribute("aria-invalid", "true")
