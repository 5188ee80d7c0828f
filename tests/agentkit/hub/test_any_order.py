"""Tasks that are started, watched, cancelled, answered and deleted in any order, on servers that crash."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agentkit.core.protocol import StartTask, TaskStatus, TaskSummary
from agentkit.errors import Conflict, NotFound
from agentkit.hub.hub import Hub
from agentkit.hub.task import TRANSITIONS, Task
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import Request, ScriptedProvider
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import Resolution
from tests.agentkit.hosting import Screen, hub_of, stored, watch
from tests.agentkit.running import SOON, echo, until
from tests.conftest import Times

T = TypeVar("T")
Data = dict[str, Any]

NAMES = st.sampled_from(["t0", "t1", "t2", "t3"])
SAID = st.lists(st.sampled_from(["word", "echo", "drop"]), max_size=6)
END = st.sampled_from(["end", "end", "fault", None])
RUNS = st.dictionaries(NAMES, SAID, min_size=1)
LATER: dict[TaskStatus, set[TaskStatus]] = {}
for _status in reversed(TRANSITIONS):
    LATER[_status] = set(TRANSITIONS[_status])
for _ in TRANSITIONS:
    for _status, _after in LATER.items():
        LATER[_status] = _after.union(*(LATER[each] for each in _after))


def drop(name: str) -> str:
    "Drop a table."
    return f"dropped {name}"


class Models:
    """What the model of each task says next, by the word of the test."""

    def __init__(self) -> None:
        self._said: dict[str, asyncio.Queue[str]] = {}

    def say(self, task_id: str, parts: list[str], end: str | None) -> None:
        said = self._said.setdefault(task_id, asyncio.Queue())
        for part in (*parts, *([end] if end else [])):
            said.put_nowait(part)

    async def turn(self, request: Request) -> Any:
        """A part of what the model of the task answers that asks."""
        (asked,) = (m.content for m in request.messages if m.role == "user")
        said = self._said.setdefault(str(asked), asyncio.Queue())
        match await said.get():
            case "word":
                return ["So ", self.turn]
            case "end":
                return "Done."
            case "fault":
                return ValueError("broken")
            case tool:
                return ToolCall("", tool, {"name": "sales"} if tool == "drop" else {})


class Client:
    """Somebody who watches a task, goes away and comes back to where they were."""

    def __init__(self, task_id: str, after: int, *, batch: bool) -> None:
        self.task_id = task_id
        self.first = after
        self.batch = batch
        self.got: list[Data] = []
        self.result: Data | None = None
        self._screen = Screen()
        self.watching: asyncio.Task[None] | None = None

    def attach(self, hub: Hub, task: Task) -> None:
        after = self.first + len(self.got)
        self._screen = Screen()
        self.watching = watch(hub, task, self._screen, after=after, batch=self.batch)

    def look(self) -> list[Data]:
        """All that came so far."""
        frames = self._screen.frames
        if frames and frames[-1]["type"] == "result":
            self.result = frames[-1]["data"]
        assert all(frame["type"] != "result" for frame in frames[:-1]), "the result comes last"
        return self.got + self._screen.stored

    def leave(self) -> None:
        self.got = self.look()
        self._screen = Screen()
        self.watching = None


class Followed:
    """Sees that each state is one that may come after the one before, if not at once."""

    def __init__(self) -> None:
        self.states: dict[str, TaskStatus] = {}

    def changed(self, summary: TaskSummary) -> None:
        before = self.states.get(summary.task_id, summary.status)
        assert summary.status == before or summary.status in LATER[before]
        self.states[summary.task_id] = summary.status

    def removed(self, task_id: str, user: str | None) -> None:
        del self.states[task_id]


class Servers(RuleBasedStateMachine):
    """One server after the other on one journal, each on a loop of its own that a crash leaves lying."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.sqlite"
        self.dead: list[tuple[asyncio.AbstractEventLoop, set[asyncio.Task[Any]]]] = []
        """Loops with the tasks that lie on them: nothing else would keep these from being collected."""
        self.clients: list[Client] = []
        self.followed = Followed()

    def do(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(doing, SOON))

    @initialize(runs=RUNS, turns=st.integers(0, 40))
    def begin(self, runs: dict[str, list[str]], turns: int) -> None:
        self.serve()
        for task_id, parts in runs.items():
            self.start(task_id, parts, None)
            self.attach(task_id, 0, batch=False)
        self.go_on(turns)

    def serve(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.models = Models()
        tool = FunctionTool(drop)
        tool.policy = "ask"
        provider = ScriptedProvider([self.models.turn] * 1_000)
        tools = [echo(), tool]
        self.hub = hub_of(provider, journal=self.path, tools=tools, max_running=2)
        # The states of all tasks are known from before; the ends of orphans are changes too.
        self.unfollow = self.hub.changes.listen(self.followed)
        self.do(self.hub.open())

    def known(self, task_id: str) -> bool:
        return task_id in self.followed.states

    @rule(task_id=NAMES, parts=SAID, end=END)
    def start(self, task_id: str, parts: list[str], end: str | None) -> None:
        starting = self.hub.start(StartTask(task_id=task_id, input=task_id))
        if self.known(task_id):
            with pytest.raises(Conflict):
                self.do(starting)
        else:
            self.do(starting)
        self.say(task_id, parts, end)

    @rule(task_id=NAMES, parts=SAID, end=END)
    def say(self, task_id: str, parts: list[str], end: str | None) -> None:
        self.models.say(task_id, parts, end)

    @rule(turns=st.integers(0, 40))
    def go_on(self, turns: int) -> None:
        async def rest() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.do(rest())

    @rule()
    def come_to_rest(self) -> None:
        """Let all be stored and shown that is on its way."""
        self.do(self._rested())

    async def _rested(self) -> None:
        for _ in range(4):
            await self.hub.journal.write(lambda connection: None)
            for _ in range(20):
                await asyncio.sleep(0)

    @rule(task_id=NAMES, after=st.integers(0, 12), batch=st.booleans())
    def attach(self, task_id: str, after: int, *, batch: bool) -> None:
        if not self.known(task_id):
            with pytest.raises(NotFound):
                self.do(self.hub.task(task_id))
            return
        task = self.do(self.hub.task(task_id))
        client = Client(task_id, min(after, task.summary.last_seq), batch=batch)
        self.do(self._attached(client))
        self.clients.append(client)

    async def _attached(self, client: Client) -> None:
        client.attach(self.hub, await self.hub.task(client.task_id))

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 20))
    def detach(self, which: int) -> None:
        client = self.clients[which % len(self.clients)]

        async def left() -> None:
            if client.watching is not None:
                client.watching.cancel()
                await asyncio.wait((client.watching,))

        self.do(left())
        client.leave()

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 20))
    def come_back(self, which: int) -> None:
        client = self.clients[which % len(self.clients)]
        if client.watching is None and client.result is None:
            self.do(self._attached(client))

    @rule(task_id=NAMES)
    def cancel(self, task_id: str) -> None:
        cancelling = self.hub.cancel(task_id, "enough")
        state = self.followed.states.get(task_id)
        if state is None:
            with pytest.raises(NotFound):
                self.do(cancelling)
        elif state.is_final:
            with pytest.raises(Conflict, match="has ended already"):
                self.do(cancelling)
        else:
            with contextlib.suppress(Conflict):  # it may end in this very moment
                self.do(cancelling)

    @rule(task_id=NAMES, decision=st.sampled_from(["approve", "deny"]))
    def answer(self, task_id: str, decision: Any) -> None:
        if not self.known(task_id):
            return
        task = self.do(self.hub.task(task_id))
        for request_id in task.summary.open_requests:
            resolution = Resolution(decision)
            with contextlib.suppress(Conflict):  # cancelled meanwhile
                self.do(self.hub.answer(task_id, request_id, resolution))
            with pytest.raises((Conflict, NotFound)):
                self.do(self.hub.answer(task_id, request_id, resolution))

    @rule(task_id=NAMES)
    def delete(self, task_id: str) -> None:
        deleting = self.hub.delete(task_id)
        state = self.followed.states.get(task_id)
        if state is None:
            with pytest.raises(NotFound):
                self.do(deleting)
        elif not state.is_final:
            # It may end in this very moment, and is deleted then.
            with contextlib.suppress(Conflict):
                self.do(deleting)
        else:
            self.do(deleting)
        if not self.known(task_id):
            self.clients = [each for each in self.clients if each.task_id != task_id]

    @rule(killed=st.booleans())
    def restart(self, killed: bool) -> None:
        if (
            killed
        ):  # nothing runs any more, and nobody was told; what SQLite had been given is stored
            self.hub.journal.close()
            self.unfollow()
        else:
            self.do(self.hub.close())
        self.dead.append((self.loop, asyncio.all_tasks(self.loop)))
        for client in self.clients:
            client.leave()
        self.serve()

    @invariant()
    def each_event_reaches_each_client_once_and_in_order(self) -> None:
        for client in self.clients:
            seqs = [event["seq"] for event in client.look()]
            assert seqs == list(range(client.first + 1, client.first + len(seqs) + 1))

    def teardown(self) -> None:
        try:
            if hasattr(self, "loop"):
                self.do(self._told())
                self.do(self.hub.close())
                with closing(sqlite3.connect(self.path)) as connection:
                    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
                self.dead.append((self.loop, asyncio.all_tasks(self.loop)))
        finally:
            for loop, _ in self.dead:
                loop.run_until_complete(_buried())
                loop.close()
            self.folder.cleanup()

    async def _told(self) -> None:
        """Let all tasks end and all clients come back, and compare what they got with the journal."""
        tasks = {name: await self.hub.task(name) for name in self.followed.states}
        for client in self.clients:
            if client.watching is None and client.result is None:
                await self._attached(client)
        for name in tasks:
            self.models.say(name, [], "end")
        while not all(task.ended.is_set() for task in tasks.values()):
            for name, task in tasks.items():
                for request_id in task.summary.open_requests:
                    with contextlib.suppress(Conflict, NotFound):
                        await self.hub.answer(name, request_id, Resolution("approve"))
            await asyncio.sleep(0)
        for client in self.clients:
            if client.watching is not None:
                await client.watching
        assert {s.task_id for s in await self.hub.summaries()} == tasks.keys()
        for name, task in tasks.items():
            kept = await stored(self.hub, name)
            assert [event["seq"] for event in kept] == list(range(1, len(kept) + 1))
            ends = [event for event in kept if event["event_type"] == "run_finished"]
            assert ends == kept[-1:]
            found = await self.hub.journal.summary(name)
            assert found is not None
            assert found.status == task.summary.status == ends[0]["status"]
            assert (found.status.is_final, found.last_seq) == (True, len(kept))
            for client in self.clients:
                if client.task_id == name:
                    assert client.look() == kept[client.first :]
                    assert client.result is not None
                    assert client.result["status"] == found.status
        await until(lambda: self.hub.runs.running == 0)


async def _buried() -> None:
    """End what a crash has left lying, long after it."""
    me = asyncio.current_task()
    while left := asyncio.all_tasks() - {me}:
        for task in left:
            task.cancel()
        await asyncio.sleep(0)


@pytest.mark.soak
def test_tasks_end_in_a_named_state_and_clients_get_each_event_once_whatever_happens_in_any_order(
    times: Times,
) -> None:
    run_state_machine_as_test(
        Servers,
        settings=settings(
            max_examples=times(12, 3_000),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
