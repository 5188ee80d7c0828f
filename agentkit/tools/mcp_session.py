"""A session with one MCP server, the same over both major versions of the ``mcp`` package.

The package is imported when the first server is started: it takes half a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncGenerator, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from agentkit._version import __version__
from agentkit.errors import InvalidInput
from agentkit.tools.mcp_config import McpServerConfig, StdioServer, expanded
from agentkit.tools.mcp_stdio import stdio

if TYPE_CHECKING:
    import mcp

PAGES = 100
"""Pages of a list of tools that are read; a server that never ends its list is cut off."""

Progress = Callable[[float, float | None, str | None], None]


class McpSession:
    """An initialized session.

    Attributes
    ----------
    closed
        Set when the server's side has ended.
    changed
        Set when the server says that its list of tools is another one.
    """

    def __init__(
        self, session: mcp.ClientSession, capabilities: Mapping[str, Any], ends: _Ends
    ) -> None:
        self._session: Any = session
        self._capabilities = capabilities
        self._ends = ends
        self.closed = ends.closed
        self.changed = ends.changed

    async def tools(self) -> list[Mapping[str, Any]]:
        """All tools, in their JSON form; none where the server offers none."""
        from mcp import types

        if "tools" not in self._capabilities:
            return []
        found: list[Mapping[str, Any]] = []
        cursor: str | None = None
        for _ in range(PAGES):
            params = types.PaginatedRequestParams(cursor=cursor) if cursor else None
            page = _plain(await self._session.list_tools(params=params))
            found += page["tools"]
            cursor = page.get("nextCursor")
            if not cursor:
                break
        return found

    async def call(
        self, name: str, arguments: dict[str, Any], progress: Progress
    ) -> Mapping[str, Any]:
        """Call a tool; the ``CallToolResult`` in its JSON form. Cancelling the caller tells the server."""

        async def on_progress(done: float, total: float | None, message: str | None) -> None:
            progress(done, total, message)

        # Version 1 keeps it under this name and gives the next request this id; version 2 cancels by itself.
        request_id = getattr(self._session, "_request_id", None)
        try:
            answer = await self._session.call_tool(name, arguments, progress_callback=on_progress)
        except asyncio.CancelledError:
            if request_id is not None and not self.closed.is_set():
                await asyncio.shield(self._tell_cancelled(request_id))
            raise
        return _plain(answer)

    async def ping(self) -> None:
        """Ask whether the server is there; raises what went wrong."""
        await self._session.send_ping()

    async def _tell_cancelled(self, request_id: int) -> None:
        from mcp import types

        note: Any = types.CancelledNotification(
            method="notifications/cancelled",
            params=cast("Any", types.CancelledNotificationParams)(
                requestId=request_id, reason="The run was cancelled."
            ),
        )
        with contextlib.suppress(Exception):  # a server that is gone needs not be told
            await self._session.send_notification(cast("Any", types).ClientNotification(note))


@contextlib.asynccontextmanager
async def open_session(
    server: McpServerConfig, say: Callable[[str], None]
) -> AsyncGenerator[McpSession]:
    """Start or reach a server and shake hands; at the end it is stopped, with all its processes.

    Enter and leave it in the same asyncio task.

    Parameters
    ----------
    say
        Takes the lines that a stdio server writes to its standard error, from any thread.

    Raises
    ------
    InvalidInput
        It cannot be started as it is configured.
    """
    try:
        # Half a second in which nothing else would run.
        await asyncio.to_thread(importlib.import_module, "mcp")
        import mcp
        from mcp import types
    except ImportError as error:
        raise InvalidInput(
            "The package 'mcp' is missing: pip install 'jupyter-agentkit[mcp]' "
            f"where the server of the notebooks runs, and restart it ({error}).",
            reason="mcp_missing",
        ) from None
    server = expanded(server)
    ends = _Ends()
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(server, StdioServer):
            streams = await stack.enter_async_context(stdio(server, say))
        else:
            streams = await stack.enter_async_context(_http(server.url, server.headers))
        session = await stack.enter_async_context(
            _unchecked(mcp.ClientSession)(
                cast("Any", _Watched(streams[0], ends.closed)),
                streams[1],
                message_handler=ends.on_message,
                client_info=types.Implementation(name="jupyter-agentkit", version=__version__),
            )
        )
        yield McpSession(session, await _shake_hands(session), ends)


def _unchecked(session: type[mcp.ClientSession]) -> type[mcp.ClientSession]:
    """The package's session, without its check of results against the schemas of the server.

    The server writes both, so nothing is gained by it. A schema may hold a pattern that is computed for
    minutes, in which nothing else of this process runs, and version 1 fetches what one refers to.
    """

    async def accept(self: Any, name: str, result: Any) -> None:
        return

    names = ("validate_tool_result", "_validate_tool_result")  # version 2, version 1
    return type("UncheckedSession", (session,), dict.fromkeys(names, accept))


async def _shake_hands(session: Any) -> Mapping[str, Any]:
    """Say hello; what the server can do."""
    try:
        answer = await session.initialize()
    except Exception as error:
        # A server of the protocol's newest kind only may know no handshake; version 2 can ask it.
        code = getattr(getattr(error, "error", None), "code", None)
        if code not in (_METHOD_NOT_FOUND, _UNSUPPORTED_VERSION) or not hasattr(
            session, "discover"
        ):
            raise
        answer = await session.discover()
    return _plain(answer)["capabilities"]


@contextlib.asynccontextmanager
async def _http(url: str, headers: dict[str, str]) -> AsyncGenerator[Any]:
    # Each major brings its own HTTP client; neither stands in anything that we offer.
    from mcp.client import streamable_http
    from mcp.client.streamable_http import streamable_http_client

    make_client = cast("Any", streamable_http).create_mcp_http_client
    async with (
        make_client(headers=headers) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


class _Ends:
    """What the server's side tells without being asked."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.changed = asyncio.Event()

    async def on_message(self, message: Any) -> None:
        # In version 1 a notification is wrapped.
        if getattr(getattr(message, "root", message), "method", "") == _TOOLS_CHANGED:
            self.changed.set()


class _Watched:
    """The stream from the server; says when it has ended, which a session keeps to itself."""

    def __init__(self, stream: Any, closed: asyncio.Event) -> None:
        self._stream = stream
        self._closed = closed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __aiter__(self) -> Any:
        return self._stream.__aiter__()

    async def __aenter__(self) -> _Watched:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        self._closed.set()
        return await self._stream.__aexit__(kind, error, trace)


def _plain(model: Any) -> Any:
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


_TOOLS_CHANGED = "notifications/tools/list_changed"
_METHOD_NOT_FOUND = -32601
_UNSUPPORTED_VERSION = -32022
