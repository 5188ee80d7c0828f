"""The notebook with runs of every kind, as those read it who show its HTML, Markdown or text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import mistune
import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter, SlidesExporter
from nbconvert.preprocessors.sanitize import SanitizeHTML

from agentkit.trace import load
from tests.agentkit.trace.page import Page
from tests.readers.exhibits import STEPS, exhibits, missing, notebook
from tests.readers.sanitisers import github
from tests.readers.shown import VS_CODE, VS_CODE_UNTRUSTED, chosen

NOTEBOOKS: Any = nbformat  # it has no types


@pytest.fixture(scope="module")
def book() -> Any:
    return notebook()


def bundles(book: Any) -> Iterator[dict[str, Any]]:
    for cell in book.cells:
        for output in cell.get("outputs", []):
            yield dict(output.data)


def form(book: Any, mime_type: str) -> str:
    return "\n".join(bundle[mime_type] for bundle in bundles(book))


def words_of(html: str) -> str:
    """The text of any HTML, tags as spaces."""
    return unescape(re.sub(r"<[^>]*>", " ", html))


def words_beside_tags(html: str) -> str:
    """The text of HTML in which a sanitiser has made some of our tags text."""
    names = "details|summary|p|br|img|span|table|t[dhr]|thead|tbody|h[1-6]|hr|pre|div"
    return re.sub(rf"</?(?:{names})\b[^<>]*>", " ", words_of(html))


def test_the_notebook_is_valid_and_made_the_same_twice(book: Any) -> None:
    NOTEBOOKS.validate(book)
    assert NOTEBOOKS.writes(book) == NOTEBOOKS.writes(notebook())
    assert all(not any("widget" in mime for mime in bundle) for bundle in bundles(book))


def test_every_run_is_read_back_with_all_its_events(book: Any, tmp_path: Path) -> None:
    NOTEBOOKS.write(book, tmp_path / "runs.ipynb")
    runs = load(tmp_path / "runs.ipynb")
    assert len(runs) == len(exhibits())
    by_id = {run.task_id: run for run in runs}
    assert len([e for e in by_id["long"].events if e["event_type"] == "tool_result"]) == STEPS
    assert by_id["large"].events[1]["content"]["text/plain"].endswith("the very end")


@pytest.mark.parametrize("mime_type", ["text/html", "text/markdown", "text/plain"])
def test_each_form_tells_every_run(book: Any, mime_type: str) -> None:
    text = form(book, mime_type)
    if mime_type == "text/html":
        text = Page(text).text
    elif mime_type == "text/markdown":
        text = words_of(str(mistune.create_markdown(escape=False)(text)))
    # Text for a terminal holds the first lines of a result, not the opened row.
    assert missing(text, opened=mime_type == "text/html") == {}


def test_what_is_left_where_github_sanitises_tells_every_run(book: Any) -> None:
    html = github(form(book, "text/html"))
    assert missing(words_of(html)) == {}
    tags = re.findall(r"<[a-z][^>]*>", html)
    assert not [
        tag for tag in tags if re.search(r"^<(script|style)|style=|class=|script:| on", tag)
    ]
    # Steps still fold, and pictures whose address is taken away have words.
    assert tags.count("<summary>") > 30
    assert '<img alt="2 charts">' in tags


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter, MarkdownExporter])
def test_what_nbconvert_makes_tells_every_run(book: Any, exporter: Any) -> None:
    page, _ = exporter().from_notebook_node(book)
    assert missing(words_of(page)) == {}
    assert "Loading widget" not in page
    assert "vnd.agentkit" not in page


def test_what_nbconvert_sanitises_tells_every_run(book: Any) -> None:
    """Its lists lack ``details`` and ``p``: those stand there as text, with all that is in them."""
    page, _ = HTMLExporter(sanitize_html=True).from_notebook_node(book)
    assert missing(words_beside_tags(page)) == {}
    for strip in (True, False):
        sanitiser: Any = SanitizeHTML(strip=strip, enabled=True)
        cleaned = sanitiser.preprocess(notebook(), {})[0]
        html = form(cleaned, "text/html")
        assert missing(words_beside_tags(html)) == {}
        assert all("application/vnd.agentkit.trace+json" not in each for each in bundles(cleaned))
        assert not re.search(r"<(script|img|details|iframe)", html)


def test_vs_code_shows_the_html_and_where_it_does_not_trust_the_markdown(book: Any) -> None:
    for bundle in bundles(book):
        assert chosen(bundle, VS_CODE) == "text/html"
        assert chosen(bundle, VS_CODE_UNTRUSTED) == "text/markdown"
    html = str(mistune.create_markdown(escape=False)(form(book, "text/markdown")))
    assert missing(words_of(github(html)), opened=False) == {}


def test_colab_and_nbviewer_show_the_html(book: Any) -> None:
    """Both take the richest type that they know, and neither knows ours."""
    exporter: Any = HTMLExporter()
    order: list[str] = exporter.default_config.NbConvertBase.display_data_priority
    for bundle in bundles(book):
        known = [mime for mime in order if mime in bundle]
        assert known[0] == "text/html"


def test_a_reader_of_json_alone_finds_nothing_that_is_no_json(book: Any) -> None:
    read = json.loads(NOTEBOOKS.writes(book), parse_constant=pytest.fail)
    assert len(read["cells"]) == 2 * len(exhibits())
