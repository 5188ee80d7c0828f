"""The view for everybody: contrast, names, roles, sizes, directions, motion, and the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import open_all, violations


@pytest.mark.parametrize("theme", ["light", "dark", "contrast", "none"])
def test_no_state_breaks_a_rule_of_accessibility(show: Callable[..., Page], theme: str) -> None:
    page = show(f"theme={theme}", reduced_motion="reduce")
    assert violations(page) == []
    open_all(page)
    assert violations(page) == []


OPEN_TOOLS = """async () => {
    for (const trace of document.querySelectorAll('agentkit-trace')) {
        trace.find();
        trace.shadowRoot.querySelector('.toolbar > [aria-label=Timeline]')?.click();
        await trace.updateComplete;
    }
}"""

COVERED = """() => [...document.querySelectorAll('agentkit-trace')].flatMap(trace => {
    const [find, head] = ['.find', 'header'].map(
        each => trace.shadowRoot.querySelector(each).getBoundingClientRect());
    const view = trace.getBoundingClientRect();
    const isApart = find.top >= head.bottom && find.bottom <= view.bottom
        && find.left >= view.left && find.right <= view.right;
    return isApart ? [] : [[find.top, head.bottom, trace.dataset.taskId]];
})"""


def test_the_box_that_finds_and_the_timeline_break_no_rule_and_cover_no_header(
    show: Callable[..., Page],
) -> None:
    page = show("theme=light&width=420", reduced_motion="reduce")
    page.evaluate(OPEN_TOOLS)
    runs = page.locator("agentkit-trace").count()
    expect(page.get_by_role("searchbox", name="Find in this run")).to_have_count(runs)
    assert page.get_by_role("button", name="Fit the whole run").count() > 1
    assert violations(page) == []
    for width in (280, 420, 900):
        page.evaluate(
            "width => document.documentElement.style.setProperty('--width', `${width}px`)", width
        )
        page.evaluate("() => dispatchEvent(new Event('resize'))")
        assert page.evaluate(COVERED) == []


SPACED = """() => {
    // What WCAG's success criterion 1.4.12 lets a reader set.
    const spaced = new CSSStyleSheet();
    spaced.replaceSync(`* { letter-spacing: 0.12em !important; word-spacing: 0.16em !important;
        line-height: 1.5 !important; } p { margin-bottom: 2em !important; }`);
    document.adoptedStyleSheets = [spaced];
    for (const trace of document.querySelectorAll('agentkit-trace'))
        trace.shadowRoot.adoptedStyleSheets = [...trace.shadowRoot.adoptedStyleSheets, spaced];
}"""

CLIPPED = """() => [...document.querySelectorAll('agentkit-trace')].flatMap(trace =>
    [...trace.shadowRoot.querySelectorAll('*')]
        // A title and the line under it end in an ellipsis; opened they say it all.
        .filter(node => !node.matches('.title, .line, .cut, .sr, .sr *, textarea'))
        .filter(node => ['hidden', 'clip'].includes(getComputedStyle(node).overflowY))
        .filter(node => node.clientHeight > 0 && node.scrollHeight > node.clientHeight + 2)
        .map(node => node.outerHTML.slice(0, 120)))"""


def _wider(page: Page) -> list[str]:
    """The states that are wider than their column."""
    return page.evaluate(
        """() => [...document.querySelectorAll('section')]
            .filter(each => each.scrollWidth > each.clientWidth + 1)
            .map(each => each.querySelector('h2').textContent)"""
    )


def test_every_state_fits_a_narrow_page_from_the_right_with_wide_letters_and_enlarged(
    show: Callable[..., Page],
) -> None:
    page = show("theme=light&width=640", width=640, reduced_motion="reduce")
    open_all(page)
    page.evaluate("() => { document.documentElement.dir = 'rtl'; }")
    assert _wider(page) == []
    page.evaluate("() => { document.documentElement.dir = 'ltr'; }")
    page.evaluate("() => { document.body.style.zoom = '2'; }")
    assert _wider(page) == []
    page.evaluate("() => { document.body.style.zoom = ''; }")
    page.evaluate(SPACED)
    assert _wider(page) == []
    assert page.evaluate(CLIPPED) == []


MOVING = """() => [...document.querySelectorAll('agentkit-trace')]
    .flatMap(trace => trace.shadowRoot.getAnimations())
    .filter(each => each.playState === 'running').length"""


def test_nothing_moves_for_who_does_not_want_it(show: Callable[..., Page]) -> None:
    page = show("only=running: tools,saved: simulated")
    open_all(page)
    assert page.evaluate(MOVING) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(MOVING) == 0


FOCUSED = """() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    if (node === null || node === document.body) return null;
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    return {
        what: (node.ariaLabel ?? node.textContent).replace(/\\s+/g, ' ').trim(),
        ring: node.matches(':focus-visible')
            ? parseFloat(style.outlineWidth) * (style.outlineStyle === 'none' ? 0 : 1) : 0,
        seen: box.width > 0 && box.top >= 0 && box.bottom <= innerHeight,
    };
}"""


def _walk(page: Page, key: str, steps: int) -> list[Any]:
    """Where the focus is after each press of the key."""
    places: list[Any] = []
    for _ in range(steps):
        page.keyboard.press(key)
        places.append(page.evaluate(FOCUSED))
    return places


def test_a_run_is_walked_through_with_the_keyboard_alone(show: Callable[..., Page]) -> None:
    page = show("only=waiting: code")
    page.evaluate(
        """() => {
            globalThis.reached = [];
            addEventListener('keydown', event => globalThis.reached.push(event.key));
        }"""
    )
    places = [place for place in _walk(page, "Tab", 12) if place is not None]
    names = [place["what"] for place in places]
    assert all(place["seen"] for place in places), places
    assert all(place["ring"] >= 1 for place in places), places
    order = ["Cancel", "Run Python", "Approve", "Deny", "Edit arguments", "Approve always"]
    found = [next(i for i, name in enumerate(names) if name.startswith(each)) for each in order]
    assert found == sorted(found), names
    back = [place["what"] for place in _walk(page, "Shift+Tab", 2) if place is not None]
    assert back, "the way back leads out of the run"
    head = page.locator('[data-event-type="tool_call"] > .head')
    page.get_by_role("button", name="Approve", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approved by ada")).to_be_visible()
    expect(head).to_be_focused()
    assert page.evaluate(FOCUSED)["ring"] >= 1
    for key, unfolded in (("Space", "true"), ("Enter", "false")):
        page.keyboard.press(key)
        expect(head).to_have_attribute("aria-expanded", unfolded)
    assert "Enter" not in page.evaluate("() => globalThis.reached")
    assert " " not in page.evaluate("() => globalThis.reached")


def test_the_focus_stays_on_a_row_while_others_come_and_it_ends(show: Callable[..., Page]) -> None:
    page = show("only=fed")
    at = "2026-11-23T13:02:04Z"
    call = {
        "event_type": "tool_call",
        "step": 1,
        "ts": at,
        "tool_name": "read_file",
        "arguments": {"path": "a.csv"},
        "runs_in": "server",
    }
    page.evaluate("event => globalThis.feed([event])", {**call, "seq": 1, "tool_call_id": "a"})
    head = page.locator('[data-event-type="tool_call"] > .head').first
    head.focus()
    done = {"step": 1, "ts": at, "outcome": "failed", "content": {}, "error": {"message": "gone"}}
    page.evaluate(
        "events => globalThis.feed(events)",
        [
            {**call, "seq": 2, "tool_call_id": "b"},
            {**done, "event_type": "tool_result", "seq": 3, "tool_call_id": "a"},
            {"event_type": "message", "seq": 4, "step": 1, "message_id": "m", "text": "Hm."},
            {"event_type": "run_finished", "seq": 5, "step": 1, "ts": at, "status": "failed"},
        ],
    )
    expect(page.locator('[data-event-type="run_finished"]')).to_be_visible()
    expect(head).to_be_focused()
