"""The small event that the plain loops send."""

from __future__ import annotations

from typing import Any

EVENT = {
    "event_type": "warning",
    "seq": 2,
    "step": 1,
    "ts": "2026-01-01T00:00:00.000+00:00",
    "message": "[000000000000000001] ",
    "reason": "burst",
}


def frames(events: int, a_frame: int) -> list[Any]:
    """As many events, as many in each frame."""
    if a_frame == 1:
        return [{"type": "step", "data": EVENT}] * events
    return [{"type": "steps", "data": [EVENT] * a_frame}] * (events // a_frame)
