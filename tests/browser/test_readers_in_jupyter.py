"""The notebook with runs of every kind in JupyterLab and Notebook: trusted or not, with and without a
kernel, with and without our extension."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import ConsoleMessage, expect

from tests.browser.lab import Lab, LabPage
from tests.readers.exhibits import exhibits, missing, notebook

# nbformat is partly untyped.
_nbformat: Any = nbformat

OpenPage = Callable[[Lab], LabPage]

TEXT = """cell => {
    const texts = [];
    const read = node => {
        if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
        if (node instanceof HTMLElement && ['STYLE', 'SCRIPT'].includes(node.tagName)) return;
        for (const each of node.shadowRoot?.childNodes ?? []) read(each);
        for (const each of node.childNodes) read(each);
    };
    const widget = window.jupyterapp.shell.currentWidget.content.widgets[cell];
    for (const row of widget.node.querySelectorAll('details')) row.open = true;
    read(widget.outputArea.node);
    return texts.join(' ');
}"""
"""The words of a cell's outputs, those within our element too."""

SCROLL = "cell => window.jupyterapp.shell.currentWidget.content.scrollToItem(cell, 'start')"

SCROLLS = """() => {
    const of = name => document.querySelector(name);
    const notebook = of('.jp-WindowedPanel-outer') ?? of('.jp-Notebook');
    return notebook.scrollWidth - notebook.clientWidth;
}"""


class Reader:
    """A page on which the notebook is open, and what went wrong on it."""

    def __init__(self, page: LabPage, name: str) -> None:
        self.opened = page
        self.name = name
        self.page = page.page
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self._failed(f"{error} {error.stack}"))
        self.page.on("console", self._heard)
        self.page.on("dialog", lambda dialog: self.problems.append(dialog.message))

    def _failed(self, error: str) -> None:
        # Notebook 7 has an error of its own when it sets its toolbars up.
        if "agentkit" in error:
            self.problems.append(error)

    def _heard(self, message: ConsoleMessage) -> None:
        where = f"{message.text} {message.location.get('url', '')}"
        if message.type in ("error", "warning") and "agentkit" in where:
            self.problems.append(where)

    def open(self, name: str, *, app: str, kernel: bool, trusted: bool) -> None:
        self.opened.open(name, app=app, kernel=kernel)
        if not kernel:
            self.page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click()
        if trusted:
            self.opened.command("notebook:trust")
            self.page.locator(".jp-Dialog").get_by_role("button", name="Trust").click()
            self.page.wait_for_function(
                "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel && "
                "[...window.jupyterapp.shell.currentWidget.content.model.cells]"
                ".every(cell => cell.type !== 'code' || cell.trusted)"
            )

    def cells(self) -> list[str]:
        """The text of every run's output, each scrolled to first."""
        texts: list[str] = []
        for number, exhibit in enumerate(exhibits()):
            cell = 2 * number + 1
            self.page.evaluate(SCROLL, cell)
            output = self.page.locator(f"[data-windowed-list-index='{cell}'] .jp-OutputArea-output")
            expect(output.first).to_contain_text(re.compile(r"\w"))
            texts.append(self.page.evaluate(TEXT, cell))
            if exhibit.name in ("results", "scripts", "long", "broken"):
                self.opened.picture(f"readers-{self.name}-{exhibit.name}")
        return texts

    def shows_the_whole_of(self, run: str, words: str) -> None:
        """Open the run's first call, and all of its result."""
        cell = 2 * [exhibit.name for exhibit in exhibits()].index(run) + 1
        self.page.evaluate(SCROLL, cell)
        trace = self.page.locator(f"[data-windowed-list-index='{cell}'] agentkit-trace")
        trace.locator("[data-event-type='tool_call'] button").first.click()
        trace.get_by_role("button", name="Show all").last.click()
        more = trace.get_by_role("button", name=re.compile("^Show more"))
        while more.count():
            left = more.inner_text()
            more.click()
            expect(trace.get_by_role("button", name=left, exact=True)).to_have_count(0)
        expect(trace).to_contain_text(words)


@pytest.fixture(scope="module")
def plain_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server on which no extension of the page is installed."""
    none = tmp_path_factory.mktemp("none")
    settings = [f"--{app}.labextensions_path={none}" for app in ("LabApp", "JupyterNotebookApp")]
    with Lab(tmp_path_factory.mktemp("plain"), settings=settings) as lab:
        yield lab


def put(lab: Lab, name: str, kernel: str) -> None:
    book = notebook()
    book.metadata.kernelspec = {"name": kernel, "display_name": kernel, "language": "python"}
    _nbformat.write(book, lab.root / name)


@pytest.mark.parametrize(
    ("app", "extension", "kernel", "trusted"),
    [
        ("lab", True, False, False),
        ("lab", True, True, True),
        ("lab", False, False, False),
        ("lab", False, True, True),
        ("notebooks", True, False, False),
        ("notebooks", False, False, True),
    ],
)
def test_every_run_is_told_and_nothing_of_ours_goes_wrong(
    request: pytest.FixtureRequest,
    open_page: OpenPage,
    app: str,
    extension: bool,
    kernel: bool,
    trusted: bool,
) -> None:
    lab: Lab = request.getfixturevalue("lab" if extension else "plain_lab")
    name = f"runs-{app}-{extension}-{trusted}.ipynb"
    put(lab, name, "python3" if kernel else "gone")
    reader = Reader(open_page(lab), f"{app}-{'with' if extension else 'without'}-extension")
    reader.open(name, app=app, kernel=kernel, trusted=trusted)
    texts = reader.cells()
    lost = missing(" ".join(texts), opened=not extension, named=not extension)
    # Our view draws the rows of a long list that are in sight.
    assert lost.keys() <= ({"long"} if extension else set()), lost
    assert not [text for text in texts if "Loading widget" in text or not text.strip()]
    assert lab.tasks() == []
    assert reader.page.evaluate(SCROLLS) == 0
    if extension:
        reader.shows_the_whole_of("large", "the very end")
    assert reader.problems == []
