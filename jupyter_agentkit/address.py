"""Where the kernel finds its server: two environment variables that the server extension sets.

Light to import: the server's side takes the names from here too.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from jupyter_agentkit.errors import NoServer

URL_VARIABLE = "JUPYTER_AGENTKIT_URL"
"""The address of agentkit on the Jupyter server, such as ``http://127.0.0.1:8888/base/agentkit``."""
KEY_VARIABLE = "JUPYTER_AGENTKIT_KEY"
"""The secret that the server compares each request of a kernel with."""
KERNEL_KEY_HEADER = "X-Agentkit-Kernel-Key"

_SESSION_VARIABLE = "JPY_SESSION_NAME"
"""A Jupyter server sets it for the kernels that it starts; nbclient, papermill and VS Code do not."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A Jupyter server with agentkit, as the kernel reaches it."""

    url: str
    key: str = field(repr=False)

    @property
    def base_path(self) -> str:
        """The path of agentkit on its server, such as ``/base/agentkit``."""
        return urlsplit(self.url).path.rstrip("/")

    @property
    def is_loopback(self) -> bool:
        """Whether the server runs on this machine, where no certificate can prove more."""
        host = urlsplit(self.url).hostname or ""
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def route(self, path: str) -> str:
        """The URL of a REST route, such as ``tasks``."""
        return f"{self.url.rstrip('/')}/api/v1/{path}"

    def socket(self, task_id: str, *, after: int) -> str:
        """The URL of a task's socket, to be told all events with ``seq > after``."""
        query = urlencode({"start": "false", "batch": "1", "after": after})
        return self._socket(f"ws/tasks/{quote(task_id, safe='')}", query)

    @property
    def offers(self) -> str:
        """The URL of the socket on which functions are offered."""
        return self._socket("ws/offers")

    def _socket(self, path: str, query: str = "") -> str:
        parts = urlsplit(self.route(path))
        scheme = {"http": "ws", "https": "wss"}[parts.scheme]
        return urlunsplit((scheme, parts.netloc, parts.path, query, ""))


def find_server(environ: Mapping[str, str] = os.environ) -> ServerAddress | None:
    """The server that started this kernel; ``None`` when no Jupyter server did.

    Raises
    ------
    NoServer
        A Jupyter server started this kernel, but agentkit cannot be reached there; the message says
        what to do.
    """
    url, key = environ.get(URL_VARIABLE, ""), environ.get(KEY_VARIABLE, "")
    if not url:
        if _SESSION_VARIABLE in environ:
            raise NoServer(
                "The Jupyter server of this kernel does not run the jupyter_agentkit extension. "
                "Enable it with 'jupyter server extension enable jupyter_agentkit', restart the "
                "server, then restart this kernel.",
                reason="extension_not_enabled",
            )
        return None
    scheme = urlsplit(url).scheme
    if scheme not in ("http", "https"):
        raise NoServer(
            f"The Jupyter server is at {url!r}, which is no http or https address; a kernel cannot "
            "reach a server on a unix socket. Start the server with --port instead of --sock.",
            reason="address_not_supported",
        )
    if not key:
        raise NoServer(
            f"{URL_VARIABLE} is set to {url!r} but {KEY_VARIABLE} is not. Both come from the "
            "jupyter_agentkit extension: restart the Jupyter server and this kernel.",
            reason="key_missing",
        )
    return ServerAddress(url, key)
