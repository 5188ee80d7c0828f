"""What a server holds at a moment: memory, threads, open files, asyncio tasks."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import tracemalloc
from pathlib import Path
from typing import Any

PATH = "/census"


TRACED = "TRACED"
"""The variable that has memory traced from ``begin`` on: what loading took is not looked for, and slow."""


def begin() -> None:
    """Trace memory from here on, where the environment asks for it."""
    if os.environ.get(TRACED):
        tracemalloc.start()


async def taken() -> dict[str, Any]:
    """The census of this process, without garbage; memory in bytes, ``traced`` 0 where nothing traces it."""
    gc.collect()
    traced = tracemalloc.get_traced_memory()[0]  # before this list, which takes some itself
    objects = gc.get_objects()
    return {
        "traced": traced,
        "resident": _resident(),
        "objects": len(objects),
        "files": _files(),
        "threads": threading.active_count(),
        # Of all loops: the hub may have one of its own.
        "tasks": sum(isinstance(each, asyncio.Task) and not each.done() for each in objects),
    }


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
