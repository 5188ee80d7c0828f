"""How a run is shown in a cell: live where somebody watches, whole at the end where nobody does."""

from __future__ import annotations

import contextvars
import threading
import uuid
from typing import Any, Protocol, cast

import IPython.display
from IPython.core.getipython import get_ipython

from agentkit.core.protocol import MimeBundle
from agentkit.errors import AgentKitError
from agentkit.tools.bundle import to_bundle as bundle_of
from jupyter_agentkit.errors import CellFailed

_ipython: Any = IPython.display
"""Untyped."""


def is_headless() -> bool:
    """Whether the running cell was sent by a program that only collects its output.

    nbclient, and with it papermill, ``jupyter execute`` and nbconvert, tells the kernel that nobody can
    answer ``input()`` (``allow_stdin`` of the execute request); front ends with a person before them
    say the opposite. The protocol has no other sign.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    content = cast("dict[str, Any]", kernel.get_parent()).get("content", {})
    return content.get("allow_stdin") is False


def as_shown(value: object) -> MimeBundle:
    """A tool's value as a cell of this notebook would show it, its user's formatters included."""
    formatter = getattr(get_ipython(), "display_formatter", None)
    return bundle_of(value, formatter=None if formatter is None else formatter.format)


class Shown(Protocol):
    """What a cell shows and waits for: a run, or many."""

    def join(self) -> None:
        """Wait for its end."""
        ...

    def bundle(self, *, live: bool = True) -> dict[str, Any]:
        """``{"data", "metadata"}`` as it stands; ``live``: somebody watches, and its end will be shown."""
        ...

    @property
    def failure(self) -> AgentKitError | None:
        """Why it has ended without a result."""
        ...


class Displays:
    """The outputs that show one run or map; they are replaced when it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = False
        self._saved = False
        """Whether a headless cell has it."""
        self._shown: list[tuple[str, contextvars.Context]] = []

    def show(self, run: Shown) -> None:
        """Show the run in the running cell.

        In a headless front end this waits for the end; an interrupt ends the waiting with
        ``KeyboardInterrupt``, leaves what is known so far, and the run goes on.

        Raises
        ------
        CellFailed
            In a headless front end, which has nobody who would look: it has ended without a result.
        """
        if is_headless():
            try:
                run.join()
            finally:
                self._save(run)
            if (failure := run.failure) is not None:
                raise CellFailed(failure.message)
            return
        with self._lock:  # else the end could come between showing and remembering
            if self._ended:
                _show(run.bundle())
                return
            display_id = uuid.uuid4().hex
            _show(run.bundle(), display_id=display_id)
            self._shown.append((display_id, contextvars.copy_context()))

    def keep(self, run: Shown) -> None:
        """Show a run that has failed in the running cell, if that is headless and no cell has shown it."""
        if not self._saved and is_headless():
            self._save(run)

    def _save(self, run: Shown) -> None:
        self._saved = True
        _show(run.bundle(live=False))

    def finish(self, run: Shown) -> None:
        """Replace what is shown by the ended run; for a thread that may block."""
        with self._lock:
            self._ended = True
            if not self._shown:
                return
            bundle = run.bundle()
            for display_id, context in self._shown:
                # In the context of the cell that shows it, so that the message belongs to that cell.
                context.run(_update, bundle, display_id)
            self._shown.clear()


def _show(bundle: dict[str, Any], **options: Any) -> None:
    _ipython.display(bundle["data"], metadata=bundle["metadata"], raw=True, **options)


def _update(bundle: dict[str, Any], display_id: str) -> None:
    _ipython.update_display(
        bundle["data"], metadata=bundle["metadata"], raw=True, display_id=display_id
    )
