"""A line a step on the terminal, where a program runs the notebook and nobody sees its cells.

The lines go to the standard error of the process that started the kernel, past what the kernel collects
for the notebook: nothing of them is saved.
"""

from __future__ import annotations

import io
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agentkit.trace.document import read_trace
from agentkit.trace.rows import fold
from agentkit.trace.words import ROW_STATES, RUN_STATES, duration, one_line, visible
from jupyter_agentkit.origin import in_kernel, managed_id
from jupyter_agentkit.showing import is_headless

VARIABLE = "AGENTKIT_PROGRESS"
"""The environment variable that turns the lines off: ``AGENTKIT_PROGRESS=off``."""

_Events = Iterable[Mapping[str, Any]]


def progress_here() -> Progress | None:
    """The progress of a run that the running cell starts; ``None`` where no terminal shall tell of it."""
    if not is_headless() or os.environ.get(VARIABLE, "").lower() in ("off", "0", "no"):
        return None
    # What a server's kernels write there lands in the server's own log.
    if managed_id() is not None:
        return None
    return Progress(_write)


def keep_off_the_cells(log: logging.Logger) -> None:
    """Have what a log warns of told on the kernel's terminal; without a handler it would end up in a cell."""
    if in_kernel() and not any(isinstance(each, _OnTerminal) for each in log.handlers):
        log.addHandler(_OnTerminal(logging.WARNING))


class _OnTerminal(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _write(visible(f"[agentkit] {record.getMessage()}"))


class Progress:
    """Tells one run.

    Parameters
    ----------
    write
        Takes one line without its end.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._agent = ""
        self._calls: dict[str, list[Mapping[str, Any]]] = {}

    def tell(self, events: _Events) -> None:
        """Tell of stored events: in order, and each once."""
        for event in events:
            for line in self._lines(event):
                self._write(visible(f"[{self._agent}] {line}"))

    def _lines(self, event: Mapping[str, Any]) -> Iterable[str]:
        match event["event_type"]:
            case "run_started":
                self._agent = event["agent"]
                yield f"{RUN_STATES['running'][0]} {one_line(event['input'])}"
            case "tool_call":
                self._calls[event["tool_call_id"]] = [event]
            case "tool_result":
                yield from _step([*self._calls.pop(event["tool_call_id"], []), event])
            case "warning" | "approval_requested" | "input_requested":
                yield from _step([event])
            case "run_finished":
                status = event["status"]
                shape, words = RUN_STATES.get(status, ("■", one_line(status)))
                error = event.get("error")
                yield f"{shape} {words}" + (f": {one_line(error['message'], 400)}" if error else "")
            case _:
                pass


def _step(events: list[Mapping[str, Any]]) -> Iterable[str]:
    trace = read_trace({"status": "running", "events": [dict(each) for each in events]})
    for row in fold(trace)[:1]:
        said = row.text if row.kind == "question" else row.details
        head = f"{ROW_STATES[row.state][0]} {row.title}" + (f" ({one_line(said)})" if said else "")
        problem = row.line if not row.is_settled and row.kind == "tool" else ""
        yield "  " + " · ".join(filter(None, (head, problem, duration(row.duration_ms))))


_lines: queue.SimpleQueue[str] | None = None
_lock = threading.Lock()


def _write(line: str) -> None:
    # By a thread of its own: a terminal that nobody reads must not hold up the run.
    global _lines
    with _lock:
        if _lines is None:
            _lines = queue.SimpleQueue()
            threading.Thread(
                target=_pour, args=(_lines,), name="agentkit-progress", daemon=True
            ).start()
    _lines.put(line)


def _pour(lines: queue.SimpleQueue[str]) -> None:
    while True:
        line = lines.get()
        try:
            descriptor = _terminal()
            if descriptor is None:
                continue
            # A progress bar may stand on the line: it draws itself anew below.
            clear = "\r\x1b[K" if os.isatty(descriptor) else ""
            text = f"{clear}{line}\n".encode("utf-8", "replace")
            while text:
                text = text[os.write(descriptor, text) :]
        except (OSError, ValueError):
            return  # there is no terminal, or it is gone


def _terminal() -> int | None:
    """The standard error that this process was started with; ``None`` where that cannot be told now."""
    stream = sys.stderr
    iostream: Any = sys.modules.get("ipykernel.iostream")  # it is loaded where a kernel runs
    if iostream is None or not isinstance(stream, iostream.OutStream):
        return None  # such as in a cell that captures its output
    try:
        return stream.fileno()  # the kernel keeps it there while it reads the descriptor 2 itself
    except io.UnsupportedOperation:  # it reads nothing, as on Windows
        return sys.__stderr__.fileno() if sys.__stderr__ else None
