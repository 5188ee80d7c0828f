"""The numbers of a hub where nothing else is said.

They stand apart from what they are about, so that a host can tell them without loading a hub.
"""

from __future__ import annotations

MAX_RUNNING = 1_000
"""Tasks that run at the same time."""

MAX_QUEUED = 10_000
"""Tasks that wait for a place."""

AWAY_SECONDS = 15.0
"""How long a call waits for a client that is away before it ends as ``interrupted``."""

KEEP_DAYS = 365.0
"""Longer than a course or a project's review takes; what is in a saved notebook stays there anyway."""

KEEP_BYTES = 2_000_000_000
"""Some fifty thousand runs, and a fifth of the ten gigabytes that a hub commonly gives a user."""
