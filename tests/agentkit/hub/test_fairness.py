"""One run that says more than anybody can read, and the runs and clients beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agentkit.core.protocol import StartTask, ToolSpec
from agentkit.hub.journal import Journal
from agentkit.hub.pace import STEPS, STEPS_OF_FEW
from agentkit.hub.writer import WINDOW
from agentkit.llm.protocol import ChatMessage, LLMResponse, Notice, Piece, TextPiece
from agentkit.llm.scripted import Request, ScriptedProvider
from agentkit.llm.streaming import Streaming
from tests.agentkit.hosting import Screen, ended, hub_of, watch
from tests.agentkit.running import until
from tests.conftest import Times

RUNS = 5


@pytest.mark.soak
async def test_a_run_that_floods_lets_the_steps_of_others_through(
    times: Times, tmp_path: Path
) -> None:
    many = times(30_000, 100_000)

    def turn(request: Request) -> Any:
        if request.messages[-1].content == "flood":
            return [Notice("flood", "x" * 100) for _ in range(many)]
        return "Done."

    hub = hub_of(ScriptedProvider([turn] * (RUNS + 1)), journal=tmp_path / "journal.sqlite")
    await hub.open()
    try:
        flood = await hub.start(StartTask(task_id="flood", input="flood"))
        await until(lambda: flood.summary.last_seq > WINDOW)
        waited: list[int] = []
        for number in range(RUNS):
            before = flood.summary.last_seq
            other = await hub.start(StartTask(task_id=f"t{number}", input="?"))
            screen = Screen()
            await watch(hub, other, screen)
            assert screen.result["content"] == "Done."
            waited.append(flood.summary.last_seq - before)
        assert not flood.ended.is_set()
        # It is made, begins and ends, each time behind what of the flood is on its way to the journal.
        assert max(waited) < 4 * WINDOW, waited
        await hub.cancel("flood")
        await ended(flood)
    finally:
        await hub.close()


class _Counting(Journal):
    """A journal that counts what it is given."""

    given = 0

    def append(self, *event: Any, **options: Any) -> None:
        self.given += 1
        super().append(*event, **options)


async def test_a_run_that_never_waits_gives_everybody_else_a_turn(tmp_path: Path) -> None:
    notices = [Notice("flood", "x") for _ in range(10 * STEPS_OF_FEW)]
    journal = _Counting(tmp_path / "journal.sqlite")
    hub = hub_of(ScriptedProvider([[*notices, "Done."]]), journal=journal)
    await hub.open()
    try:
        task = await hub.start(StartTask(task_id="t", input="?"))
        given: list[int] = []

        def look() -> bool:
            given.append(journal.given)
            return task.ended.is_set()

        await until(look)
        assert max(later - earlier for earlier, later in pairwise(given)) <= STEPS_OF_FEW
        assert journal.given > len(notices)
    finally:
        await hub.close()


class _Counted(Streaming):
    """Once it may go, a model that never waits; counts the pieces after the first that it was asked for."""

    given = 0

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        await self.go.wait()
        yield TextPiece("x")
        for _ in range(STEPS - 1):
            self.given += 1
            yield TextPiece("x")
        yield LLMResponse("x" * STEPS, "counted")


async def test_many_runs_that_never_wait_take_a_few_steps_together_between_two_looks_at_the_rest(
    tmp_path: Path,
) -> None:
    model, journal = _Counted(), _Counting(tmp_path / "journal.sqlite")
    hub = hub_of(model, journal=journal)
    await hub.open()
    try:
        tasks = [
            await hub.start(StartTask(task_id=f"t{number}", input="?")) for number in range(50)
        ]
        asked: list[int] = []
        written: list[int] = []

        def look() -> bool:
            asked.append(model.given)
            written.append(journal.given)
            return all(task.ended.is_set() for task in tasks)

        await until(lambda: all(task.summary.last_seq for task in tasks))  # each has begun
        model.go.set()
        await until(look)
        assert all(task.summary.status == "completed" for task in tasks)
        for counts in (asked, written):
            taken = [later - earlier for earlier, later in pairwise(counts) if later > earlier]
            assert max(taken) <= STEPS_OF_FEW
            # All but the first turns and the last, when few wait.
            assert sum(each <= 2 * STEPS for each in taken) > 0.9 * len(taken)
    finally:
        await hub.close()
