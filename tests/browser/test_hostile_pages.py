"""Hostile texts where a run is read without JupyterLab: nothing runs and nothing is fetched."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import mistune
import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Playwright, expect

from agentkit.cli import main
from agentkit.trace.html import to_html
from tests.browser.conftest import CHROMIUM
from tests.conftest import Times
from tests.hostile.corpus import AWAY, HERE
from tests.hostile.traces import Json, traces
from tests.hostile.wire import NetLog, Wire, of_host

# nbformat is partly untyped.
_nbformat: Any = nbformat

UNSAFE = {
    "ran": "<script>__hit(1)</script>",
    "fetched": f'<img src="/{HERE}/1">',
    "asked": "<script>alert(1)</script>",
    "opened a window": "<script>open('about:blank')</script>",
    "navigated": f"<script>location = '/{HERE}/page'</script>",
    "downloaded": "<a id=x href='data:application/zip,x' download=x>x</a><script>x.click()</script>",
    "brought a frame": "<iframe srcdoc=x></iframe>",
    "opened a socket": f"<script>new WebSocket('ws://{AWAY}/')</script>",
    "was held back": "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\"><p onclick=x>"
    "<script>1</script>",
}
"""What trips each wire at once."""

STANDING = {
    "Object.prototype.polluted": "<script>Object.prototype.polluted = 1</script>",
    "document.cookie is taken": "<img name=cookie>",
    "document.body is taken": "<form name=body></form>",
    "a global is an element": "<form id=x></form><script>window.y = x</script>",
    "an element": "<object></object>",
    "a handler": "<p onclick=x>",
    "an address": "<a href=' javascript:x'>x</a>",
    "a command": "<button data-commandlinker-command=x>x</button>",
    "a link with an opener": "<a href=/ target=x>x</a>",
    "an id": "<p id=jupyter-config-data>x</p>",
    "over the page": "<p style='position:fixed'>x</p>",
}
"""What stands on a page and waits."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and the address where it is served."""
    folder = tmp_path_factory.mktemp("site")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def body(html: str) -> str:
    return f"<!DOCTYPE html><html><head><meta charset=utf-8></head><body>{html}</body></html>"


def test_every_wire_trips_on_a_page_that_is_not_safe(
    playwright: Playwright, site: tuple[Path, str], tmp_path: Path
) -> None:
    folder, address = site
    log = NetLog(tmp_path)
    with log.browser(playwright, CHROMIUM) as browser:
        for number, (tripped, html) in enumerate([*UNSAFE.items(), *STANDING.items()]):
            (folder / f"{number}.html").write_text(body(html))
            context = browser.new_context()
            wire = Wire(context, of_host(address))
            page = wire.open_page()
            page.goto(f"{address}/{number}.html", wait_until="commit")
            if tripped in UNSAFE:
                wire.wait_for(page, tripped)
            else:
                page.wait_for_load_state()
                found = wire.standing(page, "body", "body")
                assert [each for each in found if each.startswith(tripped)], tripped
            context.close()
    assert log.known != []


# What nbconvert's own page asks for: MathJax, which has to be there for what it would make of TeX.
ASKED_BY_NBCONVERT = (
    "https://cdnjs.cloudflare.com/",
    "https://unpkg.com/",
    "https://cdn.jsdelivr.net/",
)


@pytest.mark.soak
def test_static_pages_run_nothing_and_ask_for_nothing(
    playwright: Playwright, site: tuple[Path, str], tmp_path: Path, times: Times
) -> None:
    folder, address = site
    runs = traces(range(times(1, 6)))
    pages = pages_of(runs, tmp_path)
    log = NetLog(tmp_path)
    with log.browser(playwright, CHROMIUM) as browser:
        for name, html in pages.items():
            (folder / f"{name}.html").write_bytes(html.encode("utf-8", "replace"))
            context = browser.new_context()
            asked = (address, *ASKED_BY_NBCONVERT) if name == "nbconvert" else (address,)
            wire = Wire(context, lambda url, asked=asked: url.startswith(asked))
            page = wire.open_page()
            page.goto(f"{address}/{name}.html", wait_until="domcontentloaded")
            page.evaluate(OPENED)
            assert wire.standing(page, "[style]", "[style]") == [], name
            assert wire.tripped == [], name
            assert page.url == f"{address}/{name}.html"
            assert page.get_by_text("failed", exact=False).count() >= len(runs), name
            context.close()
    assert log.known == []


@pytest.mark.soak
def test_the_view_without_jupyterlab_runs_nothing_and_asks_for_nothing(
    playwright: Playwright, gallery: str, tmp_path: Path, times: Times
) -> None:
    log = NetLog(tmp_path)
    with log.browser(playwright, CHROMIUM) as browser:
        context = browser.new_context()
        wire = Wire(context, of_host(gallery))
        page = wire.open_page()
        for run in traces(range(times(1, 6))):
            page.goto(f"{gallery}?only=nothing")
            page.evaluate("trace => show(trace)", run)
            view = page.locator("agentkit-trace").first
            expect(view.locator("[data-seq]").last).to_be_attached()
            page.evaluate(SETTLED)
            expect(view).to_be_visible()
            assert wire.standing(page, "agentkit-trace", "agentkit-trace > [slot]") == []
            assert wire.tripped == []
    assert log.known == []


# Until nothing changes any more: results are rendered one after the other.
SETTLED = """() => new Promise(done => {
    let last = setTimeout(done, 500);
    new MutationObserver(() => { clearTimeout(last); last = setTimeout(done, 500); })
        .observe(document.body, { childList: true, subtree: true, attributes: true });
})"""


OPENED = """() => new Promise(done => {
    for (const each of document.querySelectorAll('details')) each.open = true;
    scrollTo(0, document.body.scrollHeight);
    requestAnimationFrame(() => requestAnimationFrame(done));
})"""


def pages_of(runs: list[Json], folder: Path) -> dict[str, str]:
    """The static forms of the runs, each as a page."""
    (folder / "runs.json").write_bytes(json.dumps(runs).encode())
    export = ["trace", "export", str(folder / "runs.json")]
    for form in ("html", "ipynb", "markdown"):
        assert main([*export, "--to", form, "-o", str(folder / f"runs.{form}")]) == 0
    exporter: Any = HTMLExporter()
    book = _nbformat.read(folder / "runs.ipynb", as_version=4)
    markdown = (folder / "runs.markdown").read_text("utf-8")
    return {
        "exported": (folder / "runs.html").read_text("utf-8"),
        "nbconvert": exporter.from_notebook_node(book)[0],
        # As a trusted notebook shows it, or mail: nobody sanitises.
        "raw": body("\n\n".join(map(to_html, runs))),
        # Where Markdown may hold HTML and readers do not sanitise it.
        "markdown": body(str(mistune.create_markdown(escape=False, plugins=["table"])(markdown))),
    }
