"""One client's view of a task: every event once and in order, whatever its speed."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentkit.core.events import EVENT
from agentkit.core.protocol import Limits
from agentkit.core.redaction import Redactor
from agentkit.hub.hub import Hub
from agentkit.hub.record import encode, encode_delta
from agentkit.hub.task import Task
from agentkit.llm.protocol import Notice, ToolCall
from agentkit.llm.scripted import Part, ScriptedProvider
from agentkit.server import watcher
from tests.agentkit.hosting import Screen, ended, hub_of, running, start, stored, watch
from tests.agentkit.running import SOON, echo, until


def calls(count: int) -> list[Part]:
    return [ToolCall(str(number), "echo", {"text": "x"}) for number in range(count)]


async def finished(watching: asyncio.Task[None]) -> None:
    await asyncio.wait_for(watching, SOON)


@pytest.mark.parametrize("batch", [False, True])
async def test_a_finished_task_is_read_from_the_journal_from_any_place(batch: bool) -> None:
    async with running(*calls(3), "Done.", tools=[echo()]) as hub:
        task = await ended(await start(hub))
        await until(lambda: hub.runs.running == 0)
        kept = await stored(hub)
        for after in (0, 1, len(kept) - 1, len(kept), len(kept) + 5):
            screen = Screen()
            await finished(watch(hub, await hub.task("t"), screen, after=after, batch=batch))
            assert screen.stored == kept[after:]
            assert {frame["type"] for frame in screen.frames[:-1]} <= {"steps" if batch else "step"}
            assert screen.result["status"] == "completed"
            assert screen.result["content"] == "Done."
            assert screen.result["steps"] == task.summary.steps
        assert not hub.connections.has_connections("t")


async def test_what_is_shown_is_what_is_stored_while_it_runs() -> None:
    async with running(["Look: ", *calls(2)], ["Do", "ne."], tools=[echo()]) as hub:
        task = await start(hub)
        screens = [Screen() for _ in range(3)]
        watching = [watch(hub, task, screen, batch=n == 1) for n, screen in enumerate(screens)]
        for each in watching:
            await finished(each)
        kept = await stored(hub)
        for screen in screens:
            assert screen.stored == kept
            assert screen.streamed() == "Look: Done."


async def test_a_client_that_joins_in_mid_message_gets_the_text_so_far_as_one_delta() -> None:
    gate = asyncio.Event()
    async with running(["One ", "two ", gate, "three ", "four."]) as hub:
        task = await start(hub)
        await until(lambda: "m1" in task.partial and len(task.partial["m1"].pieces) == 2)
        screen = Screen()
        watching = watch(hub, task, screen)
        await until(lambda: screen.streamed() != "")
        assert [event["event_type"] for event in screen.events] == ["run_started", "message_delta"]
        assert screen.streamed() == "One two "
        assert screen.events[-1]["seq"] == 1
        gate.set()
        await finished(watching)
        assert screen.streamed() == "One two three four."


async def test_an_event_in_the_middle_of_a_message_does_not_double_its_text() -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    notice = Notice("note", "By the way.")
    async with running(["One ", gates[0], notice, "two ", gates[1], "three."]) as hub:
        task = await start(hub)
        early, late = Screen(), Screen()
        watching = [watch(hub, task, early)]
        await until(lambda: early.streamed() == "One ")
        gates[0].set()
        await until(lambda: early.streamed() == "One two ")
        watching.append(watch(hub, task, late))
        await until(lambda: late.streamed() == "One two ")
        gates[1].set()
        for each in watching:
            await finished(each)
        assert early.streamed() == late.streamed() == "One two three."
        assert early.stored == late.stored == await stored(hub)


@pytest.mark.parametrize("outbox", [0, 1, 3])
async def test_a_client_that_falls_behind_is_caught_up_from_the_journal(
    monkeypatch: pytest.MonkeyPatch, outbox: int
) -> None:
    monkeypatch.setattr(watcher, "OUTBOX", outbox)
    monkeypatch.setattr(watcher, "PAGE", 7)
    gate = asyncio.Event()
    async with running(*calls(30), [gate, "Do", "ne."], tools=[echo()]) as hub:
        task = await start(hub, limits=Limits(max_steps=50))
        slow, quick = Screen(), Screen()
        watching = [watch(hub, task, slow), watch(hub, task, quick)]
        await until(lambda: len(slow.frames) > 0)
        slow.may_read.clear()
        await until(lambda: task.summary.last_seq > 60)
        await until(lambda: len(quick.stored) == task.summary.last_seq)
        assert len(slow.stored) < task.summary.last_seq
        slow.may_read.set()
        gate.set()
        for each in watching:
            await finished(each)
        assert slow.stored == quick.stored == await stored(hub)


async def test_a_client_that_falls_behind_in_mid_message_gets_the_rest_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watcher, "OUTBOX", 2)
    gates = [asyncio.Event(), asyncio.Event()]
    words = [f"w{number} " for number in range(50)]
    async with running(["First ", gates[0], *words, gates[1], "last."]) as hub:
        task = await start(hub)
        screen = Screen()
        watching = watch(hub, task, screen)
        await until(lambda: screen.streamed() == "First ")
        screen.may_read.clear()
        gates[0].set()
        await until(lambda: len(task.partial["m1"].pieces) == 51)
        screen.may_read.set()
        await until(lambda: screen.streamed() == "First " + "".join(words))
        gates[1].set()
        await finished(watching)
        # The last delta may have been dropped for the answer that replaces it; nothing else was.
        whole = "First " + "".join(words) + "last."
        assert whole.removesuffix("last.") == screen.streamed().removesuffix("last.")
        assert screen.result["content"] == whole


async def test_a_client_that_leaves_changes_nothing() -> None:
    gate = asyncio.Event()
    async with running(["One ", gate, "two."]) as hub:
        task = await start(hub)
        screen = Screen()
        watching = watch(hub, task, screen)
        await until(lambda: screen.streamed() == "One ")
        watching.cancel()
        await asyncio.wait((watching,))
        assert not hub.connections.has_connections("t")
        gate.set()
        assert (await ended(task)).summary.result == "One two."


async def test_a_client_that_hangs_holds_up_neither_the_run_nor_the_others() -> None:
    async with running(*calls(5), "Done.", tools=[echo()]) as hub:
        task = await start(hub)
        hung, quick = Screen(), Screen()
        hung.may_read.clear()
        hanging = watch(hub, task, hung)
        await finished(watch(hub, task, quick))
        await ended(task)
        assert quick.seqs == list(range(1, task.summary.last_seq + 1))
        assert hung.frames == []
        hanging.cancel()
        await asyncio.wait((hanging,))


async def test_a_task_that_is_deleted_while_it_is_watched_still_gives_its_result() -> None:
    async with running(*calls(5), "Done.", tools=[echo()]) as hub:
        task = await ended(await start(hub))
        await until(lambda: hub.runs.running == 0)
        await hub.delete("t")
        screen = Screen()
        await finished(watch(hub, task, screen))
        assert screen.stored == []
        assert screen.result["content"] == "Done."


async def test_the_result_says_how_a_task_failed_and_how_long_it_took() -> None:
    async with running(ValueError("broken")) as hub:
        screen = Screen()
        task = await start(hub)
        await finished(watch(hub, task, screen))
        assert screen.result["status"] == "failed"
        assert "broken" in screen.result["error"]["message"]
        assert screen.result["duration_ms"] >= 0
        assert screen.frames[-1]["task_id"] == "t"


async def test_what_comes_twice_is_sent_once_and_what_is_missing_is_read_again() -> None:
    gate = asyncio.Event()
    async with running(*calls(2), ["One ", gate, "two."], tools=[echo()]) as hub:
        task = await start(hub)
        await until(lambda: "m3" in task.partial)
        screen = Screen()
        watcher_ = watcher.Watcher(hub, task, screen, after=3, batch=False)
        watching = asyncio.ensure_future(watcher_.run())
        await until(lambda: screen.streamed() == "One ")
        redactor = Redactor(environ={})
        again = [encode(EVENT.validate_json(t), redactor) for t in await hub.journal.events("t")]
        delta = task.partial["m3"].rest(0, task.summary.last_seq)
        assert delta is not None
        await watcher_.send_json([*again, encode_delta(delta, 0)])
        for _ in range(20):
            await asyncio.sleep(0)
        ahead = again[-1].event.model_copy(update={"seq": task.summary.last_seq + 2})
        await watcher_.send_json([encode(ahead, redactor)])
        gate.set()
        await finished(watching)
        assert screen.stored == (await stored(hub))[3:]
        assert screen.streamed() in ("One ", "One two.")


# What a model does in a turn, and what the clients do meanwhile, in any order.
ACTION = st.one_of(
    st.tuples(st.just("say"), st.integers(1, 5)),
    st.tuples(st.just("note"), st.none()),
    st.tuples(st.just("call"), st.integers(1, 3)),
    st.tuples(st.just("join"), st.tuples(st.integers(0, 12), st.booleans())),
    st.tuples(st.just("hold"), st.integers(0, 9)),
    st.tuples(st.just("let"), st.integers(0, 9)),
    st.tuples(st.just("rest"), st.integers(0, 30)),
)


class _Play:
    """A run that goes on by the word of a test, and clients that hold and let go."""

    def __init__(self) -> None:
        self.parts: asyncio.Queue[Any] = asyncio.Queue()
        self.screens: list[tuple[Screen, int, asyncio.Task[None]]] = []
        self.words = 0

    async def turn(self, request: Any) -> Any:
        part = await self.parts.get()
        if isinstance(part, int):
            return [ToolCall("", "echo") for _ in range(part)]
        return [part, self.turn] if part is not None else "."

    async def act(self, hub: Hub, task: Task, action: str, value: Any) -> None:
        if action == "say":
            for _ in range(value):
                self.words += 1  # each is another, so that one said twice is seen
                self.parts.put_nowait(f"{self.words},")
        elif action == "note":
            self.parts.put_nowait(Notice("note", "By the way."))
        elif action in ("call", "end"):
            self.parts.put_nowait(value)
        elif action == "join":
            after, batch = value
            seen = min(after, task.summary.last_seq)
            joined = Screen()
            watching = watch(hub, task, joined, after=after, batch=batch)
            self.screens.append((joined, seen, watching))
        elif action == "rest":
            for _ in range(value):
                await asyncio.sleep(0)
        elif self.screens:
            screen, _, _ = self.screens[int(value) % len(self.screens)]
            if action == "hold":
                screen.may_read.clear()
            else:
                screen.may_read.set()


def check_texts(screen: Screen) -> None:
    """See that each message's deltas are its text from the beginning, and end where it ends."""
    texts: dict[str, str] = {}
    whole: dict[str, str] = {}
    for event in screen.events:
        if event["event_type"] == "message_delta":
            message_id = str(event["message_id"])
            assert message_id not in whole
            texts[message_id] = texts.get(message_id, "") + str(event["delta"])
        elif event["event_type"] == "message":
            whole[str(event["message_id"])] = str(event["text"])
        elif event["event_type"] == "final_answer":
            for message_id in texts.keys() - whole.keys():
                whole[message_id] = str(event["text"])
    for message_id, text in texts.items():
        assert whole[message_id].startswith(text)


@settings(max_examples=60, deadline=None)
@given(actions=st.lists(ACTION, max_size=60), on_disk=st.booleans())
@example(actions=[("rest", 3), ("say", 3), ("call", 3), ("rest", 3)], on_disk=False)
def test_any_order_of_words_calls_joins_and_pauses_shows_each_event_once_and_the_text_whole(
    actions: list[tuple[str, Any]], on_disk: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(watcher, "OUTBOX", 3)
        patch.setattr(watcher, "PAGE", 2)
        path = Path(folder) / "journal.sqlite" if on_disk else ":memory:"
        asyncio.run(_played(actions, path))


async def _played(actions: list[tuple[str, Any]], path: Path | str) -> None:
    play = _Play()
    hub = hub_of(ScriptedProvider([play.turn] * 100), journal=path, tools=[echo()])
    await hub.open()
    task = await start(hub)
    async with asyncio.timeout(4 * SOON):
        for action, value in [("join", (0, False)), *actions, ("join", (0, True)), ("end", None)]:
            await play.act(hub, task, action, value)
        for screen, _, _ in play.screens:
            screen.may_read.set()
        await task.ended.wait()
        for _, _, watching in play.screens:
            await watching
    kept = await stored(hub)
    for screen, after, _ in play.screens:
        assert screen.stored == kept[after:]
        check_texts(screen)
    await hub.close()
