"""A chart's numbers: as a table, as a CSV file, and the chart itself as a picture to keep."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import access
import visiting
from visiting import number, part


@pytest.fixture(scope="module")
def page(browser: Browser, site_url: str) -> Iterator[Page]:
    """The page with a net that was trained for two epochs, and a bug that was raced."""
    window = {"width": 1280, "height": 900}
    with visiting.visitor(browser, viewport=window, accept_downloads=True) as context:
        page = visiting.open_ready(context.new_page(), site_url)
        part(page, "settings").locator("[name=epochs]").fill("2")
        part(page, "train-start").click()
        expect(part(page, "train-words")).to_contain_text("Done", timeout=180_000)
        shown = chart(page, "accuracy-chart").locator("[role=img]")
        end = f"to {number(page, 'test-accuracy'):.3g}."
        visiting.until(
            page,
            lambda: (shown.get_attribute("aria-label") or "").endswith(end),
            "the curves are drawn to their end",
        )
        yield page


def chart(page: Page, testid: str) -> Locator:
    """The figure of a chart."""
    return page.locator("figure").filter(has=page.get_by_test_id(testid)).last


def saved(figure: Locator, kind: str, folder: Path) -> Path:
    """Press the button that saves a chart."""
    with figure.page.expect_download() as waiting:
        figure.get_by_role("button", name=f"save as {kind}").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def columns(path: Path) -> dict[str, list[float | None]]:
    """A CSV file's columns by their heads."""
    with path.open(newline="") as file:
        heads, *rows = list(csv.reader(file))
    return {
        head: [float(row[i]) if row[i] else None for row in rows] for i, head in enumerate(heads)
    }


def table(figure: Locator) -> list[list[str]]:
    """A chart's numbers as they stand in the page; unfolded if need be."""
    if not figure.locator(".numbers tbody tr").count():
        figure.locator("summary").click()
    expect(figure.locator(".numbers tbody tr").first).to_be_visible()
    rows: list[list[str]] = figure.locator(".numbers tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return rows


def last(values: list[float | None]) -> float:
    """The last value that there is."""
    return [value for value in values if value is not None][-1]


def test_the_csv_has_what_was_measured(page: Page, tmp_path: Path) -> None:
    accuracies = columns(saved(chart(page, "accuracy-chart"), "CSV", tmp_path))
    costs = columns(saved(chart(page, "cost-chart"), "CSV", tmp_path))
    assert list(costs) == list(accuracies) == ["epoch", "training", "test"]
    assert last(accuracies["test"]) == number(page, "test-accuracy")
    assert costs["epoch"] == accuracies["epoch"] == sorted(x for x in costs["epoch"] if x)
    assert last(costs["epoch"]) == 2


def test_the_table_has_the_same_numbers(page: Page, tmp_path: Path) -> None:
    figure = chart(page, "cost-chart")
    kept = columns(saved(figure, "CSV", tmp_path))
    rows = table(figure)
    assert len(rows) == len(kept["epoch"])
    for i, row in enumerate(rows):
        for text, values in zip(row, kept.values(), strict=True):
            value = values[i]
            assert text == "–" if value is None else float(text) == pytest.approx(value, rel=1e-4)


def test_the_picture_can_be_opened_and_has_ink(page: Page, tmp_path: Path) -> None:
    path = saved(chart(page, "cost-chart"), "PNG", tmp_path)
    assert path.name == "nets-cost.png"
    width, height, colours = access.decoded(page, path.read_bytes())
    assert width > height > 200
    paper, ink, training = (access.rgb(colour) for colour in ("#ffffff", "#1b1d22", "#2166c4"))
    assert colours[paper] > 0.8 * colours.total()
    assert colours[ink] > 20, "its name and its lines' names"
    assert colours[training] > 200, "the curve"


def test_what_the_picture_shows_is_told_in_words(page: Page) -> None:
    expect(part(page, "accuracy-chart").locator("[role=img]")).to_have_attribute(
        "aria-label",
        re.compile(
            r"^Accuracy over epochs\. training: from 0\.\d+ to 0\.\d+; test: from 0\.\d+ to "
            rf"{number(page, 'test-accuracy'):.3g}\.$"
        ),
    )


def test_a_diverging_race_keeps_the_numbers_that_were_cut_in_the_picture(
    page: Page, tmp_path: Path
) -> None:
    page.evaluate("document.getElementById('bugs').scrollIntoView()")
    part(page, "bugs-list").get_by_role("button").first.click()
    page.locator("#bugs input[name=outcome]").first.check()
    page.locator("#bugs input[name=sees]").first.check()
    part(page, "bugs-run").click()
    expect(part(page, "bugs-evidence")).to_be_visible(timeout=180_000)
    figure = page.locator("[data-testid=bugs-race] figure").first
    kept = columns(saved(figure, "CSV", tmp_path))
    assert list(kept) == ["epoch", "the library’s", "patched"]
    for side, head in {"healthy": "the library’s", "changed": "patched"}.items():
        shown = part(page, "bugs-race").get_by_test_id(f"race-{side}-cost")
        assert last(kept[head]) == float(shown.get_attribute("data-value") or "nan")


def test_the_legend_tells_the_last_values_until_somebody_points(page: Page, tmp_path: Path) -> None:
    """By touch as well: a tap is a pointer that stays."""
    figure = chart(page, "cost-chart")
    kept = columns(saved(figure, "CSV", tmp_path))
    ends = [last(column) for column in kept.values()]
    first = kept["training"][0]
    assert first is not None
    assert first > 2 * ends[1]
    values = figure.locator(".u-legend .u-value")

    def told() -> list[float]:
        return [float(text) for text in values.all_inner_texts()]

    page.mouse.move(0, 0)
    visiting.until(page, lambda: told() == pytest.approx(ends, rel=0.05), "the last values")
    figure.locator(".u-over").hover(position={"x": 1, "y": 40})
    visiting.until(page, lambda: told()[1] == pytest.approx(first, rel=0.05), "the first cost")
    page.mouse.move(0, 0)
    visiting.until(page, lambda: told()[1] == pytest.approx(ends[1], rel=0.05), "the last cost")


def test_the_playground_keeps_its_costs(page: Page, tmp_path: Path) -> None:
    page.evaluate("document.getElementById('playground').scrollIntoView()")
    part(page, "playground-play").click()
    page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=playground-epoch]').dataset.value) > 20"
    )
    part(page, "playground-play").click()
    figure = chart(page, "playground-chart")
    told = figure.locator(".u-legend .u-value").first
    visiting.until(
        page,
        lambda: (text := told.inner_text()) != "–" and float(text) >= 20,
        "the curves are drawn to where it was paused",
    )
    rows = table(figure)
    kept = columns(saved(figure, "CSV", tmp_path))
    assert list(kept) == ["epoch", "training", "test"]
    assert len(kept["epoch"]) >= len(rows) > 5
    epoch = number(page, "playground-epoch")
    assert epoch is not None
    assert last(kept["epoch"]) <= epoch
