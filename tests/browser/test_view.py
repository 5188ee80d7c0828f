"""The view alone, in every state, on a page without JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

STATES = 20
"""There are at least as many; one that breaks the page takes those after it along."""


@pytest.mark.parametrize("theme", ["light", "dark", "none"])
def test_every_state_shows_without_an_error_in_every_theme(
    show: Callable[..., Page], theme: str
) -> None:
    page = show(f"theme={theme}")
    assert page.locator("agentkit-trace").count() >= STATES


@pytest.mark.parametrize("width", [320, 400, 1200])
def test_no_state_is_wider_than_its_column(show: Callable[..., Page], width: int) -> None:
    page = show(f"width={width}", width=width)
    page.evaluate(
        "() => document.querySelectorAll('agentkit-trace').forEach(trace =>"
        " trace.shadowRoot.querySelectorAll('[aria-expanded=false]').forEach(head => head.click()))"
    )
    expect(page.locator(".agentkit-text:empty, .agentkit-result:empty")).to_have_count(0)
    assert page.evaluate("() => document.documentElement.scrollWidth") == width


def test_what_came_from_outside_runs_nothing_and_loads_nothing(show: Callable[..., Page]) -> None:
    page = show("only=hostile")
    expect(page.get_by_text("kept", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="chart").first).to_be_visible()
    assert page.evaluate("() => globalThis.owned") is None
    assert page.locator('.agentkit-result [style*="fixed"]').count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0
    picture = page.locator('.agentkit-result img[src^="data:image/svg"]')
    expect(picture).to_be_visible()


def test_everything_can_be_reached_and_done_with_the_keyboard(show: Callable[..., Page]) -> None:
    page = show("only=saved: simulated")
    row = page.locator('[data-event-type="tool_call"]')
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="More")).to_be_focused()
    page.keyboard.press("Tab")
    expect(row.locator(".head")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(row.get_by_role("button", name="Copy this step")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(row.locator(".head")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Copy Arguments")).to_be_visible()
    page.keyboard.press("Tab")
    expect(row.get_by_role("button", name="Copy Arguments")).to_be_focused()
    row.locator(".head").press("Space")
    expect(row.get_by_role("button", name="Copy Arguments")).to_have_count(0)


def test_what_is_typed_on_where_the_focus_was_put_reaches_no_shortcut_of_the_page(
    show: Callable[..., Page],
) -> None:
    page = show("only=waiting: code")
    page.evaluate(
        """() => {
            globalThis.reached = [];
            addEventListener("keydown", event => globalThis.reached.push(event.key));
            const trace = document.querySelector("agentkit-trace");
            trace.shadowRoot.querySelector(".ask[data-request]").focus();
        }"""
    )
    for key in ("r", "ArrowDown", "Control+s"):
        page.keyboard.press(key)
    assert page.evaluate("() => globalThis.reached") == ["ArrowDown", "Control", "s"]


def test_the_decisions_have_their_names(show: Callable[..., Page]) -> None:
    page = show("only=waiting: code")
    for name in ("Approve", "Deny", "Cancel"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


def _answered(page: Page) -> Any:
    return page.evaluate("() => globalThis.answered")


def test_an_approval_is_given_with_other_arguments_by_the_keyboard_alone(
    show: Callable[..., Page],
) -> None:
    page = show("only=waiting: code")
    page.get_by_role("button", name="Edit arguments").press("Enter")
    code = page.get_by_label("code")
    expect(code).to_be_focused()
    code.fill("1 + 1")
    page.keyboard.press("Tab")
    page.keyboard.type("0")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Approved with other arguments by ada")).to_be_visible()
    value = {"arguments": {"code": "1 + 1", "timeout": 300}}
    assert _answered(page) == [{"request_id": "r1", "decision": "approve", "value": value}]
    # The keyboard stays where it was, though what it was on is gone.
    expect(page.locator('[data-event-type="tool_call"] > .head')).to_be_focused()


def test_a_denial_that_is_refused_keeps_its_reason(show: Callable[..., Page]) -> None:
    page = show("only=waiting: code")
    page.get_by_role("button", name="Deny", exact=True).click()
    reason = page.get_by_label("Reason")
    expect(reason).to_be_focused()
    page.keyboard.type("refuse me")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="as it asked to be")).to_be_visible()
    expect(reason).to_have_value("refuse me")
    reason.fill("too risky")
    reason.press("Enter")
    expect(page.get_by_text("Denied by ada: too risky")).to_be_visible()
    assert [each["reason"] for each in _answered(page)] == ["refuse me", "too risky"]


def test_escape_leads_back_from_denying(show: Callable[..., Page]) -> None:
    page = show("only=waiting: code")
    page.get_by_role("button", name="Deny", exact=True).click()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    assert _answered(page) == []


def test_a_form_is_filled_in_and_sent(show: Callable[..., Page]) -> None:
    page = show("only=question: form")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("This is needed.")).to_have_count(2)
    page.get_by_label("Sheet").fill("Sales")
    page.get_by_label("Header row").fill("3")
    page.get_by_label("Decimal mark").select_option(label=".")
    page.get_by_label("Rows up to").fill("2025-06-30")
    page.get_by_label("Leave out empty rows").uncheck()
    page.get_by_label("Header row").press("Enter")
    expect(page.get_by_text("Answered by ada")).to_be_visible()
    assert _answered(page)[0]["value"] == {
        "sheet": "Sales",
        "header_row": 3,
        "decimal": ".",
        "until": "2025-06-30",
        "skip_empty": False,
    }


def test_a_follow_up_is_asked_below_and_shown_there(show: Callable[..., Page]) -> None:
    page = show("only=on a server: followed")
    box = page.get_by_label("Ask a follow-up")
    box.fill("busy")
    box.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="goes on")).to_be_visible()
    box.fill("And in the West?")
    box.press("Enter")
    expect(page.locator("agentkit-trace agentkit-trace")).to_have_count(2)
    expect(page.locator("agentkit-trace agentkit-trace").last).to_have_attribute(
        "data-status", "running"
    )
    expect(box).to_have_count(0)


def test_a_live_time_runs_on(show: Callable[..., Page]) -> None:
    page = show("only=running: tools")
    time = page.locator("header [data-since]")
    expect(time).to_have_text(re.compile(r"^\d+ s$"))
    expect(time).not_to_have_text(time.inner_text())


FEED = """(count) => {
    globalThis.fed = globalThis.fed ?? 0;
    const events = [];
    for (let end = globalThis.fed + count; globalThis.fed < end; ) {
        const id = `c${globalThis.fed}`;
        const at = new Date().toISOString();
        events.push({event_type: 'tool_call', seq: ++globalThis.fed, step: 1, ts: at,
                     tool_call_id: id, tool_name: `look ${id}`, arguments: {id}, runs_in: 'server'});
        events.push({event_type: 'tool_result', seq: ++globalThis.fed, step: 1, ts: at, tool_call_id: id,
                     outcome: 'success', content: {'text/plain': 'x'.repeat(500)}, duration_ms: 1});
    }
    globalThis.feed(events);
}"""

HIDDEN_BELOW = """() => {
    const box = document.getElementById('box').getBoundingClientRect();
    return document.querySelector('#box agentkit-trace').getBoundingClientRect().bottom - box.bottom;
}"""


MENU_BY_BUTTON = """() => {
    const { shadowRoot } = document.querySelector('#box agentkit-trace');
    const box = name => shadowRoot.querySelector(name).getBoundingClientRect();
    return document.getElementById('box').scrollTop === 8
        && Math.abs(box('.menu').top - box('.more-tools').bottom - 6) < 1;
}"""


def _feed(page: Page, events: int) -> None:
    page.evaluate(FEED, events)
    last = page.evaluate("() => globalThis.fed")
    expect(page.locator(f'[data-event-type="tool_result"][data-seq="{last}"]')).to_have_count(1)
    # Where the page scrolls to is settled one frame after the growth.
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def test_the_page_follows_a_reader_who_is_at_the_end(show: Callable[..., Page]) -> None:
    page = show("only=fed")
    for _ in range(5):
        _feed(page, 20)
        assert page.evaluate(HIDDEN_BELOW) <= 0


def test_a_reader_who_scrolled_up_is_left_alone(show: Callable[..., Page]) -> None:
    page = show("only=fed")
    _feed(page, 100)
    box = page.locator("#box")
    box.hover()
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"({HIDDEN_BELOW})() > 200")
    before = box.evaluate("box => box.scrollTop")
    _feed(page, 20)
    assert box.evaluate("box => box.scrollTop") == before


def test_a_reader_who_went_away_from_the_end_is_led_back_to_it_and_kept_there(
    show: Callable[..., Page],
) -> None:
    page = show("only=fed")
    _feed(page, 100)
    page.locator("#box").hover()
    page.mouse.wheel(0, -300)
    follow = page.get_by_role("button", name="Follow the end")
    expect(follow).to_have_attribute("aria-pressed", "false")
    follow.press("Enter")
    expect(follow).to_have_attribute("aria-pressed", "true")
    for _ in range(3):
        _feed(page, 20)
        assert page.evaluate(HIDDEN_BELOW) <= 0


def test_the_menu_stays_by_its_button_while_the_page_scrolls_and_goes_with_it(
    show: Callable[..., Page],
) -> None:
    page = show("only=fed")
    _feed(page, 40)
    page.locator("#box").evaluate("box => { box.scrollTop = 0; }")
    more = page.get_by_role("button", name="More")
    more.click()
    menu = page.get_by_role("menu", name="Tools for this run")
    expect(menu).to_be_visible()
    page.locator("#box").evaluate("box => { box.scrollTop = 8; }")
    page.wait_for_function(MENU_BY_BUTTON)
    _feed(page, 20)
    expect(menu).to_be_visible()
    page.locator("#box").evaluate("box => { box.scrollTop = 400; }")
    expect(menu).to_have_count(0)


def test_a_reader_who_types_above_is_left_alone(show: Callable[..., Page]) -> None:
    page = show("only=fed")
    page.locator("#box textarea").first.focus()
    _feed(page, 100)
    assert page.locator("#box").evaluate("box => box.scrollTop") == 0


def test_unfolding_a_row_at_the_end_does_not_move_it(show: Callable[..., Page]) -> None:
    page = show("only=fed")
    _feed(page, 100)
    head = page.locator(".head").last
    before = head.bounding_box()
    head.click()
    expect(page.get_by_role("button", name="Copy Result")).to_be_visible()
    assert head.bounding_box() == before


def test_a_thousand_steps_keep_the_page_responsive(show: Callable[..., Page]) -> None:
    page = show("only=fed")
    page.evaluate(
        """() => {
            globalThis.longest = 0;
            new PerformanceObserver(list => {
                for (const { duration } of list.getEntries())
                    globalThis.longest = Math.max(globalThis.longest, duration);
            }).observe({ entryTypes: ["longtask"] });
        }"""
    )
    for _ in range(40):
        _feed(page, 50)
    expect(page.locator(".row").last).to_have_attribute("aria-setsize", "1000")
    assert page.evaluate("() => globalThis.longest") < 500
