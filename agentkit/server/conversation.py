"""The talk with one client about one task, written once for every host.

A host gives a ``Socket`` and says who may do what; everything that is said on
``/ws/tasks/{id}`` is said here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agentkit.core.frames import (
    CLIENT_FRAME,
    Answer,
    Cancel,
    Connected,
    Error,
    Ping,
    Pong,
    ToolResultFrame,
)
from agentkit.core.protocol import ErrorInfo, StartTask, TaskStatus
from agentkit.errors import AgentKitError, Conflict, InvalidInput, NotFound, Refused
from agentkit.hub.client_tools import ClientDesk
from agentkit.hub.hub import Hub
from agentkit.hub.task import Task
from agentkit.server.asker import ANYBODY, Asker
from agentkit.server.input import MAX_SEQ, checked, parsed, resolution
from agentkit.server.response import failure
from agentkit.server.watcher import Watcher, result
from agentkit.tools.protocol import ToolResult

Action = Literal["read", "write", "execute"]

NORMAL, REFUSED, FAILED = 1000, 1008, 1011
"""Codes with which the server closes (RFC 6455, section 7.4.1)."""

log = logging.getLogger("agentkit")


class Gone(Exception):
    """The client has left."""


class Socket(Protocol):
    """What a host offers of its WebSocket. All of it is called on the hub's loop."""

    async def send(self, text: str) -> None:
        """Send a frame; raise ``Gone`` when there is nobody to send to."""
        ...

    async def receive(self) -> str:
        """The client's next frame; raise ``Gone`` when there will be none."""
        ...

    async def close(self, code: int) -> None: ...


class _Query(BaseModel):
    model_config = ConfigDict(extra="ignore")  # hosts and proxies add parameters of their own

    after: int = Field(default=0, ge=0, le=MAX_SEQ)
    batch: bool = False
    start: bool = True
    agent: str | None = None
    input: str = ""


_QUERY = TypeAdapter(_Query)
_START = TypeAdapter(StartTask)


async def converse(
    hub: Hub,
    socket: Socket,
    task_id: str,
    query: Mapping[str, str],
    *,
    may: Callable[[Action], bool],
    client_key: str | None = None,
    asker: Asker = ANYBODY,
) -> None:
    """Open the hub, and talk with one client until the task has ended or the client has left.

    Parameters
    ----------
    query
        The URL's parameters: ``after``, ``batch``, ``start``, ``agent``, ``input``.
    may
        Whether the client is authorised for an action: ``read`` to watch, ``execute`` to start,
        cancel, answer and give the result of a tool.
    client_key
        What the client showed to be the one that runs the task's own tools.
    asker
        Who the client is.
    """
    try:
        with hub.sockets.opened(task_id):
            await _converse(hub, socket, task_id, query, may, client_key, asker)
    except Gone:
        return  # nothing to undo: a client that leaves changes nothing
    except AgentKitError as error:
        await refuse(socket, error)
    except Exception:
        log.exception("The conversation about a task failed inside agentkit")
        await refuse(socket, failure(), FAILED)


async def refuse(socket: Socket, error: AgentKitError, code: int = REFUSED) -> None:
    """Say why, and close."""
    try:
        await socket.send(error_frame(error))
        await socket.close(code)
    except Gone:
        return


async def _converse(
    hub: Hub,
    socket: Socket,
    task_id: str,
    query: Mapping[str, str],
    may: Callable[[Action], bool],
    client_key: str | None,
    asker: Asker,
) -> None:
    options = checked(_QUERY, dict(query), "The query", "bad_query")
    _permit(may, "read")
    await hub.open()
    task = await _known(hub, task_id, asker)
    status = task.summary.status if task else TaskStatus.QUEUED
    last_seq = task.summary.last_seq if task else 0
    connected = Connected(task_id=task_id, status=status, last_seq=last_seq)
    await socket.send(connected.model_dump_json())
    if task is None:
        if not options.start:
            raise NotFound(f"There is no task {task_id!r}.", reason="task_not_found")
        _permit(may, "execute")
        task = await _started(hub, task_id, options, asker)
    desk = _desk(hub, task, client_key)
    watcher = Watcher(hub, task, socket, after=options.after, batch=options.batch)
    listening = asyncio.ensure_future(_listen(hub, socket, task, desk, may, asker.name))
    watching = asyncio.ensure_future(watcher.run())
    if desk is not None:
        desk.arrive()
    try:
        await asyncio.wait((watching, listening), return_when=asyncio.FIRST_COMPLETED)
        (watching if watching.done() else listening).result()
    finally:
        if desk is not None:
            desk.leave()
        for talking in (watching, listening):
            talking.cancel()
        await asyncio.gather(watching, listening, return_exceptions=True)
    # Nobody listens any more, so no answer to a late frame comes after it.
    await socket.send(result(task.summary).model_dump_json())
    await socket.close(NORMAL)


async def _known(hub: Hub, task_id: str, asker: Asker) -> Task | None:
    try:
        return await asker.task(hub, task_id)
    except NotFound:
        return None


async def _started(hub: Hub, task_id: str, options: _Query, asker: Asker) -> Task:
    body = {"agent": options.agent, "input": options.input, "task_id": task_id}
    request = checked(_START, body, "The task cannot be started", "invalid_input")
    try:
        return await asker.start(hub, request)
    except Conflict:  # somebody else was quicker: join
        return await asker.task(hub, task_id)


def _desk(hub: Hub, task: Task, client_key: str | None) -> ClientDesk | None:
    if client_key is None:
        return None
    desk = hub.desk(task.id)
    if desk is None:  # the task has ended, or never had tools of a client
        return None
    if not desk.admits(client_key):
        raise Refused("The client key is not that of this task.", reason="wrong_client_key")
    return desk


async def _listen(
    hub: Hub,
    socket: Socket,
    task: Task,
    desk: ClientDesk | None,
    may: Callable[[Action], bool],
    user: str,
) -> None:
    while True:
        text = await socket.receive()
        try:
            hub.bounds.check_size("frame_chars", len(text), "The frame", reason="frame_too_large")
            frame = checked(CLIENT_FRAME, parsed(text, "The frame"), "The frame", "bad_frame")
            match frame:
                case Ping():
                    await socket.send(Pong().model_dump_json())
                case Cancel(reason=reason):
                    _permit(may, "execute")
                    await hub.cancel(task.id, reason)
                case Answer():
                    _permit(may, "execute")
                    await hub.answer(task.id, frame.request_id, resolution(frame, user))
                case ToolResultFrame():
                    _permit(may, "execute")
                    _take(desk, frame)
        except AgentKitError as error:
            await socket.send(error_frame(error))


def _take(desk: ClientDesk | None, frame: ToolResultFrame) -> None:
    if desk is None:
        raise Refused(
            "Only the process that offered the tool can send its result.", reason="not_your_tool"
        )
    if frame.outcome != "success" and frame.error is None:
        raise InvalidInput(
            f"A result with the outcome {frame.outcome!r} needs an error.", reason="bad_frame"
        )
    desk.answer(frame.tool_call_id, ToolResult(frame.outcome, frame.content, frame.error))


def _permit(may: Callable[[Action], bool], action: Action) -> None:
    if not may(action):
        raise Refused(f"You are not allowed to {action} agent tasks here.", reason="forbidden")


def error_frame(error: AgentKitError) -> str:
    """The frame that tells an error."""
    return Error(data=ErrorInfo(message=error.message, reason=error.reason)).model_dump_json()
