"""The talk with one client about all tasks: how each stands, whenever that changes.

A client is told of a new state or request at once, and of everything else a few times a second. One that
reads slowly is not waited for: of each task it gets the latest, and a new list where that was too much.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agentkit.core.frames import PING, JournalTrouble, Pong, TaskChanged, TaskRemoved, Tasks
from agentkit.core.protocol import ErrorInfo, TaskStatus, TaskSummary
from agentkit.errors import AgentKitError, JournalError, Refused
from agentkit.hub.asks import cut
from agentkit.hub.hub import Hub
from agentkit.hub.listing import UNFINISHED, Listing
from agentkit.hub.task import Task, now
from agentkit.server.asker import ANYBODY, Asker
from agentkit.server.conversation import FAILED, Action, Gone, Socket, error_frame, refuse
from agentkit.server.input import checked, parsed
from agentkit.server.response import failure

FEED_PATH = "/ws/tasks"
"""Where it is mounted."""

RECENT = 50
"""Tasks of the list, beside those that have not ended."""

MOST = 1_000
"""Tasks of the list that have not ended; also the changes that may wait for a slow client."""

EVERY = 0.4
"""Seconds between two tellings of the same state of a task."""

SHARE = 0.005
"""Seconds by which that grows with each task that runs: a thousand of them shall not flood a page."""

BEAT = 0.1
"""Seconds between two tellings of what can wait, of whatever task."""

POLL = 5.0
"""Seconds between two looks at tasks that other servers on the same journal run."""

TEXT = 1_000
"""Characters of an input, a result or an error."""

MAX_FRAME = 1_000
"""Characters of a client's frame."""

log = logging.getLogger("agentkit")


async def feed(
    hub: Hub, socket: Socket, *, may: Callable[[Action], bool], asker: Asker = ANYBODY
) -> None:
    """Open the hub, and tell one client of all tasks within its reach until it has left."""
    try:
        if not may("read"):
            raise Refused("You are not allowed to read agent tasks here.", reason="forbidden")
        await hub.open()
        with hub.sockets.opened():
            await _tell(hub, socket, asker)
    except Gone:
        return
    except AgentKitError as error:
        await refuse(socket, error)
    except Exception:
        log.exception("The feed of tasks failed inside agentkit")
        await refuse(socket, failure(), FAILED)


async def _tell(hub: Hub, socket: Socket, asker: Asker) -> None:
    telling = asyncio.ensure_future(_Feed(hub, socket, asker).run())
    listening = asyncio.ensure_future(_listen(socket))
    try:
        await asyncio.wait((telling, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        telling.cancel()
        listening.cancel()
        ends = await asyncio.gather(telling, listening, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _listen(socket: Socket) -> None:
    while True:
        text = await socket.receive()
        try:
            checked(PING, parsed(text[:MAX_FRAME], "The frame"), "The frame", "bad_frame")
            await socket.send(Pong().model_dump_json())
        except AgentKitError as error:
            await socket.send(error_frame(error))


@dataclass(slots=True)
class _Told:
    """What a client was last told of a task that had not ended."""

    at: float
    status: TaskStatus
    requests: tuple[str, ...]

    def is_news(self, summary: TaskSummary) -> bool:
        return (self.status, self.requests) != (summary.status, summary.open_requests)


class _Feed:
    def __init__(self, hub: Hub, socket: Socket, asker: Asker) -> None:
        self._hub = hub
        self._asker = asker
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._behind = True
        self._due: dict[str, TaskSummary | None] = {}
        """What has changed since it was told; ``None``: deleted. The summaries are the live ones."""
        self._told: dict[str, _Told] = {}
        self._trouble: JournalError | None = None
        """What the client was last told of the journal."""
        self._wake = asyncio.Event()

    def changed(self, summary: TaskSummary) -> None:
        if self._asker.reaches(summary):
            self._take(summary.task_id, summary)

    def removed(self, task_id: str, user: str | None) -> None:
        if self._asker.reaches_those_of(user):
            self._take(task_id, None)

    def _take(self, task_id: str, summary: TaskSummary | None) -> None:
        if self._behind:  # the list that comes next says it
            return
        told = self._told.get(task_id)
        # Of what can wait, only the first change sets the clock: a thousand runs change all the time.
        if not self._due or summary is None or told is None or told.is_news(summary):
            self._wake.set()
        if len(self._due) >= MOST and task_id not in self._due:
            self._due.clear()
            self._behind = True
            self._wake.set()
        else:
            self._due[task_id] = summary

    async def run(self) -> None:
        """Tell, until cancelled."""
        looked = self._loop.time()
        unlisten = self._hub.changes.listen(self)
        try:
            while True:
                self._wake.clear()
                if self._behind:
                    await self._send_list()
                wait = await self._send_due()
                await self._send_trouble()
                if self._loop.time() - looked >= POLL:
                    await self._look_elsewhere()
                    looked = self._loop.time()
                wait = min(wait or POLL, POLL)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
        finally:
            unlisten()

    async def _send_list(self) -> None:
        self._behind = False
        self._due.clear()
        reader = self._asker.reader
        # Whatever changes from here on is told once more.
        newest = await self._hub.summaries(Listing(limit=RECENT + 1, reader=reader))
        unfinished = await self._hub.summaries(Listing(UNFINISHED, limit=MOST, reader=reader))
        recent = newest[:RECENT]
        shown = {each.task_id for each in recent}
        rest = [each for each in unfinished if each.task_id not in shown]
        placed = await self._placed((*recent, *rest))
        self._told.clear()
        for each in placed:
            self._note(each)
        before = recent[-1].task_id if len(newest) > RECENT else None
        frame = Tasks(now=now(), data=placed, before=before)
        await self._socket.send(frame.model_dump_json())
        self._trouble = None

    async def _send_trouble(self) -> None:
        trouble = self._hub.journal.trouble
        if str(trouble) != str(self._trouble):
            self._trouble = trouble
            told = trouble and ErrorInfo(message=trouble.message, reason=trouble.reason)
            await self._socket.send(JournalTrouble(problem=told).model_dump_json())

    async def _send_due(self) -> float | None:
        """Tell what is due; the seconds until more is."""
        every = max(EVERY, SHARE * len(self._told))
        time = self._loop.time()
        waits: list[float] = []
        removed: list[str] = []
        changed: list[TaskSummary] = []
        # Taken out before anything is sent: more becomes due meanwhile, or all of it is dropped for a list.
        for task_id, summary in tuple(self._due.items()):
            told = self._told.get(task_id)
            if summary is not None and told is not None and not told.is_news(summary):
                left = told.at + every - time
                if left > 0:
                    waits.append(left)
                    continue
            del self._due[task_id]
            if summary is None:
                self._told.pop(task_id, None)
                removed.append(task_id)
            else:
                changed.append(summary)
        for task_id in removed:
            await self._socket.send(TaskRemoved(task_id=task_id).model_dump_json())
        for each in await self._placed(changed) if changed else ():
            if self._due.get(each.task_id, each) is None:  # deleted meanwhile
                continue
            self._note(each)
            await self._socket.send(TaskChanged(now=now(), data=each).model_dump_json())
        # What came while others were told has waited for no clock.
        return max(min(waits, default=0), BEAT) if self._due else None

    def _note(self, summary: TaskSummary) -> None:
        if summary.status.is_final:
            self._told.pop(summary.task_id, None)
        else:
            told = _Told(self._loop.time(), summary.status, summary.open_requests)
            self._told[summary.task_id] = told

    async def _placed(self, summaries: Iterable[TaskSummary]) -> list[TaskSummary]:
        return [_short(each) for each in await self._hub.placed_summaries(tuple(summaries))]

    def _elsewhere(self) -> list[str]:
        """Unfinished tasks that other servers run: nothing here says when they change."""
        return [task_id for task_id in self._told if task_id not in self._hub.runs]

    async def _look_elsewhere(self) -> None:
        begun = await self._hub.journal.elsewhere(MOST)
        for task_id in {*begun, *self._elsewhere()}:
            summary = await self._hub.journal.summary(task_id)
            if summary is None:
                if task_id in self._told:
                    self._take(task_id, None)
                continue
            task = Task(summary)
            await self._hub.look_again(task)
            self.changed(task.summary)


def _short(summary: TaskSummary) -> TaskSummary:
    error = summary.error
    return summary.model_copy(
        update={
            "input": cut(summary.input, TEXT),
            "result": None if summary.result is None else cut(summary.result, TEXT),
            "error": error and error.model_copy(update={"message": cut(error.message, TEXT)}),
        }
    )
