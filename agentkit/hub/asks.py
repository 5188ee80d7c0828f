"""Open requests in short, for lists of tasks."""

from __future__ import annotations

import json

from agentkit.core.events import ApprovalRequested, InputRequested
from agentkit.core.protocol import Ask

ROOM = 400
"""Characters of a request that a list shows."""


def ask_of(event: ApprovalRequested | InputRequested) -> Ask:
    """What a list shows of a request.

    A call whose arguments are long, or that has more to show than its arguments, comes without them: it
    is to be decided where all of it can be seen.
    """
    if isinstance(event, InputRequested):
        return Ask(
            request_id=event.request_id, question=cut(event.question), expires_at=event.expires_at
        )
    whole = event.preview is None and len(json.dumps(event.arguments, default=str)) <= ROOM
    return Ask(
        request_id=event.request_id,
        tool_name=event.tool_name,
        arguments=event.arguments if whole else None,
        expires_at=event.expires_at,
    )


def cut(text: str, room: int = ROOM) -> str:
    """The beginning of a text, with a mark where there is more."""
    return text if len(text) <= room else text[: room - 1] + "…"
