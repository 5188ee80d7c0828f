"""How large a run becomes in a notebook's file, and what is kept of one that is too large."""

from __future__ import annotations

import base64
import json
import zlib
from decimal import Decimal
from html import escape
from math import isfinite
from random import Random
from typing import Any

import jsonschema
import nbformat
import pytest

from agentkit.trace.bundle import to_bundle
from agentkit.trace.document import TRACE_MIME, read_trace
from agentkit.trace.schema import trace_schema
from tests.agentkit.trace.samples import call, event, trace

NOTEBOOKS: Any = nbformat  # it has no types


def steps(number: int) -> dict[str, Any]:
    """A run of so many small steps, with the tokens of each."""
    events: list[dict[str, Any]] = []
    for n in range(1, number + 1):
        usage = {"provider": "demo", "model": "demo", "input_tokens": 90 + n, "output_tokens": 9}
        events.append(event(3 * n - 2, "usage", **usage))
        asked = {"region": f"Region {n}", "year": 2024}
        result = {"text/plain": f"{n + 0.5}", "application/json": n + 0.5}
        events += call(3 * n - 1, result, arguments=asked)
    return trace(*events)


def in_file(data: dict[str, Any]) -> int:
    """Bytes of a notebook with that output."""
    output = NOTEBOOKS.v4.new_output("display_data", data=data)
    book = NOTEBOOKS.v4.new_notebook(cells=[NOTEBOOKS.v4.new_code_cell("run", outputs=[output])])
    return len(NOTEBOOKS.writes(book).encode())


def plainly(document: dict[str, Any]) -> int:
    """Bytes of the same run as one would write it without a thought: its JSON, and a card a step."""
    asked = {e["tool_call_id"]: e for e in document["events"] if e["event_type"] == "tool_call"}
    pre = '<pre style="background:#f7f7f7;padding:4px">'
    cards = [
        '<details style="border:1px solid #ccc;border-radius:4px;padding:4px 8px"><summary><b>'
        f"{asked[e['tool_call_id']]['tool_name']}</b> {e['duration_ms']} ms</summary>"
        f"{pre}{escape(json.dumps(asked[e['tool_call_id']]['arguments'], indent=2))}</pre>"
        f"{pre}{escape(e['content']['text/plain'])}</pre></details>"
        for e in document["events"]
        if e["event_type"] == "tool_result"
    ]
    return in_file({TRACE_MIME: document, "text/html": "\n".join(cards)})


def test_a_very_long_run_takes_a_quarter_of_its_json_and_cards() -> None:
    document = steps(4_000)
    assert in_file(to_bundle(document)["data"]) < 0.25 * plainly(document)


def test_a_very_long_run_is_packed_and_read_back_whole_with_its_follow_ups() -> None:
    document = {**steps(4_000), "follow_ups": [{**steps(3_500), "task_id": "later"}, steps(3)]}
    kept = to_bundle(document)["data"][TRACE_MIME]
    assert kept["events"]["count"] == 12_000
    assert kept["follow_ups"][0]["events"]["encoding"] == "zlib+base64"
    assert len(kept["follow_ups"][1]["events"]) == 9
    jsonschema.validate(kept, trace_schema())
    assert read_trace(json.loads(json.dumps(kept))).to_json() == read_trace(document).to_json()


def test_a_run_of_usual_length_is_written_as_it_is() -> None:
    document = steps(1_000)
    assert to_bundle(document)["data"][TRACE_MIME]["events"] == document["events"]


@pytest.mark.parametrize("number", [2**53 + 1, -(2**63), 2**60, 10**30])
def test_no_number_changes_when_a_page_saves_the_notebook(number: int) -> None:
    document = trace(*call(1, {"application/json": {"rows": [{"id": number}]}}))
    kept = json.dumps(to_bundle(document)["data"][TRACE_MIME])
    saved = json.loads(kept, parse_int=as_in_a_page)
    jsonschema.validate(saved, trace_schema())
    assert read_trace(saved).to_json() == read_trace(document).to_json()


def as_in_a_page(digits: str) -> int:
    number = float(digits)
    # JavaScript writes the shortest digits that are nearest to a number, and no infinity.
    return int(Decimal(repr(number))) if isfinite(number) else 0


def test_numbers_that_a_page_can_hold_stay_readable() -> None:
    document = trace(*call(1, {"application/json": [2**53, -(2**53), True, 1e300]}))
    assert to_bundle(document)["data"][TRACE_MIME]["events"] == document["events"]


def test_events_that_packing_would_not_halve_stay_as_they_are() -> None:
    noise = Random(1)
    pictures = [
        {"image/png": base64.b64encode(noise.randbytes(300)).decode()} for _ in range(6_000)
    ]
    events = [part for n, each in enumerate(pictures) for part in call(2 * n + 1, each)]
    assert to_bundle(trace(*events))["data"][TRACE_MIME]["events"] == events


PACKED = to_bundle(steps(3_400))["data"][TRACE_MIME]["events"]
BROKEN = {
    "known": {**PACKED, "encoding": "brotli"},
    "not base64": {**PACKED, "data": "%%%"},
    "cut off": {**PACKED, "data": PACKED["data"][:400]},
    "no text": {**PACKED, "data": 7},
    "no zlib": {**PACKED, "data": base64.b64encode(b"x" * 90).decode()},
    "no JSON": {**PACKED, "data": base64.b64encode(zlib.compress(b"[1")).decode()},
    "too many": {
        **PACKED,
        "data": base64.b64encode(zlib.compress(b"[" + b"[]," * 4_000_001 + b"0]")).decode(),
    },
    "too long": {**PACKED, "data": base64.b64encode(zlib.compress(b" " * 200_000_001)).decode()},
}


@pytest.mark.parametrize("name", BROKEN)
def test_packed_events_that_cannot_be_read_are_said_to_be_unreadable(name: str) -> None:
    data = to_bundle({**trace(), "events": BROKEN[name]})["data"]
    for form in ("text/html", "text/markdown", "text/plain"):
        assert "Event unreadable" in data[form]
        assert "North did." in data[form]


def test_a_run_and_its_follow_ups_share_the_room_for_what_is_unpacked() -> None:
    bomb = b'[{"event_type":"message","text":"' + b"x" * 110_000_000 + b'"}]'
    packed = {**PACKED, "data": base64.b64encode(zlib.compress(bomb, 1)).decode()}
    run = {**trace(), "events": packed}
    read = read_trace({**run, "follow_ups": [run, run]})
    assert read.events[0]["event_type"] == "message"
    assert [each.events[0]["event_type"] for each in read.follow_ups or ()] == ["unreadable"] * 2


def test_of_a_trace_that_is_too_large_the_longest_values_are_cut_and_named() -> None:
    large = {"text/plain": "x" * 17_000_000, "image/png": "A" * 5_000_000, "text/html": "<p>y"}
    small = {"text/plain": "z" * 100_000}
    kept = to_bundle(trace(*call(1, large), *call(3, small)))["data"][TRACE_MIME]
    assert len(json.dumps(kept)) < 16_000_000
    content = kept["events"][1]["content"]
    assert set(content) == {"text/plain", "text/html"}
    assert (
        "… cut: 4,000,000 of 17,000,000 characters are kept in the notebook"
        in content["text/plain"]
    )
    assert "[image/png: 5,000,002 characters, not kept in the notebook]" in content["text/plain"]
    assert kept["events"][3]["content"] == small


def test_many_follow_ups_share_what_one_run_may_take() -> None:
    one = {**steps(140), "result": "word " * 20_000, "input": "why " * 5_000}
    data = to_bundle({**one, "follow_ups": [{**one, "task_id": f"t{n}"} for n in range(60)]})[
        "data"
    ]
    for form in ("text/html", "text/markdown", "text/plain"):
        assert len(data[form]) < 1_500_000
        listed = 61 if form == "text/html" else 0
        assert data[form].count("are not listed here") == 61 - listed
