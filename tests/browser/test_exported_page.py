"""The page that `agentkit trace export --to html` writes, as a browser opens it from the disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from agentkit.cli import main
from tests.agentkit.trace.samples import ATTACKS, NAMES, hostile, sample, trace
from tests.browser.axe import violations

LONG = "lemon" * 2_000
WIDE = trace(
    task_id="wide", result=f"```\n{LONG}\n```\n\n| {' | '.join('abcdef' * 9)} |\n{'| --- ' * 54}|"
)


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    runs = [sample(name) for name in NAMES] + [WIDE]
    runs += [{**hostile(attack), "task_id": f"h{n}"} for n, attack in enumerate(ATTACKS)]
    (tmp_path / "runs.json").write_bytes(json.dumps(runs).encode())
    out = tmp_path / "runs.html"
    assert (
        main(["trace", "export", str(tmp_path / "runs.json"), "--to", "html", "-o", str(out)]) == 0
    )
    return out


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1200, "light")])
def test_the_page_fits_runs_nothing_and_asks_for_nothing(
    browser: Browser, page_file: Path, width: int, scheme: str
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(page_file.as_uri())
    expect(page.locator("h2")).to_have_count(len(NAMES) + 1 + len(ATTACKS))
    expect(page.get_by_text("openai refused the key it was given (401).").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert said == []
    assert page.evaluate("window.owned") is None
    ground = page.evaluate("getComputedStyle(document.body).color")
    assert ground == ("rgb(255, 255, 255)" if scheme == "dark" else "rgb(0, 0, 0)")
    # Axe takes a page without a background for a white one.
    page.add_style_tag(content="html { background: Canvas }")
    page.evaluate(
        "() => { for (const each of document.querySelectorAll('details')) each.open = true; }"
    )
    # A table that scrolls is a stop for the keyboard by the browser's own doing.
    assert violations(page, "html", without=["scrollable-region-focusable"]) == []
    page.close()
