"""Where the time of a run went: seen, pointed at, zoomed into, and a way to the steps."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.long_trace import long_trace

STEPS = 10_000


def _open(page: Page) -> Locator:
    page.locator("agentkit-trace").hover()
    page.get_by_role("button", name="Timeline").click()
    plot = page.get_by_role("slider", name="Timeline")
    expect(plot).to_be_visible()
    return plot


def _labels(page: Page) -> list[str]:
    return page.locator(".axis > span").all_inner_texts()


def _at(plot: Locator, share: float) -> tuple[float, float]:
    box = plot.bounding_box()
    assert box
    return box["x"] + share * box["width"], box["y"] + 10


def test_a_timeline_tells_of_each_span_and_leads_to_its_step(show: Callable[..., Page]) -> None:
    page = show("only=saved: completed")
    plot = _open(page)
    assert _labels(page)[:2] == ["0 s", "1 s"]
    assert violations(page) == []

    page.mouse.move(*_at(plot, 0.1))
    tip = page.locator(".tip")
    expect(tip).to_contain_text("Model, turn 1")
    expect(tip).to_contain_text("2.5 s · from 0 s · 1,336 tokens · $0.0021")

    # A range is chosen by dragging, and left with a double click.
    page.mouse.move(*_at(plot, 0.2))
    page.mouse.down()
    page.mouse.move(*_at(plot, 0.45), steps=4)
    page.mouse.up()
    expect(page.locator(".axis > span").first).not_to_have_text("0 s")
    page.mouse.move(*_at(plot, 0.5))
    page.keyboard.down("Control")
    before = _labels(page)
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    expect(page.locator(".axis > span").first).not_to_have_text(before[0])
    page.get_by_role("button", name="Fit the whole run").click()
    expect(page.locator(".axis > span").first).to_have_text("0 s")

    plot.focus()
    page.keyboard.press("ArrowRight")
    expect(plot).to_have_attribute("aria-valuetext", re.compile("growth_by_region"))
    expect(tip).to_contain_text("growth_by_region")
    page.keyboard.press("Enter")
    row = page.locator('[data-event-type="tool_call"]').first
    expect(row.locator(".head")).to_be_focused()
    expect(row.locator(".head")).to_have_attribute("aria-expanded", "true")

    page.mouse.click(*_at(plot, 0.99))
    expect(page.locator('[data-event-type="final_answer"]')).to_be_focused()
    page.get_by_role("button", name="Timeline").click()
    expect(plot).to_have_count(0)


# Of the model's bar and of a running one the edges, and what the axis says, now and a little later.
GROW = """async () => {
    const root = document.querySelector('agentkit-trace').shadowRoot;
    const look = () => [
        ...[...root.querySelectorAll('.plot > .bar')].slice(0, 2).map(bar => {
            const { left, right } = bar.getBoundingClientRect();
            return [left, right];
        }),
        root.querySelector('.axis').textContent,
    ];
    const first = look();
    const [, [, right]] = first;
    while (look()[1][1] === right) await new Promise(requestAnimationFrame);
    return [first, look()];
}"""


def test_a_running_call_grows_and_nothing_else_moves(show: Callable[..., Page]) -> None:
    page = show("only=running: tools")
    _open(page)
    before, after = page.evaluate(GROW)
    while before[2] != after[2]:  # the axis was widened in between
        before, after = page.evaluate(GROW)
    (model, running, _), (model_later, running_later, _) = before, after
    assert model_later == model
    assert running_later[0] == running[0]
    assert running_later[1] > running[1]


def test_ten_thousand_steps_are_drawn_as_few_bars_and_parted_by_zooming(
    show: Callable[..., Page],
) -> None:
    page = show("only=simulated")
    page.evaluate(
        """async trace => {
            document.querySelector("main").replaceChildren();
            globalThis.show(trace);
            await document.querySelector("agentkit-trace").updateComplete;
        }""",
        long_trace(STEPS),
    )
    # A long run is read in slices, from its beginning to its end.
    footer = page.locator("agentkit-trace footer")
    expect(footer).to_contain_text(f"{STEPS + STEPS // 25:,} steps")  # some turns say something too
    plot = _open(page)
    bars = page.locator(".plot > .bar")
    assert bars.count() < 1_000
    x, y = _at(plot, 0.5)
    page.mouse.move(x, y)
    expect(page.locator(".tip")).to_contain_text("turns of the model")
    # Each click parts what was drawn as one, until there is one step to go to.
    for _ in range(3):
        page.mouse.click(x, y)
        if page.locator("ol :focus").count():
            break
    place = page.evaluate(
        """() => document.querySelector('agentkit-trace').shadowRoot
            .activeElement.closest('li')?.dataset.seq ?? '0'"""
    )
    assert int(place) > STEPS / 2
