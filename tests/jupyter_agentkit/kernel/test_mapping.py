"""Many runs of one agent: their order, their ends, and how they are stopped together."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from agentkit.errors import AgentKitError, InvalidInput
from agentkit.llm.protocol import TokenUsage
from agentkit.llm.scripted import Request
from agentkit.trace import load
from agentkit.trace.document import TRACES_MIME
from jupyter_agentkit import Agent, AgentRun, AgentRunCancelled
from jupyter_agentkit.map_state import ALL_RUNS, WHOLE_MAP
from jupyter_agentkit.mapping import AgentMap
from tests.jupyter_agentkit.kernel.server import AgentServer, Gate, ServeScript


def echoed(request: Request) -> Any:
    question = str(request.messages[-1].content)
    if question == "bad":
        return [ValueError("nonsense")]
    return [f"<{question}>", TokenUsage(prompt_tokens=3, completion_tokens=4)]


class Together:
    """Turns that all wait until the test lets them go; how many waited at the same time."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.most = self._now = 0
        self._changed = threading.Condition()

    async def __call__(self, request: Request) -> Any:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
        try:
            await self.gate(request)
        finally:
            with self._changed:
                self._now -= 1
        return echoed(request)

    def reached(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._now >= count, 20)


def begun(answers: AgentMap, count: int) -> list[AgentRun]:
    """Wait until so many runs go on; give them."""
    changed = threading.Event()

    def there(_change: object = None) -> None:
        if len(answers.view.progress["running"]) >= count:
            changed.set()

    answers.view.observe(there, "progress")  # pyright: ignore[reportUnknownMemberType]
    answers.view.tell()
    there()
    assert changed.wait(20)
    return [run for run in answers.runs if run is not None]


def started(server: AgentServer) -> int:
    return server.seen.count("POST /api/v1/tasks")


def test_the_answers_are_in_the_order_of_the_inputs(serve: ServeScript) -> None:
    serve(*[echoed] * 7)
    inputs = [f"q{number}" for number in range(7)]

    answers = Agent("a").map(inputs, concurrency=3).wait(20)

    assert answers.results == [f"<q{number}>" for number in range(7)]
    assert [run.input for run in answers.runs if run] == inputs
    assert repr(answers) == "<AgentMap: 7 inputs, 7 completed>"


def test_no_more_runs_go_on_at_once_than_was_said(serve: ServeScript) -> None:
    together = Together()
    server = serve(*[together] * 6)

    answers = Agent("a").map(["q"] * 6, concurrency=2)
    together.reached(2)
    assert started(server) == 2
    together.gate.open()

    assert answers.wait(20).counts == {"completed": 6}
    assert together.most == 2


def test_a_run_that_fails_stops_no_other(serve: ServeScript) -> None:
    serve(*[echoed] * 3)

    answers = Agent("a").map(["one", "bad", "three"]).wait(20)

    assert answers.results == ["<one>", None, "<three>"]
    assert answers.counts == {"completed": 2, "failed": 1}


def test_a_run_that_cannot_start_stops_no_other(serve: ServeScript) -> None:
    serve()

    answers = Agent("a", model="nobody:any").map(["one", "two"]).wait(20)

    assert answers.runs == [None, None]
    assert answers.counts == {"failed": 2}
    assert "nobody" in (answers.items[0].fault or "")


def test_cancel_ends_what_runs_and_begins_no_more(serve: ServeScript) -> None:
    together = Together()
    server = serve(*[together] * 5)
    answers = Agent("a").map(["q"] * 5, concurrency=2)
    together.reached(2)

    answers.cancel()

    assert answers.wait(20).counts == {"cancelled": 5}
    assert started(server) == 2
    together.gate.open()


@pytest.mark.parametrize("reason", [WHOLE_MAP, ALL_RUNS])
def test_a_page_that_cancels_one_run_with_the_maps_reason_cancels_all(
    serve: ServeScript, reason: str
) -> None:
    together = Together()
    server = serve(*[together] * 5)
    answers = Agent("a").map(["q"] * 5, concurrency=2)
    together.reached(2)
    run = begun(answers, 2)[0]

    run.cancel(reason)

    assert answers.wait(20).counts == {"cancelled": 5}
    assert started(server) == 2
    together.gate.open()


def test_a_run_that_is_cancelled_by_itself_leaves_the_others(serve: ServeScript) -> None:
    together = Together()
    serve(*[together] * 3)
    answers = Agent("a").map(["q"] * 3, concurrency=2)
    together.reached(2)
    run = begun(answers, 2)[0]

    run.cancel()
    with pytest.raises(AgentRunCancelled):
        run.wait(20)
    together.gate.open()

    assert answers.wait(20).counts == {"cancelled": 1, "completed": 2}


def test_a_map_can_be_awaited(serve: ServeScript) -> None:
    serve(*[echoed] * 2)
    answers = Agent("a").map(["x", "y"])

    async def wait() -> Any:
        return await answers

    assert asyncio.run(asyncio.wait_for(wait(), 20)) is answers


def test_a_map_that_takes_too_long_says_how_far_it_is(serve: ServeScript) -> None:
    together = Together()
    serve(*[together] * 3)
    answers = Agent("a").map(["q"] * 3, concurrency=1)
    together.reached(1)

    begun(answers, 1)
    with pytest.raises(TimeoutError, match=r"3 inputs, 1 (queued|running), 2 waiting; the runs go"):
        answers.wait(0)

    together.gate.open()
    answers.wait(20)


def test_a_map_is_not_waited_for_in_the_thread_that_carries_it(serve: ServeScript) -> None:
    together = Together()
    serve(together)
    answers = Agent("a").map(["q"])
    together.reached(1)

    async def wait() -> None:
        answers.wait()

    with pytest.raises(AgentKitError, match="wait for itself"):
        answers.client.portal.submit(wait()).result(20)

    together.gate.open()
    answers.wait(20)


def test_a_table_has_a_row_for_each_input(serve: ServeScript) -> None:
    pytest.importorskip("pandas")
    serve(*[echoed] * 2)

    answers = Agent("a").map(["one", "bad"], concurrency=1).wait(20)
    records: list[dict[str, Any]] = answers.to_dataframe().to_dict("records")  # pyright: ignore
    first, second = records

    assert (first["input"], first["status"], first["result"]) == ("one", "completed", "<one>")
    assert (first["tokens"], first["steps"]) == (7, 0)
    assert first["duration"] >= 0
    assert answers.runs[0] is not None
    assert first["task_id"] == answers.runs[0].task_id
    assert second["status"] == "failed"
    assert not isinstance(second["result"], str)
    assert "nonsense" in second["error"]


def test_what_is_kept_holds_each_trace_and_no_widget(serve: ServeScript) -> None:
    serve(*[echoed] * 2)

    answers = Agent("a").map(["<b>one</b>", "a|b"], concurrency=1).wait(20)
    data = answers.bundle()["data"]

    assert set(data) == {TRACES_MIME, "text/html", "text/markdown", "text/plain"}
    assert data["text/html"].count("<details>") >= 2
    assert "<b>one" not in data["text/html"]
    assert "&lt;b&gt;one" in data["text/html"]
    assert "a\\|b" in data["text/markdown"]
    assert "2 completed" in data["text/markdown"]
    # Figures stand below one another and are not broken where there is little room.
    assert "---: | ---: |" in data["text/markdown"]
    assert data["text/html"].count("text-align:right;vertical-align:top;white-space:nowrap") == 9


def test_what_is_kept_says_answers_in_words_and_has_no_column_of_nothing(
    serve: ServeScript,
) -> None:
    serve(["**42** of `a_b`:\n\n| x | y |\n| - | - |\n| <1> | 2 |\n\n- one\n- [two](http://a/b)"])

    data = Agent("a").map(["one"]).wait(20).bundle()["data"]

    assert "<summary>42 of a_b: x y &lt;1&gt; 2 one two</summary>" in data["text/html"]
    assert "| 42 of a\\_b: x y &lt;1&gt; 2 one two |" in data["text/markdown"]
    for text in (data["text/html"], data["text/markdown"]):
        assert "Time" in text
        assert "Tokens" not in text
        assert "Cost" not in text


def test_the_runs_of_a_map_are_read_out_of_a_notebook(serve: ServeScript, tmp_path: Path) -> None:
    serve(*[echoed] * 2)

    answers = Agent("a").map(["one", "two"], concurrency=1).wait(20)
    cell = {"cell_type": "code", "outputs": [{"output_type": "display_data", **answers.bundle()}]}
    file = tmp_path / "map.ipynb"
    file.write_text(json.dumps({"nbformat": 4, "cells": [cell]}), encoding="utf-8")

    runs = load(file)
    assert [run.task_id for run in runs] == [run.task_id for run in answers.runs if run]
    assert [run.result for run in runs] == answers.results
    assert [run.place and run.place.cell for run in runs] == [0, 0]


def test_the_view_is_told_what_runs_and_where_to_cancel_it(serve: ServeScript) -> None:
    together = Together()
    server = serve(*[together] * 3)
    answers = Agent("a").map(["q"] * 3, concurrency=2)
    together.reached(2)
    running = begun(answers, 2)
    view = answers.view

    told: dict[str, Any] = view.progress
    assert (told["total"], told["waiting"], told["over"]) == (3, 1, False)
    assert sorted(told["running"]) == sorted(run.task_id for run in running)
    assert server.address.url.endswith(told["base_url"])
    together.gate.open()
    answers.wait(20)
    assert (view.progress["completed"], view.progress["over"]) == (3, True)


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ("one text", {}, "inputs has to be a list"),
        (["fine", 3], {}, "The question has to be a text"),
        (["fine"], {"concurrency": 0}, "from 1 to 100, not 0"),
        (["fine"], {"concurrency": "2"}, "whole number, not '2'"),
        (["fine"], {"on_ask": "maybe"}, "on_ask has to be one of"),
    ],
)
def test_what_cannot_be_mapped_is_refused_before_anything_starts(
    serve: ServeScript, inputs: Any, options: dict[str, Any], message: str
) -> None:
    server = serve()

    with pytest.raises(InvalidInput, match=message):
        Agent("a").map(inputs, **options)

    assert started(server) == 0


def test_a_map_of_nothing_is_over_at_once(serve: ServeScript) -> None:
    serve()

    assert Agent("a").map([]).wait(0).results == []
