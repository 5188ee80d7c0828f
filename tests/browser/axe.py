"""Asks axe-core what somebody could not see, read or reach."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"

CHECK = """async ([selector, without]) => {
    // The corner of a table of pandas is an empty header cell; what a tool returned is shown as it is.
    const rules = {'empty-table-header': {enabled: false}, 'target-size': {enabled: true},
        // Landmarks are the page's own.
        region: {enabled: false}};
    for (const rule of without) rules[rule] = {enabled: false};
    const {violations} = await axe.run(selector, {rules});
    return violations.flatMap(({id, nodes}) => nodes.map(({target, html, failureSummary}) =>
        [id, target.flat().join(' '), html.slice(0, 200), failureSummary].join(' | ')));
}"""


def violations(
    page: Page, selector: str = "agentkit-trace", *, without: Sequence[str] = ()
) -> list[str]:
    """Each violation of axe's rules in what matches the selector, its shadow roots included."""
    if not page.evaluate("() => 'axe' in globalThis"):
        page.evaluate(AXE.read_text())
    return page.evaluate(CHECK, [selector, list(without)])


def open_all(page: Page) -> None:
    """Unfold every row of every run on the page, and wait for what they hold."""
    page.evaluate(
        """async () => {
            for (const trace of document.querySelectorAll('agentkit-trace')) {
                for (const head of trace.shadowRoot.querySelectorAll('[aria-expanded=false]'))
                    head.click();
                await trace.updateComplete;
            }
        }"""
    )
    page.wait_for_function(
        "() => document.querySelector('.agentkit-text:empty, .agentkit-result:empty') === null"
    )
