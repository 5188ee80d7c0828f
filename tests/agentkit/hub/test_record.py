"""One event as it is stored: masked, well-formed, whatever a tool has put into it."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from agentkit.core.events import ToolFinished
from agentkit.core.redaction import Redactor
from agentkit.hub.record import Record, encode

SECRET = "hunter2-very-😀-secret"


class Says:
    def __str__(self) -> str:
        return SECRET


def finished(data: Any) -> ToolFinished:
    content = {"application/json": {"data": data}}
    return ToolFinished(tool_call_id="1", outcome="success", content=content, duration_ms=1.5)


def encoded(data: Any) -> Record:
    return encode(finished(data), Redactor([SECRET], environ={}))


def stored(record: Record) -> Any:
    return json.loads(record.text)["content"]["application/json"]["data"]


@pytest.mark.parametrize(
    "data",
    [
        SECRET.encode(),
        Path("/home") / SECRET,
        {SECRET},
        deque([SECRET]),
        {Path(SECRET): 1},
        ValueError(SECRET),
        Says(),
        ["\ud800", Says()],
        {"api_key": b"abcd-1234-efgh"},
        SECRET.encode("utf-16", "surrogatepass").decode("utf-16") + "\ud800",
        SECRET.replace("😀", "\ud83d\ude00"),
    ],
    ids=lambda data: type(data).__name__,
)
def test_a_secret_is_masked_in_whatever_becomes_text_only_when_it_is_stored(data: Any) -> None:
    record = encoded(data)
    assert "[secret]" in record.text
    for text in (record.text, repr(record.event)):
        assert SECRET not in text
        assert "abcd-1234" not in text


def test_what_stands_beside_a_secret_is_stored_as_it_is() -> None:
    beside = {"none": None, "whole": 2**70, "long": int("7" * 4000), "path": "/a/b", "real": 0.1}
    record = encoded({**beside, "path": Path("/a/b"), "said": SECRET})
    assert stored(record) == {**beside, "said": "[secret]"}
    assert record.event.model_dump()["duration_ms"] == 1.5


def test_a_number_longer_than_python_reads_is_no_reason_to_lose_an_event() -> None:
    record = encoded([SECRET, 10**5000])
    assert "[secret]" in record.text
    assert "1" + 5000 * "0" in record.text
