"""What reads what comes from outside, given a great deal of bad input: nothing but refusals comes out."""

from __future__ import annotations

import base64
import contextlib
import json
import resource
import tracemalloc
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from agentkit.core.events import EVENT
from agentkit.core.frames import CLIENT_FRAME, OFFER_FRAME, PING
from agentkit.core.protocol import AgentConfig, Limits, ResumeTask, StartTask
from agentkit.errors import AgentKitError
from agentkit.hub.agent_files import read_agent
from agentkit.server.input import checked, parsed, query_of
from agentkit.skills.header import parse_header
from agentkit.tools.display import fit_for_reader, text_for_model
from agentkit.tools.mcp_content import to_result
from agentkit.trace.document import read_trace
from agentkit.trace.html import to_html
from agentkit.trace.markdown import to_markdown
from agentkit.trace.packed import Room, unpack
from jupyter_agentkit.page_frames import PAGE_FRAME
from tests.agentkit.mutation import mutations
from tests.conftest import Times

SAMPLES = Path(__file__).parents[2] / "samples"
FILE = Path("fuzzed.md")
MEBIBYTE = 2**20

FRAMES: list[bytes] = [
    b'{"type": "ping"}',
    b'{"type": "cancel", "reason": "enough"}',
    b'{"type": "answer", "request_id": "r1", "decision": "approve", "value": {"a": [1, 2.5]}}',
    (
        b'{"type": "tool_result", "tool_call_id": "c", "outcome": "failed", "content": {"text/plain": "x"},'
        b' "error": {"message": "m", "reason": "r"}}'
    ),
    b'{"type": "offer", "kernel_id": "k", "agent": "a", "tools": [{"name": "t", "parameters": {}}]}',
    (
        b'{"type": "notebooks", "notebooks": [{"path": "a.ipynb", "dirty": false, "collaborative": false,'
        b' "active": true}]}'
    ),
    b'{"type": "failed", "id": 3, "reason": "read_only", "message": "no"}',
    b'{"type": "done", "id": 3, "cells": []}',
]
BODIES: list[bytes] = [
    (
        b'{"agent": "analyst", "input": "?", "task_id": "t1", "thread_id": "t0", "follows": "t0",'
        b' "limits": {"max_steps": 3, "seconds": 1.5, "soft": {"cost": 0.1}}, "on_ask": "deny",'
        b' "client_tools": [{"name": "f", "parameters": {"type": "object"}}],'
        b' "origin": {"kernel_id": "k", "cell_id": "c"}}'
    ),
    (
        b'{"name": "analyst", "prompt": {"identity": "you"}, "tools": ["a*"], "policy": {"run_*": "ask",'
        b' "b": [{"when": {"p": "*"}, "then": "deny"}]}, "script": [{"say": "x",'
        b' "calls": [{"tool": "t"}]}]}'
    ),
]
AGENTS: list[bytes] = [
    (
        b'name: a\ndescription: looks\nmodel: openai:gpt\ntools: [run_python, "github__*"]\n'
        b"skills: [charts]\n"
        b"policy:\n  run_python: ask\n  edit: [{when: {path: 'a*'}, then: deny}]\nlimits:\n  max_steps: 30\n"
    ),
    b"name: b\nprompt: |\n  You\n  look.\nlimits: {seconds: 1.5, soft: {cost: 2}}\n",
]
ANSWERS: list[bytes] = [
    (
        b'{"content": [{"type": "text", "text": "a"}, {"type": "image", "mimeType": "image/png",'
        b' "data": "aGk="}],'
        b' "structuredContent": {"a": [1, null]}, "isError": false}'
    ),
    (
        b'{"content": [{"type": "resource", "resource": {"uri": "a://b", "mimeType": "application/json",'
        b' "text": "{\\"a\\": [1]}"}}, {"type": "resource_link", "name": "n", "uri": "a://b"},'
        b' {"type": "audio", "mimeType": "audio/wav", "data": "aGk="}]}'
    ),
    (
        b'{"content": [{"type": "resource", "resource": {"uri": "a://b", "mimeType": "image/svg+xml",'
        b' "blob": "PHN2Zy8+"}}], "isError": true}'
    ),
]
SHAPES: list[TypeAdapter[Any]] = [
    *(CLIENT_FRAME, OFFER_FRAME, PING, PAGE_FRAME, EVENT),
    *(TypeAdapter(shape) for shape in (StartTask, ResumeTask, AgentConfig, Limits)),
]


def a_shape(text: bytes) -> None:
    """As the edge reads frames and bodies: bytes or text, whatever it is meant to be."""
    value = parsed(text, "The input")
    for shape in SHAPES:
        try:
            taken = shape.validate_python(value)
        except ValidationError:
            continue
        if isinstance(taken, BaseModel):
            taken.model_dump_json().encode()  # it is stored and sent
    try:
        checked(SHAPES[len(text) % len(SHAPES)], value, "The input", "bad_frame")
    except AgentKitError as error:
        error.message.encode()  # it is sent to whoever asked


def a_text_frame(text: bytes) -> None:
    a_shape(text.decode("utf-8", "replace").encode())
    query_of(text.decode("latin-1"))


def a_trace(text: bytes) -> None:
    trace = read_trace(parsed(text, "The trace"))
    to_markdown(trace).encode("utf-8", "surrogatepass")
    to_html(trace).encode("utf-8", "surrogatepass")
    json.dumps(trace.to_json(), allow_nan=False)


def a_skill(text: bytes) -> None:
    header = parse_header(FILE, text.decode())
    for field in ("name", "description", "license", "compatibility"):
        header.text(field, 1_024)
    header.mapping("metadata")
    header.words("allowed-tools")


def an_agent(text: bytes) -> None:
    with NamedTemporaryFile(suffix=".yaml") as file:
        file.write(text)
        file.flush()
        read_agent(Path(file.name)).config.model_dump_json().encode()


def an_answer_of_mcp(text: bytes) -> None:
    types = pytest.importorskip("mcp.types")
    answer = types.CallToolResult.model_validate_json(text)
    result = to_result(answer.model_dump(mode="json", by_alias=True, exclude_none=True))
    kept, _ = fit_for_reader(result.content, 2_000)
    json.dumps(kept, allow_nan=False)
    text_for_model(result.content, 1_000)


def samples(pattern: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted(SAMPLES.glob(pattern))]


READERS: dict[str, tuple[Callable[[bytes], None], Sequence[bytes], int]] = {
    "frames and bodies": (a_shape, FRAMES + BODIES, 600_000),
    "frames of text": (a_text_frame, FRAMES, 150_000),
    "traces": (a_trace, samples("*.json"), 30_000),
    "skills": (a_skill, samples("skills/*/SKILL.md"), 80_000),
    "agents": (an_agent, AGENTS, 60_000),
    "answers of MCP": (an_answer_of_mcp, ANSWERS, 100_000),
}
"""What reads, what it is meant to read, and how many inputs of a million it is given."""


@pytest.mark.soak
@pytest.mark.parametrize("reader", READERS)
def test_bad_input_ends_in_a_refusal_and_takes_no_room(reader: str, times: Times) -> None:
    read, good, share = READERS[reader]
    for text in good[:3]:
        if reader != "skills":
            read(text)
    taken = refused = 0
    before = peak()
    for number, text in enumerate(
        mutations(good, times(max(300, share // 1_000), share), seed=len(reader))
    ):
        try:
            read(text)
            taken += 1
        except (AgentKitError, ValidationError, UnicodeDecodeError):
            refused += 1
        except Exception as error:
            pytest.fail(f"input {number} of {reader}: {error!r} came of {text[:2_000]!r}")
    assert taken, "mutations that are all refused try nothing but the first check"
    assert refused
    assert peak() - before < 200 * MEBIBYTE


def peak() -> int:
    """The most bytes that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


@pytest.mark.parametrize("text", ["[" * 100_000, "[NaN]", "[-Infinity]", "[1e999]", "9" * 5_000])
def test_an_embedded_resource_that_is_no_json_is_text(text: str) -> None:
    resource = {"uri": "a://b", "mimeType": "application/json", "text": text}
    content = to_result({"content": [{"type": "resource", "resource": resource}]}).content
    assert content == {"text/plain": f"a://b\n{text}"}


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    "text", [LAUGHS, "a: &a [*a]\n", "a: " + "[" * 5_000, "a: " + "{b: " * 5_000]
)
def test_what_would_grow_when_it_is_read_does_not(text: str) -> None:
    tracemalloc.start()
    try:
        for read, shown in ((an_agent, text), (a_skill, f"---\n{text}---\n")):
            # A skill's unknown field may say what it likes: nothing is made of it.
            with contextlib.suppress(AgentKitError, ValidationError):
                read(shown.encode())
        assert tracemalloc.get_traced_memory()[1] < 20 * MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "unpacked", [b"[" + b" " * 20 * MEBIBYTE, b"[" * 20 * MEBIBYTE, b"[" + b"0," * 9 * MEBIBYTE]
)
def test_a_bomb_among_the_packed_events_is_not_unpacked(unpacked: bytes) -> None:
    data = base64.b64encode(zlib.compress(unpacked, 1)).decode()
    events = unpack({"encoding": "zlib+base64", "count": 1, "data": data}, Room(size=MEBIBYTE))
    assert [each["event_type"] for each in events] == ["unreadable"]
