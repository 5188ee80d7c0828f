"""Time that runs down, but not while somebody is asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator

LOOK = 0.05
"""Seconds between two looks at a clock that is held."""


class Clock:
    """Seconds that run down, but not while somebody is asked."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._now = asyncio.get_running_loop().time
        self._started = self._now()
        self._held_since: list[float] = []
        self._held = 0.0

    @property
    def used(self) -> float:
        """Seconds that have counted."""
        until = self._held_since[0] if self._held_since else self._now()
        return until - self._started - self._held

    @property
    def left(self) -> float | None:
        """Seconds until the time is up; ``None`` for no limit."""
        return None if self.seconds is None else max(0.0, self.seconds - self.used)

    @property
    def next_look(self) -> float | None:
        """Seconds after which to look at ``left`` again."""
        left = self.left
        return max(left, LOOK) if left is not None and self._held_since else left

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        """Let no time count; several may hold it at once."""
        self._held_since.append(self._now())
        try:
            yield
        finally:
            since = self._held_since[0]
            self._held_since.pop()
            if not self._held_since:
                self._held += self._now() - since
