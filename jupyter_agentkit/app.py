"""The server extension: its settings, and when what it hosts is loaded.

The server waits for this module, so it imports little. What is hosted (``jupyter_agentkit.hosted``) is loaded
in a thread once the server answers; what comes for it until then waits at a gate.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from jupyter_server.auth import IdentityProvider, PasswordIdentityProvider
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado.routing import PathMatches, Rule
from traitlets import default

from agentkit._version import __version__
from agentkit.errors import InvalidInput
from jupyter_agentkit.address import KEY_VARIABLE, URL_VARIABLE
from jupyter_agentkit.handlers.gate import Gate
from jupyter_agentkit.settings import AgentKitSettings

if TYPE_CHECKING:
    from agentkit.hub.hub import Hub
    from jupyter_agentkit.hosted import Hosted

_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""Where a server that listens on all addresses is reached from its own machine."""

_HOSTED = "jupyter_agentkit.hosted"


class AgentKitApp(AgentKitSettings, ExtensionApp):
    """Hosts agents in the Jupyter server."""

    name = "jupyter_agentkit"
    app_version: ClassVar[str] = __version__
    load_other_extensions = True
    description = "Agents that run in the Jupyter server and show their steps in the notebook."

    _hosted: Hosted | None = None
    _opening: asyncio.Task[None] | None = None

    def initialize(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Refuse to run where a setting cannot be used.

        Jupyter logs the fault and would go on without *any* of the settings, the policy among them.
        """
        if not self._linked:
            raise InvalidInput("A setting cannot be used, see above: agentkit is not started.")
        super().initialize()

    def initialize_settings(self) -> None:
        """Tell the handlers what they need to know."""
        # What agentkit logs belongs into the log of this server, at its level.
        logging.getLogger("agentkit").parent = self.log
        self._kernel_key = secrets.token_urlsafe(32)
        self._environ: dict[str, str | None] = {}
        self.settings["agentkit_kernel_key"] = self._kernel_key
        self.settings["agentkit_ping_seconds"] = self.ping_seconds
        self.settings["agentkit_private_tasks"] = self.private_tasks

    @default("private_tasks")
    def _default_private_tasks(self) -> bool:
        # Users have names that stay, where they do not show a token or a password: who does gets one by lot.
        provider = self._server.identity_provider
        return type(provider) not in (IdentityProvider, PasswordIdentityProvider)

    def initialize_handlers(self) -> None:
        """Mount the gate."""
        gate = Gate(self._application, self.open)
        rule = Rule(PathMatches(url_path_join(self._server.base_url, "/agentkit/.*")), gate)
        self._application.add_handlers(".*$", [rule])

    @property
    def hub(self) -> Hub:
        """The hub; loaded, with all that it needs, when it is first asked for."""
        return self.hosted.hub

    @property
    def hosted(self) -> Hosted:
        """What is hosted, mounted; loaded when it is first asked for."""
        if self._hosted is None:
            hosted: Hosted = import_module(_HOSTED).Hosted(self, self._server, self._kernel_key)
            base = self._server.base_url
            rules = [(url_path_join(base, path), *rest) for path, *rest in hosted.handlers]
            self._application.add_handlers(".*$", rules)
            self._hosted = hosted
        return self._hosted

    async def open(self) -> None:
        """Load what is hosted and begin on the running loop, once; further calls wait for the first.

        Where that fails, the log says so, and the server goes on without agents.
        """
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open())
        await asyncio.shield(self._opening)

    async def _open(self) -> None:
        try:
            await asyncio.to_thread(import_module, _HOSTED)
            await self.hosted.open()
        except Exception:
            self.log.exception("agentkit could not be started.")

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Tell the kernels that will be started where their server is, and its key."""
        if not self._linked:
            return
        told = {
            URL_VARIABLE: url_path_join(_reached(serverapp), "agentkit"),
            KEY_VARIABLE: self._kernel_key,
        }
        # A server that was itself started in a notebook has another's in its environment.
        self._environ = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        await self.open()

    def current_activity(self) -> Any:
        """Running agents keep a server from being shut down as idle."""
        running = self._hosted.hub.runs.running if self._hosted else 0
        return {"running": running} if running else None

    async def stop_extension(self) -> None:
        """End what runs and close the journal."""
        if not self._linked:
            return
        for name, before in self._environ.items():
            if before is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = before
        if self._opening is not None:
            await asyncio.wait((self._opening,))
        if self._hosted is not None:
            await self._hosted.close()
        logging.getLogger("agentkit").parent = logging.getLogger()

    @property
    def _application(self) -> Any:
        return self._server.web_app

    @property
    def _server(self) -> ServerApp:
        assert self.serverapp is not None
        return self.serverapp


def _reached(serverapp: ServerApp) -> str:
    """The server's address for the processes of its own machine."""
    address = urlsplit(serverapp.connection_url)
    if serverapp.sock or serverapp.ip not in _WILDCARDS:
        return address.geturl()
    return address._replace(netloc=f"{_WILDCARDS[serverapp.ip]}:{serverapp.port}").geturl()
