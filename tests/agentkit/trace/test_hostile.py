"""The whole collection of hostile texts through every static form, field by field."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from agentkit.core.events import Delta, Event
from agentkit.trace.answer import answer_html
from agentkit.trace.document import read_trace
from agentkit.trace.export import FORMS, exported
from agentkit.trace.html import to_html
from agentkit.trace.plain import to_text
from agentkit.trace.sanitize import sanitize
from tests.agentkit.trace.page import Page
from tests.conftest import Times
from tests.hostile.corpus import PAYLOADS, kinds
from tests.hostile.results import RESULTS
from tests.hostile.traces import everything, run, shown_as, texts, traces


def test_there_are_hundreds_of_texts_and_each_class_has_its_reason() -> None:
    assert len({each.text for each in PAYLOADS}) == len(PAYLOADS) >= 350
    assert len({json.dumps(bundle, sort_keys=True) for _, bundle in RESULTS}) == len(RESULTS) >= 50
    for name, (why, templates) in kinds().items():
        assert why.endswith("."), name
        assert len(templates) >= 8, name


def test_every_kind_of_stored_event_is_filled() -> None:
    stored = {kind.model_fields["event_type"].default for kind in get_args(get_args(Event)[0])}
    deltas = {kind.model_fields["event_type"].default for kind in get_args(Delta)}
    made = {each["event_type"] for each in run(everything(texts()), texts())["events"]}
    assert stored - deltas <= made


@pytest.mark.parametrize("kind", kinds())
def test_no_text_comes_through_the_sanitiser_or_an_answer(kind: str) -> None:
    for text in (each.text for each in PAYLOADS if each.kind == kind):
        for bundle in shown_as(text):
            html = str(next(iter(bundle.values())))
            Page(sanitize(html, 10_000, links=True).html)
        Page(answer_html(text, 10_000)[0])


@pytest.mark.soak
def test_no_text_comes_through_to_any_field_of_the_html(times: Times) -> None:
    # Shifted, each field has another text; by one after the other, each field has every one.
    for start in range(0, len(PAYLOADS), times(len(PAYLOADS), 1)):
        page = Page(to_html(run(everything(texts(start)), texts(start))))
        assert page.count("details") > 3
    for document in traces():
        Page(to_html(document))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_written_of_them(form: str) -> None:
    for document in traces([0])[:2]:
        assert exported(read_trace(document), form)


def test_a_terminal_gets_no_character_that_it_obeys() -> None:
    for document in traces([3]):
        text = to_text(document)
        assert not [
            each for each in text if (each < " " and each not in "\n\t") or "\x7f" <= each < "\xa0"
        ]
