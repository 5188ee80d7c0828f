"""Real JupyterLab, real Notebook 7, real Chromium: what a person sees.

The servers are separate processes with a home folder of their own; they reach nothing but this machine.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.browser.gallery.build import build
from tests.browser.lab import OUTPUT, Lab, LabPage

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these tests say so, unless one is required."""
    if CHROMIUM or os.environ.get("AGENTKIT_REQUIRE_BROWSER") == "1":
        return
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="no Chromium or Chrome was found"))


@pytest.fixture
def jp_asyncio_loop() -> None:
    """No loop of pytest-jupyter's: Playwright runs its own in this thread."""


@pytest.fixture
def jp_server_cleanup() -> None:
    """No server in this process either."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    assert CHROMIUM, (
        "AGENTKIT_REQUIRE_BROWSER=1, and there is no Chromium or Chrome on this machine"
    )
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One server for all tests that leave it running."""
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(shared_lab: Lab) -> Iterator[Lab]:
    """The shared server; its kernels and tasks are cleared away after the test."""
    yield shared_lab
    shared_lab.clear()


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[Lab]:
    """A server that the test may stop."""
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture
def open_page(
    browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[[Lab], LabPage]]:
    """Opens pages on a server, each with cookies of its own; a failed test leaves their pictures."""
    pages: list[Page] = []

    def open_page(lab: Lab) -> LabPage:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        pages.append(page)
        page.goto(lab.login_url)
        return LabPage(page, lab)

    yield open_page
    OUTPUT.mkdir(exist_ok=True)
    for number, page in enumerate(pages):
        page.screenshot(path=OUTPUT / f"{request.node.name}-{number}.png")
        page.context.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gallery")
    build(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def show(browser: Browser, gallery: str) -> Iterator[Callable[..., Page]]:
    """Opens the gallery in a browser with these settings; what goes wrong on the page fails the test."""
    problems: list[str] = []
    pages: list[Page] = []

    def show(query: str = "", *, width: int = 900, **settings: Any) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 800}, **settings)
        pages.append(page)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request",
            lambda request: (
                problems.append(request.url)
                if not request.url.startswith((gallery, "data:"))
                else None
            ),
        )
        page.goto(f"{gallery}?{query}")
        expect(page.locator("agentkit-trace").first).to_be_visible()
        expect(page.locator(".agentkit-text:empty, .agentkit-result:empty")).to_have_count(0)
        return page

    yield show
    for page in pages:
        page.close()
    assert problems == []
