"""Hostile texts in JupyterLab, with all renderers that it has: nothing runs, nothing is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.conftest import CHROMIUM
from tests.browser.lab import Lab, LabPage
from tests.browser.test_hostile_pages import SETTLED
from tests.conftest import Times
from tests.hostile.traces import traces
from tests.hostile.wire import NetLog, Wire

KNOWN = re.compile(r"/(lab|static|api|agentkit|kernelspecs|custom|login|lsp|doc)(/|$)")
"""Of JupyterLab's own paths those that it asks for by itself."""

FOREIGN = "agentkit-trace > [slot]"
SURFACES = (
    "agentkit-trace, .agentkit-output, #agentkit-runs, .agentkit-document, .jp-Dialog, .Toastify"
)


class Watched(LabPage):
    """A page with the wire around it."""

    def __init__(self, wire: Wire, lab: Lab) -> None:
        super().__init__(wire.open_page(), lab)
        self.wire = wire
        self.page.goto(lab.login_url)

    def untouched(self, surfaces: str = SURFACES, foreign: str = FOREIGN) -> None:
        """Wait until all is shown; nothing has happened, and nothing waits to."""
        self.page.evaluate(SETTLED)
        assert self.wire.standing(self.page, surfaces, foreign) == []
        assert self.wire.tripped == []
        assert "/lab" in self.page.url


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server with the hostile model."""
    settings = ["--ServerApp.jpserver_extensions=hostile_model=True"]
    with Lab(tmp_path_factory.mktemp("lab"), settings=settings) as running:
        yield running


@pytest.fixture
def watched(playwright: Playwright, lab: Lab, tmp_path: Path) -> Iterator[Watched]:
    log = NetLog(tmp_path)

    def own(url: str) -> bool:
        return url.startswith(lab.url) and KNOWN.match(urlsplit(url).path) is not None

    with log.browser(playwright, CHROMIUM) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        yield Watched(Wire(context, own), lab)
        context.close()
    assert log.known == []


@pytest.mark.soak
def test_a_file_of_runs_is_shown_unharmed(lab: Lab, watched: Watched, times: Times) -> None:
    runs = traces(range(times(1, 6)))
    (lab.root / "runs.agenttrace.json").write_bytes(json.dumps(runs).encode())
    page = watched.page
    page.goto(f"{lab.url}/lab/tree/runs.agenttrace.json?reset")
    document = page.locator(".agentkit-document:visible")
    choices = document.get_by_role("navigation").get_by_role("button")
    expect(choices).to_have_count(len(runs))
    for number in range(len(runs)):
        choices.nth(number).click()
        view = document.locator("agentkit-trace").first
        expect(view).to_have_attribute("data-task-id", f"hostile-{number}")
        expect(view.locator("[data-seq]").nth(100)).to_be_attached()
        watched.untouched()
        watched.picture(f"hostile-file-{number}")
