"""Markdown, plain text, and the bundle of all forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import mistune
import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter

from agentkit.trace.bundle import to_bundle
from agentkit.trace.document import TRACE_MIME, read_trace
from agentkit.trace.html import to_html
from agentkit.trace.markdown import to_markdown
from agentkit.trace.plain import to_text
from tests.agentkit.trace.page import Page
from tests.agentkit.trace.samples import ATTACKS, NAMES, call, hostile, sample, trace

NOTEBOOKS: Any = nbformat  # it has no types


def rendered(markdown: str) -> str:
    """Markdown as a reader shows it that passes HTML through, which is the worst there is."""
    return str(mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])(markdown))


class Rendered(Page):
    """Of what a reader of Markdown makes, only its own pictures and links may be there."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Which addresses a link may have is for the reader of Markdown to decide.
        own = [one for one in attrs if one[0] not in ("class", "title", "start", "href")]
        super().handle_starttag(tag, own)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_html_and_no_foreign_picture_comes_through_markdown(attack: str) -> None:
    Rendered(rendered(to_markdown(hostile(attack))))


def test_a_run_that_follows_up_stands_below_in_every_form() -> None:
    followed = sample("followed")
    later = followed["follow_ups"][0]
    for form in (to_markdown, to_html, to_text):
        written = form(followed)
        assert written.count(later["input"]) == 1
        assert written.index(followed["input"][:20]) < written.index(later["input"])
        assert written.count("Done") == 2


def test_an_edit_is_a_diff_in_every_form() -> None:
    edited = sample("edited")
    removed = "-df = pd.read_cvs('data/sales.csv')"
    markdown, html = to_markdown(edited), to_html(edited)
    assert f"\n  {removed}\n" in markdown.split("```diff")[1]
    assert f"{removed}</span>" in html
    assert f"\n      {removed}\n" in to_text(edited)


@pytest.mark.parametrize(
    "answer",
    [
        "- ```\n  ```\n<b onclick=x>\n```\n<b onclick=x>",
        "Text:\n\n   ```\n```\n<script>x</script>\n```",
        "1. Text:\n   ```\n   code\n```\n<script>x</script>",
        "> ```\n```\n<script>x</script>",
        "```a`b\n<script>x</script>",
        "`\n<script>x</script>`",
        "| ` | <b onclick=x> ` |\n|---|---|",
        "~~~\n```\n~~~\n<script>x</script>\n```",
        "Text:\n\n    ```\n<script>x</script>",
        "![a](https://evil.example/x.png) \\![b](https://evil.example) ![c][r]\n\n[r]: https://e.example",
    ],
)
def test_no_trick_with_code_lets_html_through_an_answer(answer: str) -> None:
    Rendered(rendered(to_markdown(trace(result=answer))))


def test_code_in_an_answer_stays_as_it_is() -> None:
    code = "Use this:\n\n```html\n<div class='a'>![x](y)</div>\n```\n\nand <b>that</b>."
    markdown = to_markdown(trace(result=code))
    assert "```html\n<div class='a'>![x](y)</div>\n```" in markdown
    assert "and &lt;b>that&lt;/b>." in markdown


def test_a_result_with_fences_stays_inside_a_longer_one() -> None:
    markdown = to_markdown(trace(*call(1, {"text/plain": "a\n```\n````\n# no heading"})))
    assert "`````text" in markdown
    assert "<h1>" not in rendered(markdown)


def test_small_pictures_are_in_the_markdown_and_large_ones_are_named() -> None:
    small, large = {"image/png": "iVBORw0KGgo="}, {"image/png": "A" * 80_000}
    assert "](data:image/png;base64,iVBORw0KGgo=)" in to_markdown(trace(*call(1, small)))
    assert "picture: image/png, 60 kB" in to_markdown(trace(*call(1, large)))


@pytest.mark.parametrize("name", NAMES)
def test_markdown_and_text_tell_question_steps_and_answer(name: str) -> None:
    document = sample(name)
    texts = [Rendered(rendered(to_markdown(document))).text, to_text(document)]
    for text in texts:
        assert document["agent"] in text
        assert document["input"] in text
        for answer in (document["result"] or "").splitlines()[:1]:
            assert answer.split("*")[-1].split("`")[-1].strip() in text
    assert [text.count("✓") for text in texts] == [texts[0].count("✓")] * 2


def test_text_carries_no_terminal_codes() -> None:
    text = to_text(hostile("\x1b[2J\x1b]0;owned\x07\x9b31mred\u202e\x08"))
    assert not [mark for mark in text if mark != "\n" and not mark.isprintable()]


def test_a_terminal_gets_the_first_lines_of_a_long_result() -> None:
    text = to_text(trace(*call(1, {"text/plain": "line\n" * 5_000})))
    assert 10 < text.count("line\n") < 15
    assert "… cut: 59 of 24,999 characters shown" in text


def test_an_unfinished_run_says_so_in_every_form() -> None:
    data = to_bundle(trace(status="running", finished_at=None, result=None), live=True)["data"]
    for mime_type in ("text/html", "text/markdown", "text/plain"):
        assert "Running when this was saved" in data[mime_type]
    over = to_bundle(trace(status="running"), live=False)["data"]
    assert "Not finished when this was saved" in over["text/plain"]


def notebook(document: dict[str, Any]) -> Any:
    output = NOTEBOOKS.v4.new_output("display_data", **to_bundle(document, live=False))
    cell = NOTEBOOKS.v4.new_code_cell("run", outputs=[output])
    return NOTEBOOKS.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize("name", NAMES)
def test_the_bundle_is_a_valid_output_and_survives_the_file(name: str) -> None:
    book = notebook(sample(name))
    NOTEBOOKS.validate(book)
    again = NOTEBOOKS.reads(NOTEBOOKS.writes(book), as_version=4)
    saved = again.cells[0].outputs[0].data[TRACE_MIME]
    assert read_trace(json.loads(json.dumps(saved))).to_json() == read_trace(sample(name)).to_json()


def test_nbconvert_shows_the_run_in_html_and_in_markdown() -> None:
    book = notebook(sample("completed"))
    for exporter in (HTMLExporter(), MarkdownExporter()):
        page, _ = exporter.from_notebook_node(book)
        assert "Which region grew most between 2024 and 2025" in page
        assert "growth_by_region" in page
        assert "East grew most" in page


def test_a_large_result_is_whole_once_and_cut_elsewhere() -> None:
    data = to_bundle(trace(*call(1, {"text/plain": "x" * 500_000})))["data"]
    assert len(json.dumps(data[TRACE_MIME])) > 500_000
    assert sum(len(data[kind]) for kind in ("text/html", "text/markdown", "text/plain")) < 12_000


@pytest.mark.parametrize("form", [to_html, to_markdown, to_text])
def test_a_run_that_takes_another_on_does_not_ask_its_question_again(
    form: Callable[[Any], str],
) -> None:
    both = sample("resumed")
    asked = "Mail the answer to the board"
    assert (form(both).count(asked), form(both).count("Resumed · Done")) == (1, 1)
    alone = form(both["follow_ups"][0])
    assert (alone.count(asked), alone.count("Resumed")) == (1, 0)
