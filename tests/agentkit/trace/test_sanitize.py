"""The list of allowed tags, alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.trace.sanitize import sanitize
from tests.agentkit.trace.page import Page
from tests.agentkit.trace.samples import ATTACKS


def clean(html: str, *, links: bool = False) -> str:
    return sanitize(html, 10_000, links=links).html


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<table class=a><tr><th>A</th></tr></table>", "<table><tr><th>A</th></tr></table>"),
        ('<td colspan="2" rowspan=3 width=9>x', '<td colspan="2" rowspan="3">x</td>'),
        ('<td colspan="9999" rowspan="-1">x</td>', "<td>x</td>"),
        ("a<script>b</script>c<style>d</style>e", "ace"),
        ("a<svg><style><b>b</style></svg>c", "ac"),
        ("a<svg/>b", "ab"),
        ("<iframe src=x>in</iframe>out", "out"),
        ("<p>one<p>two", "<p>one<p>two</p></p>"),
        ("</div></table>x", "x"),
        ("<b>x</i></b>", "<b>x</b>"),
        ("1 < 2 & 3 &lt; 4", "1 &lt; 2 &amp; 3 &lt; 4"),
        ("<a href=https://a.example>x</a>", "x"),
        ("<img src=https://a.example alt='a <b>'>", "a &lt;b&gt;"),
        ("x<!-- hidden --><br/>y", "x<br>y"),
    ],
)  # fmt: skip
def test_only_the_allowed_tags_are_written(html: str, kept: str) -> None:
    assert clean(html) == kept


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " JAVASCRIPT:x", "java\nscript:x", "data:text/html,x", "//a.example",
     "vbscript:x", "file:///etc/passwd", "\x01https://", ""],
)  # fmt: skip
def test_links_lead_to_the_web_and_to_mail_only(address: str) -> None:
    html = clean(f"<a href='{address}' target=_blank onclick=x>text</a>", links=True)
    assert "href" not in html or 'href="https://"' in html
    assert "text" in html


def test_a_link_keeps_its_address_and_nothing_else() -> None:
    html = clean('<a href="https://a.example/?q=%22&b=1" onclick=x id=y>t</a>', links=True)
    assert html == ('<a href="https://a.example/?q=%22&amp;b=1" rel="noopener noreferrer">t</a>')


def test_deep_nesting_is_cut_off() -> None:
    assert clean("<b>" * 5_000 + "x").count("<b>") == 60


def test_output_stops_at_the_limit_and_is_still_balanced() -> None:
    kept = sanitize("<ul>" + "<li>word</li>" * 10_000, 500)
    assert kept.is_cut
    assert len(kept.html) < 600
    Page(kept.html)


@pytest.mark.parametrize("attack", ATTACKS)
def test_sanitising_twice_changes_nothing_more(attack: str) -> None:
    once = clean(attack, links=True)
    Page(once)
    assert clean(once, links=True) == once


MARKUP = [
    "<", ">", "/", "table", "td", "script", "svg", "a", " ", "'", '"', "!--", "--", "=", "href", "x",
    "&lt;", "![CDATA[",
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(MARKUP), max_size=30))
def test_any_sequence_of_markup_comes_out_balanced_and_allowed(parts: list[str]) -> None:
    Page(clean("".join(parts), links=True))
