"""The Jupyter server as the host of this kernel's runs.

Tornado speaks HTTP and WebSocket here: ipykernel and jupyter-server bring it along, and it runs on any
asyncio loop, so the kernel's own loop is never touched. Tornado's simple client uses no proxy.
"""

from __future__ import annotations

import json
from typing import Any

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from agentkit.core.frames import CLIENT_KEY_HEADER
from jupyter_agentkit.address import KERNEL_KEY_HEADER, ServerAddress
from jupyter_agentkit.errors import ConnectionLost, NoServer
from jupyter_agentkit.host import Frame, Host, Socket, refusal

CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 15.0
REFUSED = 1008
"""The code with which the server closes when it will not talk (RFC 6455, section 7.4.1)."""
PING_SECONDS = 10.0
"""Between two pings; a server that has not answered one by the next is lost, as after a machine slept."""
FRAME_BYTES = 256 * 1024 * 1024
"""The largest frame taken: a batch of steps with large results."""


class JupyterHost(Host):
    """Runs tasks on the Jupyter server that started this kernel.

    Parameters
    ----------
    ping_seconds
        Between two pings. A line on which nothing arrives any more is noticed within two of them.
    """

    def __init__(self, address: ServerAddress, *, ping_seconds: float = PING_SECONDS) -> None:
        self._address = address
        self._ping_seconds = ping_seconds
        self.base_path = address.base_path

    async def request(self, method: str, path: str, body: Frame | None = None) -> Any:
        request = HTTPRequest(
            self._address.route(path),
            method=method,
            headers=self._headers(),
            body=None if body is None else json.dumps(body),
            allow_nonstandard_methods=True,
            connect_timeout=CONNECT_SECONDS,
            request_timeout=REQUEST_SECONDS,
            validate_cert=not self._address.is_loopback,
            follow_redirects=False,
        )
        client = SimpleAsyncHTTPClient(force_instance=True)
        try:
            response = await client.fetch(request, raise_error=False)
        except HTTPTimeoutError as error:
            raise ConnectionLost(
                f"The Jupyter server at {self._address.url} did not answer within "
                f"{REQUEST_SECONDS:g} s ({error.message}).",
                reason="server_timeout",
            ) from None
        except OSError as error:
            raise self._unreachable(error) from None
        finally:
            client.close()
        return self._answer(response.code, response.body)

    async def open_socket(self, task_id: str, *, after: int, client_key: str | None) -> Socket:
        key = {} if client_key is None else {CLIENT_KEY_HEADER: client_key}
        url = self._address.socket(task_id, after=after)
        return await self._open(url, f"for task {task_id!r}", key)

    async def open_offers(self) -> Socket:
        return await self._open(self._address.offers, "for offers", {})

    async def _open(self, url: str, what: str, headers: dict[str, str]) -> Socket:
        request = HTTPRequest(
            url,
            headers=self._headers() | headers,
            connect_timeout=CONNECT_SECONDS,
            request_timeout=REQUEST_SECONDS,
            validate_cert=not self._address.is_loopback,
        )
        try:
            connection = await websocket_connect(
                request,
                ping_interval=self._ping_seconds,
                ping_timeout=self._ping_seconds,
                max_message_size=FRAME_BYTES,
            )
        except HTTPClientError as error:
            if error.code in (401, 403):
                raise self._not_accepted() from None
            raise ConnectionLost(
                f"The Jupyter server at {self._address.url} opened no socket {what}: {error}."
            ) from None
        except (OSError, WebSocketClosedError) as error:
            raise self._unreachable(error) from None
        return _JupyterSocket(connection)

    def _headers(self) -> dict[str, str]:
        return {KERNEL_KEY_HEADER: self._address.key, "Content-Type": "application/json"}

    def _answer(self, status: int, body: bytes) -> Any:
        try:
            answer: Any = json.loads(body) if body else None
        except ValueError:
            answer = None
        if status < 300:
            return answer
        error = refusal(status, answer)
        if error is not None:
            raise error
        if status in (401, 403):
            raise self._not_accepted()
        raise NoServer(
            f"No agentkit answers at {self._address.url} (HTTP {status}). Is the jupyter_agentkit "
            "extension still enabled? See 'jupyter server extension list'."
        )

    def _not_accepted(self) -> NoServer:
        return NoServer(
            f"The Jupyter server at {self._address.url} does not accept this kernel's key. It was "
            "started anew since: restart the kernel.",
            reason="key_not_accepted",
        )

    def _unreachable(self, error: Exception) -> ConnectionLost:
        return ConnectionLost(
            f"The Jupyter server at {self._address.url} cannot be reached ({error}). Is it still "
            "running?",
            reason="server_unreachable",
        )


class _JupyterSocket(Socket):
    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection

    async def send(self, frame: Frame) -> None:
        try:
            await self._connection.write_message(json.dumps(frame, ensure_ascii=False))
        except WebSocketClosedError:
            raise ConnectionLost("The socket closed before the frame was sent.") from None

    async def receive(self) -> Frame | None:
        message = await self._connection.read_message()
        return None if message is None else json.loads(message)

    @property
    def refused(self) -> bool:
        return self._connection.close_code == REFUSED

    def close(self) -> None:
        self._connection.close()
