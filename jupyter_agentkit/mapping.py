"""``agent.map``: many runs of one agent, some at a time."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from agentkit.core.protocol import TaskStatus
from agentkit.errors import AgentKitError
from agentkit.trace.words import counted
from jupyter_agentkit.client import Client, own_thread
from jupyter_agentkit.ending import Ending, seconds
from jupyter_agentkit.host import Frame
from jupyter_agentkit.map_state import ALL_RUNS, WHOLE_MAP, Item, MapState
from jupyter_agentkit.showing import Displays

if TYPE_CHECKING:
    from pandas import DataFrame

    from jupyter_agentkit.map_view import MapView
    from jupyter_agentkit.widget import AgentRun

_log = logging.getLogger(__name__)


class AgentMap(MapState):
    """The runs of `Agent.map`; they go on beside the notebook's cells.

    Shown, it is one progress bar with a Cancel button, and a table of the results at the end. A run that
    fails does not stop the others.

    Parameters
    ----------
    client
        Starts the runs.
    bodies
        What starts each run.
    start
        Starts one; called in threads of the map.
    concurrency
        How many runs go on at the same time.
    """

    def __init__(
        self,
        client: Client,
        bodies: Sequence[Frame],
        start: Callable[[Frame], AgentRun],
        concurrency: int,
    ) -> None:
        super().__init__(bodies)
        self.client = client
        self._start = start
        self._left = deque(self._items)
        self._lock = threading.Lock()
        self._cancelled = False
        self._ending = Ending()
        self._displays = Displays()
        self._view: MapView | None = None
        self._at_work = min(concurrency, len(self._items))
        if not self._at_work:
            self._finish()
        for number in range(self._at_work):
            # Each in a copy of the cell's context: what its runs print goes to that cell.
            work = contextvars.copy_context().run
            name = f"agentkit-map-{number}"
            threading.Thread(target=work, args=(self._work,), name=name, daemon=True).start()

    def wait(self, timeout: float | None = None) -> AgentMap:
        """Wait until all runs have ended, however; give the map itself.

        Interrupting the kernel ends the waiting, not the runs.

        Raises
        ------
        TimeoutError
            Some have not ended after ``timeout`` seconds; they go on.
        """
        __tracebackhide__ = True
        self.join(timeout)
        return self

    def join(self, timeout: float | None = None) -> None:
        """As ``wait``, without a value."""
        __tracebackhide__ = True
        timeout = seconds(timeout)
        if self.client.in_own_thread and not self._ending.happened:
            raise own_thread()
        if not self._ending.wait(timeout):
            raise TimeoutError(f"After {timeout:g} s {self._summary()}; the runs go on.")

    def __await__(self) -> Generator[Any, None, AgentMap]:
        """As ``wait``, for any event loop."""
        return self._awaited().__await__()

    async def _awaited(self) -> AgentMap:
        await self._ending.reached()
        return self

    def cancel(self) -> None:
        """Cancel the runs that go on, and begin no more.

        Raises
        ------
        AgentKitError
            The server could not be told of one of them, within 15 s; no more are begun all the same.
        """
        __tracebackhide__ = True
        with self._lock:
            self._cancelled = True
            self._left.clear()
            running = [run for run in self.runs if run is not None]
        refused: AgentKitError | None = None
        for run in running:
            try:
                run.cancel(WHOLE_MAP)
            except AgentKitError as error:
                refused = error
        if refused is not None:
            raise refused

    def to_dataframe(self) -> DataFrame:
        """One row an input, in their order; see ``jupyter_agentkit.map_table``."""
        from jupyter_agentkit.map_table import to_dataframe

        return to_dataframe(self)

    def bundle(self, *, live: bool = True) -> dict[str, Any]:
        """``{"data", "metadata"}`` of a cell output; with the progress bar while runs go on."""
        from jupyter_agentkit.map_table import to_bundle

        bundle = to_bundle(self)
        if live and not self.is_over:
            bundle["data"].update(self.view.view_data())
        return bundle

    @property
    def failure(self) -> None:
        """None: what became of each input stands in the table."""

    @property
    def view(self) -> MapView:
        """The progress bar as a widget, to be laid out with others."""
        from jupyter_agentkit.map_view import MapView

        if self._view is None:
            self._view = MapView(self, self.client.host.base_path, self.cancel)
            self._view.tell()  # what has changed while it was made
        return self._view

    def _ipython_display_(self) -> None:
        self._displays.show(self)

    def __repr__(self) -> str:
        return f"<AgentMap: {self._summary()}>"

    def _summary(self) -> str:
        counts = ", ".join(f"{number} {status}" for status, number in self.counts.items())
        return f"{counted(len(self._items), 'input')}" + (f", {counts}" if counts else "")

    def _work(self) -> None:
        while (item := self._next()) is not None:
            self._carry(item)
        with self._lock:
            self._at_work -= 1
            last = not self._at_work
        if last:
            self._finish()

    def _next(self) -> Item | None:
        with self._lock:
            return self._left.popleft() if self._left else None

    def _carry(self, item: Item) -> None:
        try:
            run = self._start(item.body)
        except AgentKitError as error:
            item.refusal = error
            self._tell()
            return
        with self._lock:
            item.run = run
            late = self._cancelled
        run.observe(self._tell, ["status", "requests"])  # pyright: ignore[reportUnknownMemberType]
        self._tell()
        if late:
            self._cancel_quietly()
        run.join()
        if _is_whole_map(run):
            self._cancel_quietly()

    def _cancel_quietly(self) -> None:
        try:
            self.cancel()
        except AgentKitError as error:
            _log.error("A run of a map could not be cancelled: %s", error)

    def _tell(self, _change: object = None) -> None:
        if self._view is not None:
            self._view.tell()

    def _finish(self) -> None:
        self._took = time.monotonic() - self._began
        self._tell()
        try:
            self._displays.finish(self)
        except Exception:
            _log.exception("The output of a map could not be replaced.")
        finally:
            self._ending.happen()


def _is_whole_map(run: AgentRun) -> bool:
    reason = None if run.error is None else run.error["message"]
    return run.status == TaskStatus.CANCELLED and reason in (WHOLE_MAP, ALL_RUNS)
