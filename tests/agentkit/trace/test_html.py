"""The HTML of a trace: safe with anything inside, readable anywhere, bounded."""

from __future__ import annotations

import json
import re
from typing import Any

import bleach
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.trace.html import to_html
from tests.agentkit.trace.page import GITHUB_TAGS, Page
from tests.agentkit.trace.samples import ATTACKS, NAMES, call, event, hostile, sample, trace


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_hostile_comes_through_from_any_field(attack: str) -> None:
    Page(to_html(hostile(attack))).text.encode("utf-8")


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from(list("<>/\"'`=&;:!-[]()# \nabdeilmnoprstv\\|*_~")), max_size=60))
def test_no_combination_of_markup_comes_through(text: str) -> None:
    Page(to_html(hostile(text)))


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_a_whole_fragment_without_script_and_classes(name: str) -> None:
    html = to_html(sample(name))
    Page(html)
    assert "<script" not in html
    assert "<style" not in html
    assert "class=" not in html


# The hostile sample's answer is addresses, and those are no text.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile"])
def test_question_steps_and_answer_stay_readable_where_styles_are_stripped(name: str) -> None:
    document = sample(name)
    page = bleach.clean(to_html(document), tags=GITHUB_TAGS, attributes={}, strip=True)
    text = " ".join(Page(page).text.split())
    assert document["agent"] in text
    assert " ".join(document["input"].split()) in text
    for done in document["events"]:
        if done["event_type"] == "tool_call":
            assert done["tool_name"] in text
        if done["event_type"] == "tool_result" and done["outcome"] == "success":
            # The time does not run into the words before it.
            assert re.search(r" · <? ?\d[\d.]* s", text)
    for word in re.findall(r"[A-Za-z]{4,}", document["result"] or ""):
        assert word in text


def test_the_state_is_said_in_words_and_a_shape() -> None:
    words = {
        "completed": "✓ Done",
        "failed": "✗ Failed",
        "cancelled": "■ Stopped",
        "interrupted": "┅ Interrupted",
        "running": "◐ Running when this was saved",
        "queued": "○ Waiting for a free place when this was saved",
        "input_required": "◆ Waiting for an answer when this was saved",
        "paused": "· paused",
    }
    for status, said in words.items():
        shape, _, word = said.partition(" ")
        text = Page(to_html(trace(status=status))).text
        assert shape in text
        assert word in text


def test_a_run_that_nobody_will_finish_is_called_not_finished() -> None:
    assert "Not finished when this was saved" in to_html(trace(status="running"), live=False)
    assert "Not finished" not in to_html(trace(status="completed"), live=False)


def test_a_simulated_run_says_so_in_header_and_footer() -> None:
    assert Page(to_html(trace(simulated=True))).text.count("Simulated") == 2
    assert "Simulated" not in to_html(trace())


def test_failed_and_waiting_rows_are_open_and_others_folded() -> None:
    failed = call(1, {"text/plain": "Traceback …"}, outcome="failed", error={"message": "No"})
    waiting = event(5, "approval_requested", request_id="r", tool_call_id="x", arguments={"a": 1})
    page = Page(
        to_html(trace(*failed, *call(3, {"text/plain": "1\n2"}), waiting, status="running"))
    )
    assert [("open" in given) for tag, given in page.found if tag == "details"] == [
        True,
        False,
        True,
    ]


def test_nothing_in_it_ends_the_html_for_a_reader_of_markdown() -> None:
    text = "a\n\n![x](https://example.org/x.png)\n\n# no heading"
    html = to_html(trace(*call(2, {"text/plain": text}), result=f"```\n{text}\n```"))
    assert "no heading" in html
    assert all(line.startswith("<") for line in html.splitlines())


def test_a_table_is_shown_as_a_table_without_its_own_looks() -> None:
    html = '<div><style>td{color:red}</style><table class="x" onclick="y"><tr><td colspan=2>5'
    page = Page(to_html(trace(*call(1, {"text/html": html, "text/plain": "   a\n0  5"}))))
    assert ("td", "2") in [(tag, given.get("colspan")) for tag, given in page.found]
    assert "color:red" not in page.text


def test_html_that_is_no_table_gives_way_to_the_text_beside_it() -> None:
    bundle = {
        "text/html": "<div>Pipeline<div>Scaler</div></div>",
        "text/plain": "Pipeline(Scaler())",
    }
    text = Page(to_html(trace(*call(1, bundle)))).text
    assert "Pipeline(Scaler())" in text


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_a_picture_is_shown_in_the_page_itself(kind: str) -> None:
    page = Page(to_html(trace(*call(1, {f"image/{kind}": "iVBORw0K\nGgoAAAA=\n"}))))
    sources = [given["src"] for tag, given in page.found if tag == "img"]
    assert sources == [f"data:image/{kind};base64,iVBORw0KGgoAAAA="]


def test_a_drawing_is_shown_where_it_can_run_nothing() -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    page = Page(to_html(trace(*call(1, {"image/svg+xml": drawing}))))
    assert page.count("img") == 1
    assert page.count("svg") == 0


NO_PICTURES: list[Any] = ["no base64!", "abc", '"onerror="x', "", None, 7, ["abc", 5]]


@pytest.mark.parametrize("data", NO_PICTURES)
def test_what_is_no_base64_is_no_picture(data: Any) -> None:
    page = Page(to_html(trace(*call(1, {"image/png": data, "text/plain": "<Figure>"}))))
    assert page.count("img") == 0


def test_a_picture_may_be_saved_as_a_list_of_lines() -> None:
    page = Page(to_html(trace(*call(1, {"image/png": ["iVBO\n", "Rw=="]}))))
    assert page.count("img") == 1


def test_a_cut_says_how_much_is_shown_and_where_the_rest_is() -> None:
    text = Page(to_html(trace(*call(1, {"text/plain": "x" * 80_000})))).text
    assert (
        "… cut: 4,000 of 80,000 characters shown; the whole is in the notebook's trace data" in text
    )


def test_a_cut_table_is_whole_as_far_as_it_goes_and_says_that_it_is_cut() -> None:
    html = "<table>" + "<tr><td>cell</td></tr>" * 50_000 + "</table>"
    page = Page(to_html(trace(*call(1, {"text/html": html}))))
    assert 50 < page.count("tr") < 5_000
    assert "… cut: the first rows are shown" in page.text


def test_a_huge_picture_is_named_instead_of_shown() -> None:
    page = Page(to_html(trace(*call(1, {"image/png": "A" * 2_000_000}))))
    assert page.count("img") == 0
    assert "[picture: image/png, 1,500 kB; the whole is in" in page.text


TABLE = {
    "text/html": "<table>" + "<tr><td>North</td><td>1234.5</td></tr>" * 60 + "</table>",
    "text/plain": "North  1234.5\n" * 60,
}


def test_a_thousand_steps_with_tables_are_all_there_under_a_megabyte() -> None:
    events = [part for seq in range(1, 2001, 2) for part in call(seq, TABLE)]
    html = to_html(trace(*events))
    assert len(html.encode()) < 1_000_000
    assert Page(html).count("details") == Page(html).count("table") == 1_000


def test_of_thousands_of_steps_each_is_a_line_and_there_is_hardly_a_tag() -> None:
    events = [
        part
        for n in range(1, 5001)
        for part in call(n, {"text/plain": f"ok{n}"}, arguments={"n": n})
    ]
    failed = {"message": "No such <region>, and " * 9}
    events += call(5001, {}, outcome="failed", error=failed, arguments={"code": "x\n" * 99})
    events += [event(5003, "message", text="Now\nthe <b>next</b>.")]
    page = Page(html := to_html(trace(*events)))
    listed = [int(n) for n in re.findall(r"✓ Called region_total · (\d+) · 0.4 s → ok", page.text)]
    assert listed == [*range(1, 5001)]
    assert "Now the <b>next</b>." in page.text
    assert page.text.count("No such <region>, and") > 1
    assert len(page.found) < 40
    assert "\n\n" not in html
    # What a line holds is bounded, also where it went wrong.
    assert max(map(len, page.text.split("\n"))) < 1_100


def test_of_more_steps_the_first_and_the_last_are_listed_and_the_rest_is_counted() -> None:
    events = [part for n in range(1, 12_102) for part in call(n, {}, arguments={"n": n})]
    page = Page(to_html(trace(*events)))
    assert "… 101 rows of 12,101 are not listed here" in page.text
    listed = [int(n) for n in re.findall(r"region_total · (\d+) ·", page.text)]
    assert listed == [*range(1, 9001), *range(9102, 12_102)]


def test_a_short_row_tells_every_argument_and_all_of_the_result() -> None:
    code = "def f():\n    return 1\n"
    rows = [
        *call(1, {"text/plain": "done"}, tool_name="read_file", arguments={"path": "a.csv"}),
        *call(3, {"text/plain": "one\ntwo"}, arguments={"code": code, "deep": {"a": [1, 2]}}),
        *call(5, {}, outcome="failed", error={"message": "No such region\nTraceback …"}),
    ]
    many = [part for seq in range(11, 411, 2) for part in call(seq, {"text/plain": "x"})]
    page = Page(to_html(trace(*rows, *many)))
    for said in ("Read a.csv", "read_file", "done", code.strip(), '"a": [', "one\ntwo"):
        assert said in page.text
    assert "failed" in page.text
    assert "Traceback …" in page.text
    assert page.count("details") == 2


def test_the_answer_is_formatted_and_its_pictures_are_links() -> None:
    answer = "**Bold** [site](https://a.example)\n\n![plot](https://b.example/x.png)\n\n| a |\n|---|\n| 1 |"
    page = Page(to_html(trace(result=answer)))
    links = [given["href"] for tag, given in page.found if tag == "a"]
    assert links == ["https://a.example", "https://b.example/x.png"]
    assert page.count("table") == 1
    assert page.count("img") == 0


SAVED: list[Any] = [None, 5, [], {}, {"events": 3}, {"events": [1, {}, None]}, "x"]


@pytest.mark.parametrize("document", SAVED)
def test_whatever_was_saved_is_shown_without_raising(document: Any) -> None:
    Page(to_html(document))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_fields_of_any_type_never_raise(data: st.DataObject) -> None:
    document = json.loads(json.dumps(data.draw(st.sampled_from([sample(n) for n in NAMES]))))
    for _ in range(3):
        target = data.draw(st.sampled_from([document, *document["events"]]))
        name = data.draw(st.sampled_from(sorted(target)))
        if target is not document or name != "events":
            target[name] = data.draw(JSON)
    Page(to_html(document))
