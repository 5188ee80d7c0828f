"""How long code of an agent waits. Light to import: the settings name it."""

from __future__ import annotations

BUSY_SECONDS = 60.0
"""How long a kernel that runs a cell is waited for."""
