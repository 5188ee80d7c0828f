"""The notebook with runs of every kind in a browser, as those show it who have no JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mistune
import nbformat
import pytest
from nbconvert import HTMLExporter, SlidesExporter
from playwright.sync_api import Browser, Page, Route
from pypdf import PdfReader

from agentkit.cli import main
from tests.browser.lab import OUTPUT
from tests.readers.exhibits import missing, notebook
from tests.readers.sanitisers import github

# nbformat is partly untyped.
_nbformat: Any = nbformat

OpenFile = Callable[..., Page]

ROOT = Path(__file__).parents[2]

SHOWN = ("results", "scripts", "edited", "failed", "long", "hostile", "broken")
"""The runs of which pictures are kept."""

CLIPPED = """() => [...document.querySelectorAll('*')].filter(each => {
    const { overflowX, overflowY, display } = getComputedStyle(each);
    return display !== 'inline' && (overflowX !== 'visible' || overflowY !== 'visible')
        && (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1)
        && each !== document.documentElement && each !== document.body
        && each.closest('.jp-OutputArea-output, main') !== null;
}).map(each => `${each.tagName}: ${each.textContent.slice(0, 60)}`)"""
"""What shows only a part of its content, on paper for good."""


@pytest.fixture
def open_file(browser: Browser, tmp_path: Path) -> Iterator[OpenFile]:
    """Opens a page from the disk; nothing of ours may run, fail or ask for anything on it."""
    said: list[str] = []
    pages: list[Page] = []

    def local(route: Route) -> None:
        # nbconvert's own pages ask for MathJax and reveal.js.
        if route.request.url.startswith(("file:", "data:")):
            route.continue_()
        else:
            said.extend([route.request.url] if "evil" in route.request.url else [])
            route.abort()

    def open_file(html: str, width: int = 1280) -> Page:
        file = tmp_path / f"{len(pages)}.html"
        file.write_bytes(html.encode("utf-8", "replace"))
        page = browser.new_page(viewport={"width": width, "height": 900})
        pages.append(page)
        page.route("**/*", local)
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(file.as_uri(), wait_until="domcontentloaded")
        return page

    yield open_file
    assert said == []
    for page in pages:
        assert page.evaluate("window.owned") is None
        page.close()


def body(html: str) -> str:
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f"<!DOCTYPE html><html><head>{meta}</head><body><main>{html}</main></body></html>"


def outputs(mime_type: str) -> str:
    return "\n".join(
        f'<section id="run-{cell.id}">{output.data[mime_type]}</section>\n\n'
        for cell in notebook().cells
        for output in cell.get("outputs", [])
    )


def everything(page: Page) -> str:
    """All that a reader can see, with every row opened."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    return page.evaluate("document.body.innerText")


def keep_pictures(page: Page, name: str, place: str) -> None:
    OUTPUT.mkdir(exist_ok=True)
    for run in SHOWN:
        page.evaluate("id => document.getElementById(id)?.scrollIntoView()", place.format(run))
        page.screenshot(path=OUTPUT / f"readers-{name}-{run}.png")


def test_the_page_that_nbconvert_makes_fits_a_desk_a_telephone_and_paper(
    open_file: OpenFile, tmp_path: Path
) -> None:
    exporter: Any = HTMLExporter()
    html: str = exporter.from_notebook_node(notebook())[0]
    for width in (390, 1280):
        page = open_file(html, width)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        keep_pictures(page, f"nbconvert-{width}", "cell-id=run-{}")
        assert page.evaluate(CLIPPED) == []
    page.pdf(path=tmp_path / "runs.pdf")
    # A browser prints a folded row folded: on paper is what its two lines say.
    text = printed(tmp_path / "runs.pdf")
    assert missing(text, opened=False, named=False).keys() <= SCRIPTS
    assert missing(everything(page)) == {}
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(CLIPPED) == []


def test_nbconverts_page_prints_what_is_folded_with_our_template(
    open_file: OpenFile, tmp_path: Path
) -> None:
    exporter: Any = HTMLExporter(
        template_name="agentkit", extra_template_basedirs=[str(ROOT / "nbconvert-templates")]
    )
    page = open_file(exporter.from_notebook_node(notebook())[0])
    page.pdf(path=tmp_path / "runs.pdf")
    assert missing(printed(tmp_path / "runs.pdf"), named=False).keys() <= SCRIPTS


SCRIPTS = {"scripts"}
"""Is drawn right in a PDF, but not there as text in the order in which it is read."""


def printed(file: Path) -> str:
    return " ".join(page.extract_text() for page in PdfReader(file).pages)


def test_slides_show_every_run(open_file: OpenFile) -> None:
    exporter: Any = SlidesExporter()
    page = open_file(exporter.from_notebook_node(notebook())[0])
    assert missing(everything(page)) == {}
    keep_pictures(page, "slides", "cell-id=run-{}")


@pytest.mark.parametrize("width", [390, 1280])
def test_sanitised_as_on_github_it_fits_and_tells_every_run(
    open_file: OpenFile, width: int
) -> None:
    # As github-markdown-css has it: long words break, code and tables scroll in themselves.
    looks = (
        "main {word-wrap: break-word} pre, table {display: block; overflow: auto; max-width: 100%}"
    )
    page = open_file(body(f"<style>{looks}</style>{github(outputs('text/html'))}"), width)
    assert missing(everything(page)) == {}
    assert page.evaluate("document.documentElement.scrollWidth") == width
    OUTPUT.mkdir(exist_ok=True)
    for at in (0, 4000):
        page.evaluate(f"window.scrollTo(0, {at})")
        page.screenshot(path=OUTPUT / f"readers-github-{width}-{at}.png")


def test_vs_code_and_colab_show_the_html_on_their_own_grounds(open_file: OpenFile) -> None:
    """They put it into a page of their own as it is; a notebook that is not trusted shows Markdown."""
    dark = "<style>body {background: #1f1f1f; color: #ccc; font: 13px sans-serif}</style>"
    page = open_file(body(dark + outputs("text/html")), 900)
    assert page.evaluate("document.documentElement.scrollWidth") == 900
    keep_pictures(page, "vscode", "run-run-{}")
    assert missing(everything(page)) == {}
    markdown = re.sub(r"</?section[^>]*>", "", outputs("text/markdown"))
    page = open_file(body(github(str(mistune.create_markdown(escape=False)(markdown)))), 900)
    assert missing(everything(page), opened=False) == {}
    page.screenshot(path=OUTPUT / "readers-vscode-untrusted.png")


def test_the_exported_page_prints_what_is_folded(open_file: OpenFile, tmp_path: Path) -> None:
    _nbformat.write(notebook(), tmp_path / "runs.ipynb")
    out = tmp_path / "runs.html"
    assert (
        main(["trace", "export", str(tmp_path / "runs.ipynb"), "--to", "html", "-o", str(out)]) == 0
    )
    page = open_file(out.read_text(encoding="utf-8"))
    page.pdf(path=tmp_path / "runs.pdf")
    assert missing(printed(tmp_path / "runs.pdf")).keys() <= SCRIPTS
