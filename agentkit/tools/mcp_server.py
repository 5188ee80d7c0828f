"""One MCP server: started, watched, started again when it dies, and asked to run its tools."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import ValidationError

from agentkit.errors import AgentKitError, InvalidInput
from agentkit.tools.mcp_config import McpServerConfig, masked, prefix_of
from agentkit.tools.mcp_content import to_result
from agentkit.tools.mcp_session import McpSession, Progress, open_session
from agentkit.tools.mcp_status import McpServerStatus, State
from agentkit.tools.mcp_stdio import LastLines
from agentkit.tools.mcp_tool import McpTool, fitting
from agentkit.tools.protocol import ToolResult

log = logging.getLogger("agentkit.mcp")

START_SECONDS = 60.0
"""Time for a server to start and to list its tools; ``npx`` and ``uvx`` install first."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
"""Seconds before a server is started again: doubled with each failure, plus or minus half."""

TRIES = 8
"""Starts in a row that may fail; after them, only a run that names the server has it tried again."""

STEADY_SECONDS = 30.0
"""A server that has been ready for so long has its earlier failures forgiven."""

PING_SECONDS = 5.0


class McpServer:
    """A server that is kept running. All methods belong to one event loop.

    Parameters
    ----------
    name
        As it is configured.
    on_change
        Called when its state or its tools have changed.
    pause
        Seconds before the n-th start in a row, from 1.
    """

    def __init__(
        self,
        name: str,
        config: McpServerConfig,
        *,
        on_change: Callable[[McpServer], None] = lambda server: None,
        pause: Callable[[int], float] | None = None,
    ) -> None:
        self.name = name
        self.prefix = f"{prefix_of(name)}__"
        self.state: State = "stopped"
        self.message: str | None = None
        self.tools: dict[str, McpTool] = {}
        self._config = config
        self._on_change = on_change
        self._pause = pause or pause_before
        self._session: McpSession | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._again = asyncio.Event()
        self._suspect = asyncio.Event()
        self._ready_at = math.inf
        self._trying = True
        """Whether it is being started in this moment, and not only about to be."""

    @property
    def status(self) -> McpServerStatus:
        """How it stands now."""
        return McpServerStatus(
            name=self.name, state=self.state, tools=len(self.tools), message=self.message
        )

    def start(self) -> None:
        """Begin to start it, unless that has been done."""
        if self._keeper is None:
            self._set("starting")
            self._keeper = asyncio.ensure_future(self._keep())
            self._keeper.add_done_callback(self._lost)

    async def settled(self, seconds: float) -> bool:
        """Wait until it is ready; one that has failed is tried again at once.

        Returns
        -------
        Whether it is ready. It is not when the time was over or when the start failed.
        """
        self.start()
        if self.state == "failed":
            self._set("starting")
        if not self._trying:
            self._again.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), seconds)
        return self.state == "ready"

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        progress: Progress = lambda done, total, message: None,
    ) -> ToolResult:
        """Run a tool of the server, which may be on its way back from a fall."""
        if self._session is None and self.state != "stopped":
            await self.settled(START_SECONDS)
        session = self._session
        if session is None:
            why = f": {self.message}" if self.message else "."
            return ToolResult.failed(
                f"The MCP server {self.name!r} is not running{why}", "mcp_unavailable"
            )
        calling = asyncio.ensure_future(session.call(tool, arguments, progress))
        dying = asyncio.ensure_future(session.closed.wait())
        try:
            await asyncio.wait((calling, dying), return_when=asyncio.FIRST_COMPLETED)
            # Its last answer may have come in the moment in which it ended.
            if not calling.done():
                await asyncio.wait((calling,), timeout=0.1)
            if calling.done() and calling.exception() is None:
                return to_result(calling.result())
            if session.closed.is_set():
                return self._died(tool)
            error = calling.exception()
            if await self._is_gone(session):
                return self._died(tool, error)
            return ToolResult.failed(
                f"The MCP server {self.name!r} refused {tool!r}: {self._told(error)}",
                "mcp_refused",
            )
        finally:
            for each in (calling, dying):
                each.cancel()
            # The server is told of a cancel before the call is over.
            await asyncio.gather(calling, dying, return_exceptions=True)

    async def stop(self) -> None:
        """End it and all its processes; it may be started again."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait((keeper,))
        self._set("stopped")

    def _died(self, tool: str, error: BaseException | None = None) -> ToolResult:
        self._suspect.set()
        if self.state == "ready":
            self._session = None
            self._set("starting")
        told = f" ({self._told(error)})" if error else ""
        return ToolResult.failed(
            f"The MCP server {self.name!r} ended while it ran {tool!r}{told}; whether the call had an "
            "effect is not known. It is being started again.",
            "mcp_server_died",
        )

    async def _is_gone(self, session: McpSession) -> bool:
        """Whether a server has gone that could not say so, as one behind HTTP."""
        try:
            await asyncio.wait_for(session.ping(), PING_SECONDS)
        except Exception:
            return True
        return False

    def _lost(self, keeper: asyncio.Task[None]) -> None:
        """Say that a fault of ours has ended what keeps the server; whoever waits is told."""
        if not keeper.cancelled() and (error := keeper.exception()) is not None:
            log.error("The MCP server %s is no longer kept", self.name, exc_info=error)
            self._set("failed", "Something failed inside agentkit. The server's log says what.")

    async def _keep(self) -> None:
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            self._ready_at = math.inf
            self._trying = True
            self._again.clear()
            lines = LastLines()
            final = False
            try:
                await self._live(lines)
                problem = "It ended."
            except AgentKitError as error:  # no further try would end otherwise
                problem, final = error.message, True
            except Exception as error:
                problem = f"{self._told(error)}."
            self._trying = False
            fell = self._ready_at < math.inf
            if loop.time() - self._ready_at > STEADY_SECONDS:
                failures = 0
            failures += 1
            final = final or failures >= TRIES
            if said := str(lines):
                problem = f"{problem} Its last words: {said}"
            # One that was ready is on its way back: a call that comes now waits for it.
            self._set("starting" if fell and not final else "failed", masked(problem, self._config))
            log.warning("The MCP server %s failed: %s", self.name, self.message)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._again.wait(), None if final else self._pause(failures))
                failures = 0  # somebody needs it
            self._set("starting")

    async def _live(self, lines: LastLines) -> None:
        """Start the server and stay until it has ended."""

        def say(line: str) -> None:
            lines.add(line)
            log.debug("MCP server %s: %s", self.name, masked(line, self._config))

        log.info("The MCP server %s is being started", self.name)
        deadline = asyncio.timeout(START_SECONDS)
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with deadline:
                    session = await stack.enter_async_context(open_session(self._config, say))
                    self._suspect.clear()
                    self.tools = self._named(await session.tools())
            except TimeoutError:
                if not deadline.expired():
                    raise
                raise TimeoutError(f"it was not ready after {START_SECONDS:g} s") from None
            self._session = session
            self._ready_at = asyncio.get_running_loop().time()
            self._trying = False
            self._set("ready")
            log.info("The MCP server %s is ready with %d tools", self.name, len(self.tools))
            try:
                while await self._next(session):
                    self.tools = self._named(await session.tools())
                    self._on_change(self)
                    log.info("The MCP server %s has %d tools now", self.name, len(self.tools))
            finally:
                self._session = None
                self._set("starting")  # from here on a call waits for the next session

    async def _next(self, session: McpSession) -> bool:
        """Wait for a change of its tools (true) or its end (false)."""
        events = (session.closed, session.changed, self._suspect)
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        session.changed.clear()
        return not (session.closed.is_set() or self._suspect.is_set())

    def _named(self, given: list[Mapping[str, Any]]) -> dict[str, McpTool]:
        tools: dict[str, McpTool] = {}
        for each in given:
            name = fitting(self.prefix, str(each.get("name", "")), tools)
            try:
                tools[name] = McpTool(self.name, each, name, self.call)
            except (ValidationError, TypeError, ValueError, KeyError) as error:
                log.warning("A tool of the MCP server %s is left out: %s", self.name, error)
        return tools

    def _set(self, state: State, message: str | None = None) -> None:
        if state in ("failed", "stopped"):
            self.tools = {}
        self.state, self.message = state, message
        if state == "starting":
            self._settled.clear()
        else:
            self._settled.set()
        self._on_change(self)

    def _told(self, error: BaseException | None) -> str:
        return masked(_innermost(error), self._config)


def pause_before(failures: int) -> float:
    """Seconds before the next start."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)) * random.uniform(0.5, 1.5)


def _innermost(error: BaseException | None) -> str:
    """What a person wants to know of an error that came through task groups."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    if isinstance(error, InvalidInput | TimeoutError) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
