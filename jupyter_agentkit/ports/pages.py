"""The pages that have notebooks open, and what they are asked to do with them."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any, cast

from agentkit.errors import AgentKitError, InvalidInput
from agentkit.server.input import checked, parsed
from agentkit.tools.builtin.cells import Cell, CellChanged, CellNotFound, NotebookGone
from jupyter_agentkit.page_frames import (
    PAGE_FRAME,
    Done,
    Failed,
    Notebooks,
    OpenNotebook,
    PageRequest,
    PageServerFrame,
    Ping,
    Pong,
    Stop,
)

log = logging.getLogger("agentkit")

ANSWER_SECONDS = 15.0
"""For a page to read or change a notebook; one that has not by then is asleep."""


class Page:
    """One connected page.

    Parameters
    ----------
    send
        Sends a text to it; called on the loop.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[list[Cell]]] = {}
        self.notebooks: dict[str, OpenNotebook] = {}
        self.looked_at: dict[str, int] = {}
        """By path: when it was last before somebody's eyes, as a number that grows."""

    async def ask(self, request: PageRequest, seconds: float | None = ANSWER_SECONDS) -> list[Cell]:
        """Have a request carried out.

        Raises
        ------
        AgentKitError
            The page could not do it, has gone, or has not answered in ``seconds``.
        """
        number = next(self._ids)
        future = asyncio.get_running_loop().create_future()
        self._asked[number] = future
        try:
            self._say(request.model_copy(update={"id": number}))
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise AgentKitError(
                f"The page in which the notebook is open has not answered within {seconds:g} s. Whether"
                " it has changed anything is not known: read the notebook again.",
                reason="page_silent",
            ) from None
        except asyncio.CancelledError:
            self._say(Stop(id=number))
            raise
        finally:
            del self._asked[number]

    def hear(self, text: str | bytes) -> Notebooks | None:
        """Take what the page says; its news of its notebooks are returned."""
        value: Any = None
        try:
            value = parsed(text, "The frame")
            frame = checked(PAGE_FRAME, value, "The frame", "bad_frame")
        except InvalidInput as error:
            self._misunderstood(value, error)
            return None
        match frame:
            case Ping():
                self._say(Pong())
            case Done(id=number, cells=cells):
                self._settle(number, cells)
            case Failed():
                self._settle(frame.id, _error_of(frame))
            case Notebooks():
                self.notebooks = {each.path: each for each in frame.notebooks}
                return frame
        return None

    def gone(self) -> None:
        """End what was asked of a page that has left."""
        self.notebooks = {}
        for future in self._asked.values():
            if not future.done():
                future.set_exception(
                    AgentKitError(
                        "The page in which the notebook was open was closed or reloaded before it"
                        " answered. Whether it has done it is not known: read the notebook again.",
                        reason="page_gone",
                    )
                )

    def _settle(self, number: int, outcome: list[Cell] | AgentKitError) -> None:
        future = self._asked.get(number)
        if future is None or future.done():
            return
        if isinstance(outcome, AgentKitError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def _misunderstood(self, value: Any, error: InvalidInput) -> None:
        log.warning("A page said what cannot be used: %s", error.message)
        number = cast("dict[str, Any]", value).get("id") if isinstance(value, dict) else None
        if isinstance(number, int):
            message = (
                "The page in which the notebook is open answered what this server does not"
                " understand. Reload the page: it may be older than the server."
            )
            self._settle(number, AgentKitError(message, reason="page_outdated"))

    def _say(self, frame: PageServerFrame) -> None:
        self._send(frame.model_dump_json())


_ERRORS: dict[str, type[AgentKitError]] = {
    "cell_changed": CellChanged,
    "cell_not_found": CellNotFound,
    "notebook_gone": NotebookGone,
}


def _error_of(frame: Failed) -> AgentKitError:
    return _ERRORS.get(frame.reason, AgentKitError)(frame.message, reason=frame.reason)


class Pages:
    """All connected pages. Belongs to one loop."""

    def __init__(self) -> None:
        self._pages: list[Page] = []
        self._clock = itertools.count(1)
        self._news = asyncio.Event()

    def add(self, page: Page) -> None:
        """Count a page in."""
        self._pages.append(page)

    def remove(self, page: Page) -> None:
        """Count it out, and end what was asked of it."""
        if page in self._pages:
            self._pages.remove(page)
            page.gone()

    def hear(self, page: Page, text: str | bytes) -> None:
        """Take what a page says."""
        if (news := page.hear(text)) is None:
            return
        for notebook in news.notebooks:
            if notebook.active:
                page.looked_at[notebook.path] = next(self._clock)
        page.looked_at = {path: page.looked_at.get(path, 0) for path in page.notebooks}
        self._news.set()
        self._news = asyncio.Event()

    def holding(self, path: str) -> Page | None:
        """Choose the page for a notebook that is open; ``None`` when it is open in none.

        Of several, the one with changes that are not saved, then the one that was looked at last: what is
        typed in one page is not seen by another, unless they share the document.
        """
        holding = [page for page in self._pages if path in page.notebooks]
        if not holding:
            return None
        return max(
            holding, key=lambda page: (page.notebooks[path].dirty, page.looked_at.get(path, 0))
        )

    async def wait_for(self, path: str, seconds: float) -> Page | None:
        """As ``holding``, but give a page that is just connecting so much time."""
        try:
            async with asyncio.timeout(seconds):
                while (page := self.holding(path)) is None:
                    await self._news.wait()
                return page
        except TimeoutError:
            return None
