"""The progress bar of a map, with a Cancel button that works while the kernel is busy."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import anywidget
import traitlets as t

from agentkit.errors import AgentKitError
from jupyter_agentkit.map_state import WHOLE_MAP, MapState

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"

_log = logging.getLogger(__name__)


class MapView(anywidget.AnyWidget):
    """What the page knows of a map.

    The page cancels the runs at the server, since a busy kernel hears nothing; it also tells the kernel,
    for the runs that only the kernel knows.
    """

    _esm = Path(__file__).parent / "map_view.js"
    progress = t.Dict().tag(sync=True)
    """The counts of a `_told`; one trait, so that all of it changes at once."""

    def __init__(self, shown: MapState, base_url: str, cancel: Callable[[], None]) -> None:
        self._shown = shown
        self._base_url = base_url
        self._cancel = cancel
        self._telling = threading.Lock()
        super().__init__(progress=_told(shown, base_url))
        self.on_msg(self._on_page_message)  # pyright: ignore[reportUnknownMemberType]

    def tell(self) -> None:
        """Show how far the map is; from any thread."""
        with self._telling:  # or an older count could come after a newer one
            self.progress = _told(self._shown, self._base_url)

    def view_data(self) -> dict[str, Any]:
        """The part of a MIME bundle that shows it."""
        data, _ = cast("Any", self)._repr_mimebundle_()
        return {WIDGET_MIME: data[WIDGET_MIME]}

    def _on_page_message(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message != {"type": "cancel"}:
            _log.warning("A page sent what no map understands: %r", message)
            return
        try:
            self._cancel()
        except AgentKitError as error:
            _log.error("A run of a map could not be cancelled: %s", error)


def _told(shown: MapState, base_url: str) -> dict[str, Any]:
    counts = shown.counts
    running = [run for run in shown.runs if run is not None and not run.record.status.is_final]
    return {
        "total": len(shown.items),
        "completed": counts.get("completed", 0),
        "failed": counts.get("failed", 0) + counts.get("interrupted", 0),
        "cancelled": counts.get("cancelled", 0),
        "waiting": counts.get("waiting", 0),
        "running": [run.task_id for run in running],
        "asking": [number for number, run in enumerate(shown.runs) if run and run.requests],
        "seconds": shown.seconds,
        "over": shown.is_over,
        "base_url": base_url,
        "reason": WHOLE_MAP,
    }
