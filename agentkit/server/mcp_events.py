"""What was sent to MCP clients, so that one whose connection broke can be sent what it missed."""

from __future__ import annotations

import contextvars
import secrets
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

KEPT_EVENTS = 1_000
"""Messages of one session that are kept; older ones cannot be sent again."""

KEPT_SESSIONS = 200
"""Sessions whose messages are kept; the one that was silent the longest goes first."""

current_session: contextvars.ContextVar[str | None] = contextvars.ContextVar(
    "agentkit_mcp_session", default=None
)
"""The session that the running request belongs to, under a key of ours: streams of different sessions
have the same names, and must never be mixed."""


@dataclass(slots=True)
class _Kept:
    event_id: str
    stream_id: str
    message: Any


@dataclass(slots=True)
class _Session:
    events: deque[_Kept] = field(default_factory=lambda: deque[_Kept](maxlen=KEPT_EVENTS))


class SentEvents:
    """The event store of the ``mcp`` package's transport, for all sessions of a server."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    async def store_event(self, stream_id: str, message: Any) -> str:
        """Keep a message and give it an id that nobody can guess."""
        event_id = secrets.token_urlsafe(9)
        key = current_session.get()
        if key is not None:
            session = self._sessions.setdefault(key, _Session())
            self._sessions.move_to_end(key)
            session.events.append(_Kept(event_id, stream_id, message))
            while len(self._sessions) > KEPT_SESSIONS:
                self._sessions.popitem(last=False)
        return event_id

    async def replay_events_after(
        self, last_event_id: str, send_callback: Callable[[Any], Awaitable[None]]
    ) -> str | None:
        """Send what followed on the stream of that message, in the session that asks; its stream's id."""
        from mcp.server.streamable_http import EventMessage

        session = self._sessions.get(current_session.get() or "")
        kept = list(session.events) if session is not None else []
        for position, last in enumerate(kept):
            if last.event_id == last_event_id:
                for each in kept[position + 1 :]:
                    if each.stream_id == last.stream_id and each.message is not None:
                        await send_callback(EventMessage(each.message, each.event_id))
                return last.stream_id
        return None

    def forget(self, key: str) -> None:
        """Drop what was sent in a session that has ended."""
        self._sessions.pop(key, None)
