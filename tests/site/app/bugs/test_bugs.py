"""Break it: a visitor guesses what a bug does, tries it, reads why, and mends it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import visiting
from nets_core.page import bugs
from nets_core.page.bugs import BUGS
from nets_core.study import patching
from visiting import part

PATIENCE = 120_000
NOTHING = bugs.OUTCOMES["nothing"]


def open_section(page: Page, url: str) -> Page:
    visiting.open_ready(page, url)
    part(page, "section-bugs").scroll_into_view_if_needed()
    expect(part(page, "bugs-card")).to_be_visible(timeout=PATIENCE)
    return page


@pytest.fixture(scope="module")
def visited(browser: Browser, site_url: str) -> Iterator[Page]:
    """One page for many tests: what was tried stays tried."""
    with visiting.visitor(browser, viewport={"width": 1000, "height": 800}) as context:
        yield open_section(context.new_page(), site_url)


def choose(page: Page, bug: str) -> None:
    part(page, f"bug-{bug}").click()
    expect(part(page, "bugs-name")).to_have_text(BUGS[bug].name)


def guess(page: Page, outcome: str, sees: str) -> None:
    page.get_by_label(bugs.OUTCOMES[outcome], exact=True).click()
    part(page, "bugs-sees").get_by_label(sees, exact=True).click()


def right_guess(page: Page, bug: str) -> None:
    """Guess rightly, unless the guesses about it have been made."""
    if page.get_by_label(NOTHING, exact=True).is_enabled():
        guess(page, BUGS[bug].outcome, "Yes" if BUGS[bug].check_sees else "No")


def try_it(page: Page) -> Locator:
    """Press the button, and wait for the end of the race."""
    part(page, "bugs-run").click()
    expect(part(page, "bugs-evidence")).to_be_visible(timeout=PATIENCE)
    return part(page, "bugs-race")


def value(race: Locator, side: str, key: str) -> float | None:
    raw = race.get_by_test_id(f"race-{side}-{key}").get_attribute("data-value")
    return float(raw) if raw else None


def there(number: float | None) -> float:
    assert number is not None
    return number


def expect_verdict(race: Locator, right: bool) -> None:
    expect(race.get_by_test_id("race-verdict")).to_have_attribute(
        "data-right", "yes" if right else "no", timeout=PATIENCE
    )


def answers(page: Page) -> list[str | None]:
    """Was each of the two guesses right, as the page says?"""
    return [
        item.get_attribute("data-right")
        for item in part(page, "bugs-answers").get_by_role("listitem").all()
    ]


def expect_outcome(race: Locator, outcome: str) -> None:
    """The numbers that the race ends with are those of this outcome."""
    held, fresh = (
        [value(race, s, k) for s in ("healthy", "changed")] for k in ("testAccuracy", "fresh")
    )
    assert there(fresh[0]) > 0.6
    if outcome == "same":
        assert abs(there(fresh[0]) - there(fresh[1])) < 0.03
    elif outcome == "worse":
        assert 0.2 < there(fresh[1]) < there(fresh[0]) - 0.02
    elif outcome == "nothing":
        assert 0.04 < there(fresh[1]) < 0.18
    elif outcome == "astray":
        assert there(fresh[1]) < 0.03
        assert there(value(race, "changed", "cost")) < 0.2
    elif outcome == "breaks":
        assert held[1] is None
        expect(race.get_by_test_id("race-ended")).to_contain_text("NaN")
    else:
        assert there(held[1]) > 0.99 > there(held[0])
        assert abs(there(fresh[0]) - there(fresh[1])) < 0.04


def test_before_both_guesses_it_cannot_be_tried(visited: Page) -> None:
    for bug in ("summed", "zeros"):
        choose(visited, bug)
        expect(part(visited, "bugs-run")).to_be_disabled()
        expect(part(visited, "bugs-hint")).to_contain_text("Guess both first")
        visited.get_by_label(NOTHING, exact=True).click()
        expect(part(visited, "bugs-run")).to_be_disabled()
        part(visited, "bugs-sees").get_by_label("No", exact=True).click()
        expect(part(visited, "bugs-run")).to_be_enabled()
    choose(visited, "summed")
    assert visited.locator("[data-testid=bugs-guess] :checked").count() == 0
    expect(part(visited, "bugs-evidence")).to_be_hidden()
    assert part(visited, "bugs-tally").inner_text() == ""


@pytest.mark.parametrize("bug", BUGS)
def test_the_patch_is_shown_as_it_is(visited: Page, bug: str) -> None:
    choose(visited, bug)
    chosen = BUGS[bug]
    folds = part(visited, "bugs-diff").locator(".fold")
    while folds.count():
        folds.first.click()
    lines = part(visited, "bugs-diff").locator(".line").all_text_contents()
    cells = [line.rstrip("\n") for line in lines]
    texts: list[tuple[str, str]] = []
    for cell in cells:
        number = cell[: len(cell) - len(cell.lstrip("0123456789"))]
        mark, text = cell[len(number)], cell[len(number) + 1 :]
        texts.append((mark, text))
        assert bool(number) == (mark != "+" and chosen.target is not None)
    marks = "".join(mark for mark, _ in texts).strip()
    assert marks == "−" * marks.count("−") + "+" * marks.count("+"), "first what goes"
    before = "\n".join(text for mark, text in texts if mark != "+")
    after = "\n".join(text for mark, text in texts if mark != "−")
    if chosen.target is None:
        assert (before, after) == (chosen.old, chosen.new)
    else:
        assert before == patching.source_of(chosen.target).rstrip("\n")
        assert after == chosen.text().rstrip("\n")
        file, line = patching.place_of(chosen.target)
        assert cells[0].startswith(str(line))
        expect(part(visited, "bugs-diff")).to_contain_text(f"nets_core/{file}")


def test_every_bug_does_what_it_is_there_for(visited: Page) -> None:
    for count, (bug, chosen) in enumerate(BUGS.items(), 1):
        choose(visited, bug)
        if count % 2:
            right_guess(visited, bug)
        else:
            guess(visited, "breaks" if chosen.outcome == "same" else "same", "Yes")
        race = try_it(visited)
        expect_verdict(race, not chosen.check_sees)
        expect_outcome(race, chosen.outcome)
        assert answers(visited)[0] == ("yes" if count % 2 else "no")
        assert answers(visited)[1] == ("yes" if count % 2 or chosen.check_sees else "no")
        expect(part(visited, "bugs-answers")).to_contain_text(bugs.OUTCOMES[chosen.outcome])
        expect(part(visited, "bugs-lesson")).to_have_text(chosen.lesson)
        expect(part(visited, "bugs-tally")).to_have_text(
            f"{count} of 9 tried, {(count + 1) // 2} guessed right."
        )
        expect(visited.get_by_label(NOTHING, exact=True)).to_be_disabled()
    choose(visited, "summed")
    expect(part(visited, "bugs-evidence")).to_be_hidden()
    expect(visited.get_by_label(NOTHING, exact=True)).to_be_checked()
    expect(part(visited, "bugs-run")).to_have_text("Try it again")


@pytest.mark.parametrize("bug", ["summed", "no-maximum", "dead-relu"])
def test_the_fix_makes_the_two_curves_one(visited: Page, bug: str) -> None:
    choose(visited, bug)
    right_guess(visited, bug)
    broken = try_it(visited)
    added = part(visited, "bugs-diff").locator(".added").all_text_contents()
    taken = part(visited, "bugs-fix").locator(".removed").all_text_contents()
    assert [line[1:] for line in added] == [line[1:] for line in taken]
    part(visited, "bugs-mend").click()
    expect(part(visited, "bugs-mended-words")).to_contain_text(
        "the two curves are the same", timeout=PATIENCE
    )
    mended = part(visited, "bugs-mended-race")
    expect_verdict(mended, right=True)
    for key in ("cost", "testAccuracy", "fresh"):
        assert value(mended, "healthy", key) == value(mended, "changed", key)
        assert value(mended, "healthy", key) == value(broken, "healthy", key)
    expect(mended.get_by_test_id("race-ended")).to_be_hidden()
    for chart in ("race-cost", "race-accuracy"):
        expect(mended.get_by_test_id(chart).locator("canvas")).to_be_visible()


def test_a_sum_is_told_as_so_many_times_the_mean(visited: Page) -> None:
    choose(visited, "summed")
    right_guess(visited, "summed")
    race = try_it(visited)
    expect(race.get_by_test_id("race-verdict")).to_contain_text(
        "6 times the right one, in every array, and the check used 6 examples: they are summed."
    )


def test_arrays_that_are_right_are_named_beside_the_wrong(visited: Page) -> None:
    choose(visited, "early-update")
    right_guess(visited, "early-update")
    verdict = try_it(visited).get_by_test_id("race-verdict")
    expect(verdict).to_contain_text("disagree in ∂C/∂w² and ∂C/∂b².")
    expect(verdict).to_contain_text("∂C/∂w³ and ∂C/∂b³ are right.")


def test_dead_neurons_are_counted_where_there_are_some(visited: Page) -> None:
    dead = {}
    for bug in ("dead-relu", "summed"):
        choose(visited, bug)
        right_guess(visited, bug)
        dead[bug] = try_it(visited).get_by_test_id("race-changed-dead")
        expect(dead[bug]).to_be_visible(visible=bug == "dead-relu")
        assert dead[bug].get_attribute("data-value") == ("30" if bug == "dead-relu" else "0")


def test_another_bug_ends_the_race_of_the_one_before(visited: Page) -> None:
    choose(visited, "test-in-training")
    right_guess(visited, "test-in-training")
    part(visited, "bugs-run").click()
    expect(part(visited, "bugs-race").get_by_test_id("race-verdict")).to_be_visible(
        timeout=PATIENCE
    )
    choose(visited, "summed")
    for _ in range(3):  # what the worker was still asked for has been answered by then
        visited.evaluate("() => nets.predict({ pixels: new Array(784).fill(0.5) })")
    expect(part(visited, "bugs-race")).to_be_hidden()
    right_guess(visited, "summed")
    race = try_it(visited)
    expect_verdict(race, right=False)
    expect(part(visited, "bugs-bar")).to_be_hidden()
    expect(part(visited, "bugs-words")).to_have_text("")


def test_the_patched_code_goes_to_the_editor(visited: Page) -> None:
    for bug in BUGS:
        choose(visited, bug)
        editable = bug not in ("zeros", "dead-relu", "test-in-training")
        expect(part(visited, "bugs-edit")).to_be_visible(visible=editable)
    choose(visited, "transpose")
    part(visited, "bugs-edit").click()
    expect(part(visited, "own-target")).to_have_value("Dense.backward", timeout=PATIENCE)
    expect(part(visited, "own-editor")).to_contain_text(BUGS["transpose"].new)
    expect(part(visited, "own-note")).to_contain_text("the bug in it")
    part(visited, "section-bugs").scroll_into_view_if_needed()


def test_a_net_goes_on_training_beside_a_race(visited: Page) -> None:
    visited.evaluate("() => { nets.train({ epochs: 1000 }).catch(() => {}); }")
    visiting.expect_state(visited, "training", PATIENCE)
    choose(visited, "summed")
    right_guess(visited, "summed")
    before = there(visiting.number(visited, "epoch"))
    expect_outcome(try_it(visited), "nothing")
    visiting.expect_state(visited, "training")
    assert there(visiting.number(visited, "epoch")) >= before
    visited.evaluate("() => nets.reset()")
    visiting.expect_state(visited, "ready")


def test_the_keyboard_is_enough(page: Page, site_url: str) -> None:
    open_section(page, site_url)
    part(page, "bug-summed").focus()
    page.keyboard.press("Tab")
    expect(part(page, "bug-transpose")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(part(page, "bugs-name")).to_have_text(BUGS["summed"].name)

    def tab_to(testid: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            if part(page, testid).evaluate("(it) => it.contains(document.activeElement)"):
                return
        raise AssertionError(f"Tab does not reach {testid}")

    tab_to("bugs-outcomes")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label(NOTHING, exact=True)).to_be_checked()
    tab_to("bugs-sees")
    page.keyboard.press("Space")
    tab_to("bugs-run")
    page.keyboard.press("Enter")
    expect(part(page, "bugs-evidence")).to_be_visible(timeout=PATIENCE)
    assert answers(page) == ["yes", "yes"]
    tab_to("bugs-mend")
    page.keyboard.press("Enter")
    expect(part(page, "bugs-mended-words")).to_contain_text("are the same", timeout=PATIENCE)


@pytest.mark.provokes_errors
def test_a_worker_that_dies_in_mid_race_is_told_and_replaced(page: Page, site_url: str) -> None:
    open_section(page, site_url)
    choose(page, "test-in-training")
    right_guess(page, "test-in-training")
    part(page, "bugs-run").click()
    page.wait_for_function(  # looks at every frame
        "() => document.querySelector('[data-testid=bugs-race] [data-testid=race-cost] canvas')"
    )
    worker = visiting.python_worker(page)
    worker.evaluate("() => setTimeout(() => { throw new Error('out of luck'); })")
    expect(part(page, "bugs-words")).to_contain_text("out of luck", timeout=PATIENCE)
    expect(part(page, "bugs-words")).to_contain_text("Restart Python at the top of the page")
    expect(part(page, "bugs-run")).to_be_disabled()
    expect(part(page, "bugs-evidence")).to_be_hidden()
    assert part(page, "bugs-tally").inner_text() == "", "it has not come to an end"
    part(page, "retry").click()
    visiting.expect_state(page, "ready", PATIENCE)
    choose(page, "no-maximum")
    right_guess(page, "no-maximum")
    expect_outcome(try_it(page), "breaks")


@pytest.mark.provokes_errors
def test_mnist_that_cannot_be_fetched_is_told_and_asked_for_again(
    page: Page, site_url: str
) -> None:
    open_section(page, site_url)
    page.route("**/mnist/**", lambda route: route.abort())
    right_guess(page, "summed")
    part(page, "bugs-run").click()
    expect(part(page, "bugs-words")).to_contain_text("there is no network", timeout=PATIENCE)
    expect(part(page, "bugs-words")).to_have_attribute("data-kind", "trouble")
    expect(part(page, "bugs-run")).to_be_enabled()
    page.unroute("**/mnist/**")
    expect_outcome(try_it(page), "nothing")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(browser: Browser, site_url: str, width: int) -> None:
    with visiting.visitor(browser, viewport={"width": width, "height": 740}, has_touch=True) as own:
        page = open_section(own.new_page(), site_url)
        for bug in BUGS:
            part(page, f"bug-{bug}").tap()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        choose(page, "summed")
        right_guess(page, "summed")
        part(page, "bugs-run").tap()
        expect(part(page, "bugs-evidence")).to_be_visible(timeout=PATIENCE)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for target in page.locator("[data-testid=section-bugs] :is(button, fieldset label)").all():
            box = target.bounding_box()
            assert box is None or box["height"] >= 43.5, target.inner_text()
