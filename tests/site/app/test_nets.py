"""Several nets side by side, the inside of one, its mistakes, and the pad's other face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import visiting
from visiting import SEVEN, ZERO, draw, expect_empty, expect_guess, part

SMALL_SEVEN = [[(0.72 + 0.25 * x, 0.02 + 0.25 * y) for x, y in SEVEN[0]]]


@pytest.fixture(scope="module")
def open_page(browser: Browser, site_url: str) -> Iterator[Page]:
    with visiting.visitor(browser, viewport={"width": 1000, "height": 800}) as context:
        yield visiting.open_ready(context.new_page(), site_url)


@pytest.fixture
def page(open_page: Page) -> Page:
    """The page with an empty pad, pen strokes, normalised."""
    part(open_page, "normalise").check()
    part(open_page, "pixel-mode").uncheck()
    visiting.clear(open_page)
    open_page.evaluate("scrollTo(0, 0)")
    return open_page


def models(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("() => nets.models()")
    return found


def ink_of(page: Page) -> list[list[float]]:
    """How far each pixel of "what the net sees" is from the paper's colour, 28 rows of 28."""
    data: list[int] = page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-testid=net-sees]");
          return [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data];
        }"""
    )
    return [
        [(255 - data[4 * (28 * row + column)]) / 255 for column in range(28)] for row in range(28)
    ]


def test_every_net_reads_the_drawing_and_says_how(page: Page) -> None:
    draw(page, SEVEN)
    part(page, "section-compare").scroll_into_view_if_needed()
    for model in models(page):
        if model["id"] == "live":
            continue
        card = part(page, f"compare-{model['id']}")
        expect(part(page, f"compare-guess-{model['id']}")).to_have_text("7")
        expect(card).to_contain_text(f"{model['parameters']:,} parameters")
        expect(card).to_contain_text(" ms")
        expect(card.locator(".columns .best span").nth(1)).to_have_text("7")
    expect(part(page, "compare-verdict")).to_have_text(f"All {len(models(page))} read a 7.")
    votes = part(page, "compare-least-squares").locator(".columns li").nth(7)
    expect(votes).to_have_attribute("title", "9 of 9 votes for 7")


def test_disagreement_is_marked(page: Page) -> None:
    """Unnormalised, a small 7 in a corner is read as different things by different nets."""
    part(page, "normalise").uncheck()
    draw(page, SMALL_SEVEN)
    part(page, "section-compare").scroll_into_view_if_needed()
    expect(part(page, "compare-verdict")).to_contain_text("read a")

    def marked() -> bool:
        """Once the last point of the drawing has been read by all."""
        shown = page.evaluate(
            """() => [...document.querySelectorAll("[data-testid=compare-cards] > li")].map(card =>
              [card.querySelector(".guess").textContent, card.classList.contains("differs")])"""
        )
        guesses = [guess for guess, _ in shown]
        common = part(page, "compare-verdict").inner_text().split("read a ")[1][0]
        return (
            len(set(guesses)) > 1  # this drawing was chosen for dividing the nets
            and guesses.count(common) == max(map(guesses.count, guesses))
            and all(marked == (guess != common) for guess, marked in shown)
        )

    visiting.until(page, marked, "those that differ are marked")


def test_without_normalising_the_net_sees_the_pad_as_it_is(page: Page) -> None:
    draw(page, SMALL_SEVEN)
    expect_guess(page, 7)
    normalised = ink_of(page)
    assert sum(map(sum, (row[:14] for row in normalised))) > 10, "moved to the middle"
    part(page, "normalise").uncheck()

    def as_it_is() -> bool:
        raw = ink_of(page)
        return sum(map(sum, (row[:19] for row in raw))) < 0.5 and sum(map(sum, raw[:10])) > 5

    visiting.until(page, as_it_is, "the net sees the corner only")


def test_an_empty_pad_is_read_by_nobody(page: Page) -> None:
    part(page, "section-compare").scroll_into_view_if_needed()
    expect(part(page, "compare-verdict")).to_contain_text("Draw something")
    for model in models(page):
        expect(part(page, f"compare-guess-{model['id']}")).to_have_text("")


def test_pixels_are_painted_rubbed_out_and_undone(page: Page) -> None:
    part(page, "pixel-mode").check()
    part(page, "normalise").uncheck()
    canvas = part(page, "pixel-canvas")

    def paint(points: list[visiting.Point]) -> None:
        canvas.evaluate("element => element.scrollIntoView({block: 'center'})")
        box = canvas.bounding_box()
        assert box is not None
        for i, (x, y) in enumerate(points):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
            if i == 0:
                page.mouse.down()
        page.mouse.up()

    paint([(0.3, 0.2), (0.7, 0.2), (0.45, 0.8)])
    expect_guess(page, 7)
    part(page, "erase").click()
    paint([(0.2, 0.2), (0.8, 0.2)])
    part(page, "erase").click()

    def only_the_stem() -> bool:
        seen = ink_of(page)
        bar, stem = (row[8:15] for row in seen[3:8]), seen[10:]
        return sum(map(sum, bar)) < 1 and sum(map(sum, stem)) > 5

    visiting.until(page, only_the_stem, "the bar is gone and the stem is not")
    part(page, "undo").click()
    expect_guess(page, 7)
    part(page, "clear").click()
    expect_empty(page)
    part(page, "undo").click()
    expect_guess(page, 7)
    part(page, "clear").click()


@pytest.mark.parametrize("name", ["mlp-30", "cnn", "least-squares"])
def test_the_inside_of_a_net_is_shown_layer_by_layer(page: Page, name: str) -> None:
    part(page, "model-picker").select_option(name)
    draw(page, ZERO)
    expect_guess(page, 0)
    part(page, "section-layers").scroll_into_view_if_needed()
    expect(part(page, "evidence-words")).to_contain_text("evidence for 0")
    layers = part(page, "layers")
    expected = {
        "mlp-30": [(".cell", 30), (".cell", 10)],
        "cnn": [
            ("canvas", 16),
            ("canvas", 16),
            ("canvas", 40),
            ("canvas", 40),
            (".cell", 128),
            (".cell", 10),
        ],
        "least-squares": [(".cell", 45), (".cell", 10)],
    }[name]
    expect(layers.locator("figure")).to_have_count(len(expected))
    for i, (kind, count) in enumerate(expected):
        expect(layers.locator("figure").nth(i).locator(kind)).to_have_count(count)
    output = layers.locator("figure").last.locator(".cell")
    shares = [
        float(cell.evaluate("e => e.style.getPropertyValue('--share')")) for cell in output.all()
    ]
    assert shares.index(max(shares)) == 0
    evidence = page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-testid=evidence]");
          const data = canvas.getContext("2d").getImageData(0, 0, 28, 28).data;
          const colours = Array.from({length: 784}, (_, i) => data.slice(4 * i, 4 * i + 3).join());
          return new Set(colours).size;
        }"""
    )
    assert evidence > 20, "the evidence has many shades"
    part(page, "model-picker").select_option(index=0)


def test_what_is_said_is_of_the_net_that_was_examined(page: Page) -> None:
    part(page, "model-picker").select_option("mlp-30")
    part(page, "examine").click()
    part(page, "model-picker").select_option("softmax")
    expect(part(page, "examine-words")).to_contain_text("of 10,000 test digits", timeout=120_000)
    expect(part(page, "examine-words")).to_contain_text("The blog post’s net, 784-30-10 reads 9,")
    part(page, "model-picker").select_option(index=0)


def test_a_mistake_can_be_put_on_the_pad(page: Page) -> None:
    part(page, "model-picker").select_option("softmax")
    part(page, "examine").click()
    expect(part(page, "examine-result")).to_be_visible(timeout=120_000)
    expect(part(page, "examine-words")).to_contain_text("of 10,000 test digits right")
    table = part(page, "confusion")
    cell = table.get_by_role("button", name="times a 4 was read as 9")
    count = int(cell.text_content() or "0")
    cell.click()
    expect(part(page, "mistakes-words")).to_contain_text(f"{count} times a 4 was read as 9")
    digits = part(page, "mistakes").get_by_role("button")
    expect(digits).to_have_count(min(24, count))
    digits.first.click()
    expect(part(page, "pixel-canvas")).to_be_visible()
    expect_guess(page, 9)  # by the net whose mistake it is
    part(page, "clear").click()
    part(page, "model-picker").select_option(index=0)
