"""A run of thousands of steps, on a page without JupyterLab: what is near the screen is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.long_trace import long_trace

STEPS = 3_000

FIRST_ON_SCREEN = """() => {
    const trace = document.querySelector('agentkit-trace').shadowRoot;
    const rows = [...trace.querySelectorAll('ol > .row')];
    const row = rows.find(row => row.getBoundingClientRect().top >= 0);
    // Right after a jump, no row may stand there yet.
    return row ? [row.dataset.seq, row.getBoundingClientRect().top] : [null, Infinity];
}"""

# How far each line was off where it should be, and how much of the screen was empty, in px.
SCROLL = """async ([by, times]) => {
    const trace = document.querySelector('agentkit-trace').shadowRoot;
    const top = row => row.getBoundingClientRect().top;
    let off = 0, empty = 0;
    for (let time = 0; time < times; time++) {
        const row = [...trace.querySelectorAll('ol > .row')].find(row => top(row) >= 200);
        const before = top(row);
        window.scrollBy(0, by);
        await new Promise(requestAnimationFrame);
        await new Promise(setTimeout);
        if (row.isConnected) off = Math.max(off, Math.abs(top(row) - before + by));
        for (const gap of trace.querySelectorAll('.gap')) {
            const { top, bottom } = gap.getBoundingClientRect();
            empty = Math.max(empty, Math.min(bottom, innerHeight) - Math.max(top, 0));
        }
    }
    return [off, empty];
}"""


@pytest.fixture
def long(show: Callable[..., Page]) -> Page:
    page = show("only=simulated")
    page.evaluate(
        """async trace => {
            document.querySelector("main").replaceChildren();
            globalThis.show(trace);
            await document.querySelector("agentkit-trace").updateComplete;
        }""",
        long_trace(STEPS),
    )
    expect(page.locator("ol > .row").first).to_be_visible()
    # The first rows are there at once, the others soon.
    page.wait_for_function("() => document.documentElement.scrollHeight > 100_000")
    return page


FOCUSED = """() => {
    const trace = document.querySelector('agentkit-trace').shadowRoot;
    const row = trace.activeElement.closest('li');
    const { top, bottom } = trace.activeElement.getBoundingClientRect();
    const seen = top >= 0 && bottom <= innerHeight;
    return [row.getAttribute('aria-posinset'), row.getAttribute('aria-setsize'), seen];
}"""


def _focused(page: Page) -> Any:
    return page.evaluate(FOCUSED)


def test_only_what_is_near_the_screen_is_there_and_nothing_jumps(long: Page) -> None:
    rows = long.locator("ol > .row")
    assert rows.count() < 60
    assert long.evaluate("() => document.documentElement.scrollHeight") > 48 * STEPS * 0.9
    off, empty = long.evaluate(SCROLL, [150, 40])
    assert off < 2
    assert empty <= 0
    long.evaluate("() => window.scrollTo(0, 90_000)")
    long.wait_for_function(f"() => ({FIRST_ON_SCREEN})()[1] < 100")
    # Every third one is unfolded: what comes in from above is not as high as it was guessed to be.
    long.evaluate(
        "() => [...document.querySelector('agentkit-trace').shadowRoot.querySelectorAll('.head')]"
        ".filter((_, index) => index % 3 === 0).forEach(head => head.click())"
    )
    expect(long.get_by_role("button", name="Copy Result").first).to_be_visible()
    off, empty = long.evaluate(SCROLL, [-150, 60])
    assert off < 2
    assert empty <= 0
    assert rows.count() < 60


def test_the_keyboard_goes_on_beyond_what_is_there(long: Page) -> None:
    long.locator(".head").first.focus()
    for _ in range(40):
        long.keyboard.press("ArrowDown")
    place, _, seen = _focused(long)
    assert int(place) > 40
    assert seen
    for _ in range(20):
        long.keyboard.press("Tab")
    assert int(_focused(long)[0]) > 60
    long.keyboard.press("End")
    long.wait_for_function("() => scrollY > 120_000")
    long.wait_for_function(f"() => ({FOCUSED})()[2]")
    place, of, _ = _focused(long)
    assert int(of) - int(place) < 3
    # Scrolled away from, it keeps the focus, and the way on from it.
    long.evaluate("() => window.scrollTo(0, 50_000)")
    long.wait_for_function(f"() => ({FIRST_ON_SCREEN})()[0] < 3000")
    assert _focused(long)[:2] == [place, of]
    long.keyboard.press("Shift+Tab")
    assert int(_focused(long)[0]) == int(place) - 2  # A message is between them.
    long.keyboard.press("Home")
    assert _focused(long) == ["1", of, True]


def test_paper_has_all_of_it(long: Page) -> None:
    long.emulate_media(media="print")
    long.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert long.locator("ol > .row").count() > STEPS
    long.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert long.locator("ol > .row").count() < 60


MARKED = """() => {
    const marked = CSS.highlights.get('agentkit-found-here') ?? [];
    return [...marked].map(range => [range.toString(), range.getBoundingClientRect().top]);
}"""


def test_text_is_found_where_it_is_folded_away_and_not_even_rendered(long: Page) -> None:
    # Elsewhere on the page the shortcut is the page's own.
    long.keyboard.press("Control+f")
    box = long.get_by_role("searchbox", name="Find in this run")
    expect(box).to_have_count(0)
    # A click on plain content is enough, as long as the run can be seen.
    long.locator("header").click(position={"x": 3, "y": 3})
    long.evaluate("document.body.style.paddingTop = '2000px'; scrollTo(0, 0)")
    long.keyboard.press("Control+f")
    expect(box).to_have_count(0)
    long.evaluate("document.body.style.paddingTop = ''")
    long.keyboard.press("Control+f")
    expect(box).to_be_focused()
    long.keyboard.press("Escape")
    expect(box).to_have_count(0)
    long.locator(".head").first.focus()
    long.keyboard.press("Control+f")
    expect(box).to_be_focused()
    long.keyboard.type("2500-3: ")
    status = long.locator(".find").get_by_role("status")
    expect(status).to_have_text("1 of 1")
    long.wait_for_function(f"() => ({MARKED})()[0]?.[0] === '2500-3: '")
    [[_, top]] = long.evaluate(MARKED)
    assert 0 < top < 720
    expect(box).to_be_in_viewport()
    box.fill("Go through all the readings.")
    expect(status).to_have_text("1 of 1")
    long.wait_for_function(f"() => ({MARKED})()[0]?.[0] === 'Go through all the readings.'")
    [[_, top]] = long.evaluate(MARKED)
    assert 0 < top < 720
    box.fill("DID NOT ANSWER")
    failures = STEPS // 97
    expect(status).to_have_text(f"1 of {failures}")
    long.keyboard.press("Enter")
    long.keyboard.press("F3")
    expect(status).to_have_text(f"3 of {failures}")
    for _ in range(3):
        long.keyboard.press("Shift+Enter")
    expect(status).to_have_text(f"{failures} of {failures}")
    here = (STEPS // 97) * 97
    row = long.locator('ol > [data-state="failed"]').filter(has_text=f"Station {here} ")
    expect(row).to_be_in_viewport()
    long.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(row.locator(".head")).to_be_focused()
    assert long.evaluate(MARKED) == []
