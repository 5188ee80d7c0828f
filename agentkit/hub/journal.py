"""The journal: every task and every event of it, in one SQLite file.

Events are only ever added. Nobody is shown an event before it is stored.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from agentkit.core.events import EVENT
from agentkit.core.protocol import AgentConfig, Limits, TaskSummary
from agentkit.errors import Conflict, JournalError
from agentkit.hub.additions import Addition, append_all
from agentkit.hub.deleting import NOT_DELETED, erase, hide
from agentkit.hub.displays import Display, add_display, displays_of, displays_of_tasks
from agentkit.hub.journal_faults import fault
from agentkit.hub.listing import EVERY, UNFINISHED, Listing, listed, searched
from agentkit.hub.opening import MEMORY, opened
from agentkit.hub.record import Record
from agentkit.hub.started_with import add_agent, add_limits, agent_of, limits_of
from agentkit.hub.task import fold
from agentkit.hub.worker import Worker

T = TypeVar("T")

log = logging.getLogger("agentkit")

_IS_UNFINISHED = "status IN ({})".format(", ".join(f"'{status}'" for status in UNFINISHED))
_ELSEWHERE = f"SELECT id FROM tasks WHERE {_IS_UNFINISHED} AND owner != ? LIMIT ?"
_UNFINISHED_OWNERS = f"SELECT DISTINCT owner FROM tasks WHERE {_IS_UNFINISHED}"
_TAKE = f"UPDATE tasks SET owner = ? WHERE owner = ? AND {_IS_UNFINISHED} RETURNING id, summary"
_LEFT = f"SELECT id, summary FROM tasks WHERE owner = ? AND {_IS_UNFINISHED}"


class Journal:
    """The store of tasks and events.

    Parameters
    ----------
    path
        The SQLite file, made when it does not exist; ``":memory:"`` keeps nothing.

    Raises
    ------
    JournalError
        The file can be neither written nor read, or was written by a later version.
    """

    def __init__(self, path: Path | str = MEMORY) -> None:
        self.path = str(path)
        self.owner = secrets.token_hex(8)
        """Names this server in the rows of its tasks."""
        found = opened(self.path, self.owner)
        self._alive = found.alive
        self.problem = found.problem
        """Why it can only be read, or why its host has put it in another's place; mostly nothing."""
        self._failure: JournalError | None = None
        self._is_read_only = found.problem is not None
        self._writer = Worker(found.writing, "agentkit-journal", writes=not self._is_read_only)
        self._reader = (
            self._writer
            if found.reading is found.writing
            else Worker(found.reading, "agentkit-journal-reader")
        )

    @property
    def trouble(self) -> JournalError | None:
        """What is wrong with it now: ``problem``, or why it failed last, until it is written again."""
        return self.problem or self._failure

    def close(self) -> None:
        """Finish what is queued and close the file; calling it again does nothing."""
        self._writer.close()
        self._reader.close()
        self._alive.close()

    async def create(
        self, summary: TaskSummary, agent: str | None = None, limits: Limits | None = None
    ) -> None:
        """Store a new task, on disk when this returns.

        Parameters
        ----------
        agent
            The agent that it brought along, as `started_with.written`.
        limits
            Those that it was given itself.

        Raises
        ------
        Conflict
            There is a task of this id.
        JournalError
            It could not be stored.
        """

        def job(connection: sqlite3.Connection) -> None:
            row = (
                summary.task_id,
                self.owner,
                summary.agent,
                summary.status,
                summary.created_at,
                summary.model_dump_json(),
                summary.thread_id or summary.task_id,
            )
            number = connection.execute(
                "INSERT INTO tasks (id, owner, agent, status, created_at, summary, thread)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            ).lastrowid
            connection.execute("INSERT INTO words VALUES (?, ?)", (number, searched(summary)))
            if agent is not None:
                add_agent(connection, summary.task_id, agent)
            if limits is not None and limits.model_fields_set:
                add_limits(connection, summary.task_id, limits)

        try:
            await self.write(job, durable=True)
        except sqlite3.IntegrityError as error:
            query = "SELECT 1 FROM tasks WHERE id = ?"
            if not await self.read(lambda each: each.execute(query, (summary.task_id,)).fetchone()):
                raise self.fault(error) from error
            raise Conflict(
                f"There is a task {summary.task_id!r} already.", reason="task_exists"
            ) from None

    def append(
        self,
        task_id: str,
        record: Record,
        then: Callable[[BaseException | None], None],
        *,
        summary: TaskSummary | None = None,
    ) -> None:
        """Store an event; ``then(error)`` is called in the writer's thread once it is committed.

        An event that does not follow the task's last stored one is refused: when one could not be
        stored, those behind it are not either, and the numbers have no gaps.
        With a ``summary`` the task's row is brought up to it in the same commit, on disk when
        ``then`` is called. A delta takes the same way and is not stored, so that what is shown
        keeps its order.
        """
        self._writer.gather(
            append_all, task_id, Addition(record, summary), then, durable=summary is not None
        )

    async def summary(self, task_id: str) -> TaskSummary | None:
        """How a task stands by what is stored of it; ``None`` for an unknown one."""

        def job(connection: sqlite3.Connection) -> TaskSummary | None:
            query = f"SELECT summary FROM tasks WHERE id = ? AND {NOT_DELETED}"
            row = connection.execute(query, (task_id,)).fetchone()
            return row and _replayed(connection, task_id, row[0])

        return await self.read(job)

    async def summaries(self, listing: Listing = EVERY) -> list[TaskSummary]:
        """Tasks, the newest first, as they stood at their last stored change."""
        texts = await self.read(lambda connection: listed(connection, listing))
        return [TaskSummary.model_validate_json(text) for text in texts]

    async def thread(self, thread_id: str) -> list[TaskSummary]:
        """The tasks of a conversation, the oldest first, as they stood at their last stored change."""

        def job(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(
                f"SELECT summary FROM tasks WHERE thread = ? AND {NOT_DELETED} ORDER BY number",
                (thread_id,),
            )
            return [text for (text,) in rows]

        return [TaskSummary.model_validate_json(text) for text in await self.read(job)]

    async def thread_length(self, thread_id: str) -> int:
        """How many tasks a conversation has."""
        query = f"SELECT COUNT(*) FROM tasks WHERE thread = ? AND {NOT_DELETED}"
        return await self.read(lambda each: each.execute(query, (thread_id,)).fetchone()[0])

    async def events(
        self, task_id: str, after: int = 0, limit: int = 1_000, size: int | None = None
    ) -> list[str]:
        """The JSON texts of stored events with ``seq > after``, in order.

        Parameters
        ----------
        limit
            How many at the most.
        size
            Characters at which to stop; the last one may go beyond it. ``None``: no matter how long.
        """

        def job(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(
                "SELECT data FROM events WHERE task = ? AND seq > ? ORDER BY seq LIMIT ?",
                (task_id, after, limit),
            )
            if size is None:
                return [text for (text,) in rows]
            texts: list[str] = []
            left = size
            for (text,) in rows:
                texts.append(text)
                left -= len(text)
                if left <= 0:
                    break
            return texts

        return await self.read(job)

    async def add_display(self, display: Display) -> None:
        """Keep which cell shows a task; nothing of a task that has been deleted."""
        await self.write(lambda connection: add_display(connection, display), durable=True)

    async def displays(self, notebook: str, kernel_ids: Sequence[str] = ()) -> list[Display]:
        """What the last execution of each cell showed, in a notebook or with one of these kernels."""
        return await self.read(lambda connection: displays_of(connection, notebook, kernel_ids))

    async def displays_of_tasks(
        self, task_ids: Sequence[str], kernel_ids: Sequence[str]
    ) -> list[Display]:
        """Where tasks are shown, and what else the kernels have shown, in the order in which it was."""
        return await self.read(
            lambda connection: displays_of_tasks(connection, task_ids, kernel_ids)
        )

    async def agent(self, task_id: str) -> AgentConfig | None:
        """The agent that a task brought along; ``None`` where it brought none."""
        return await self.read(lambda connection: agent_of(connection, task_id))

    async def limits(self, task_id: str) -> Limits | None:
        """The limits that a task was given itself; ``None`` where it was given none."""
        return await self.read(lambda connection: limits_of(connection, task_id))

    async def delete(self, task_id: str) -> bool:
        """Delete a task with its events; ``False`` when there was none."""
        if not await self.write(lambda connection: hide(connection, task_id), durable=True):
            return False
        while await self.write(lambda connection: erase(connection, task_id)):
            pass
        return True

    async def elsewhere(self, limit: int) -> list[str]:
        """The ids of unfinished tasks of other servers."""

        def job(connection: sqlite3.Connection) -> list[str]:
            return [task_id for (task_id,) in connection.execute(_ELSEWHERE, (self.owner, limit))]

        return await self.read(job)

    async def take_orphans(self) -> list[TaskSummary]:
        """Unfinished tasks whose server is gone, brought up to their last stored event.

        They belong to this server from now on: of two that start at once, each takes others. Of a journal
        that can only be read they are taken by all.
        """

        def owners(connection: sqlite3.Connection) -> set[str]:
            return {owner for (owner,) in connection.execute(_UNFINISHED_OWNERS)}

        def take(connection: sqlite3.Connection) -> list[TaskSummary]:
            rows: list[tuple[str, str]] = []
            for owner in dead:
                values = (owner,) if self._is_read_only else (self.owner, owner)
                rows += connection.execute(_LEFT if self._is_read_only else _TAKE, values)
            return [_replayed(connection, task_id, text) for task_id, text in rows]

        dead = {owner for owner in await self.read(owners) if not self._alive.is_alive(owner)}
        return await self.write(take, durable=True) if dead else []

    async def write(self, job: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """What a job gives that may write, in the writer's thread; ``durable``: on disk by then."""
        written = await self._named(self._writer.run(job, durable=durable))
        self._failure = None
        return written

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What a job gives that only reads."""
        return await self._named(self._reader.run(job))

    def fault(self, error: BaseException) -> JournalError:
        """What an error in the journal's thread is to be told as; it is ``trouble`` from now on."""
        told = fault(self.path, error)
        if told.reason != "journal_busy":  # which is over in a moment
            self._failure = told
        return told

    async def _named(self, running: Awaitable[T]) -> T:
        try:
            return await running
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise self.fault(error) from error


def _replayed(connection: sqlite3.Connection, task_id: str, text: str) -> TaskSummary:
    """The saved summary with the events folded in that were stored after it."""
    summary = TaskSummary.model_validate_json(text)
    if summary.status.is_final:  # stored with its last event
        return summary
    rows: Sequence[tuple[int, str]] = ()
    try:
        rows = connection.execute(
            "SELECT seq, data FROM events WHERE task = ? AND seq > ? ORDER BY seq",
            (task_id, summary.last_seq),
        ).fetchall()
    except sqlite3.DatabaseError as error:
        # Nor must a page of the file that is damaged.
        log.error("Events of task %s in the journal are not readable: %s", task_id, error)
    for seq, data in rows:
        try:
            fold(summary, EVENT.validate_json(data))
        except (ValidationError, Conflict) as error:
            # One event that cannot be read must not keep the server from all its tasks.
            log.error("Event %s of task %s in the journal is not readable: %s", seq, task_id, error)
            summary.last_seq = seq
    return summary
