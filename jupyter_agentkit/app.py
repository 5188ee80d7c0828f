"""The server extension: its settings, wired to a hub and to handlers."""

from __future__ import annotations

import logging
import os
import secrets
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from traitlets import default

from agentkit._version import __version__
from agentkit.core.bounds import Bounds
from agentkit.core.masked_log import mask_log
from agentkit.core.protocol import Limits
from agentkit.core.redaction import Redactor
from agentkit.errors import InvalidInput, JournalError
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import MEMORY, Journal
from agentkit.hub.retention import Retention
from agentkit.hub.sources import Sources
from agentkit.server.mcp import AgentsAsTools
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry
from jupyter_agentkit.address import KEY_VARIABLE, URL_VARIABLE
from jupyter_agentkit.builtin import add_builtin_tools
from jupyter_agentkit.handlers.displays import display_handlers
from jupyter_agentkit.handlers.http import http_handlers
from jupyter_agentkit.handlers.identity import names_users
from jupyter_agentkit.handlers.kernels import kernel_handlers
from jupyter_agentkit.handlers.mcp import mcp_handlers
from jupyter_agentkit.handlers.page import page_handlers
from jupyter_agentkit.handlers.socket import socket_handlers
from jupyter_agentkit.handlers.undo import undo_handlers
from jupyter_agentkit.packages import add_packaged_tools, packaged_agents
from jupyter_agentkit.ports.pages import Pages
from jupyter_agentkit.settings import POLICY, AgentKitSettings
from jupyter_agentkit.shown import ShownPlaces
from jupyter_agentkit.trust import resolved
from jupyter_agentkit.wiring import folders_of, gateway_of, keys, mcp_of

_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""Where a server that listens on all addresses is reached from its own machine."""


class AgentKitApp(AgentKitSettings, ExtensionApp):
    """Hosts agents in the Jupyter server."""

    name = "jupyter_agentkit"
    app_version: ClassVar[str] = __version__
    load_other_extensions = True
    description = "Agents that run in the Jupyter server and show their steps in the notebook."

    hub: Hub

    def initialize(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Refuse to run where a setting cannot be used.

        Jupyter logs the fault and would go on without *any* of the settings, the policy among them.
        """
        if not self._linked:
            raise InvalidInput("A setting cannot be used, see above: agentkit is not started.")
        super().initialize()

    def initialize_settings(self) -> None:
        """Build the hub."""
        # What agentkit logs belongs into the log of this server, at its level.
        logging.getLogger("agentkit").parent = self.log
        self._kernel_key = secrets.token_urlsafe(32)
        self._environ: dict[str, str | None] = {}
        self._mcp, mcp_secrets = mcp_of(self)
        tools, skills = ToolRegistry(), SkillRegistry()
        assert self.serverapp is not None
        self._pages = Pages()
        self._notebooks = add_builtin_tools(
            tools, self.serverapp, self._pages, busy_seconds=self.busy_seconds
        )
        add_packaged_tools(tools)
        tools.add_source(self._mcp)
        self.hub = Hub(
            InProcessExecutor(
                gateway_of(self), tools, skills, policy=POLICY.validate_python(self.policy)
            ),
            self._open_journal(),
            redactor=Redactor([*self._secrets(), *mcp_secrets], os.environ),
            limits=Limits(**self.limits),
            max_running=self.max_running,
            max_queued=self.max_queued,
            bounds=Bounds(**self.bounds),
            away_seconds=self.away_seconds,
            sources=self._sources(skills),
            retention=Retention(self.keep_days, self.keep_bytes),
        )
        mask_log(self.hub.redactor)
        self.hub.places = ShownPlaces(self.hub.journal, self._notebooks)
        self.settings["agentkit_hub"] = self.hub
        self.settings["agentkit_kernel_key"] = self._kernel_key
        self.settings["agentkit_ping_seconds"] = self.ping_seconds
        self.settings["agentkit_private_tasks"] = self.private_tasks

    @default("private_tasks")
    def _default_private_tasks(self) -> bool:
        assert self.serverapp is not None
        return names_users(self.serverapp.identity_provider)

    def _sources(self, skills: SkillRegistry) -> Sources:
        assert self.serverapp is not None
        folders = folders_of(self, resolved(str(self.serverapp.root_dir)))
        sources = Sources(skills, folders, packaged_agents())
        sources.load()
        return sources

    def _secrets(self) -> list[str]:
        """What no trace may show: a notebook that an agent works in can print them."""
        assert self.serverapp is not None
        token = self.serverapp.identity_provider.token
        return [self._kernel_key, str(token), *keys(self)]

    def _open_journal(self) -> Journal:
        try:
            journal = Journal(self.journal)
        except JournalError as error:
            # Agents that leave no record across a restart beat a server that does not start.
            journal = Journal(MEMORY)
            told = f"{error} Tasks are kept in memory until the server stops."
            journal.problem = JournalError(told, reason=error.reason)
        if journal.problem is not None:
            self.log.error("%s", journal.problem)
        return journal

    def initialize_handlers(self) -> None:
        """Mount the routes and the socket."""
        self.handlers.extend(http_handlers(self.hub))
        self.handlers.extend(socket_handlers(self.hub))
        self.handlers.extend(page_handlers(self.hub, self._pages))
        self.handlers.extend(undo_handlers(self.hub, self._notebooks))
        self.handlers.extend(display_handlers(self.hub, self._notebooks))
        assert self.serverapp is not None
        self.handlers.extend(kernel_handlers(self.hub, self.serverapp.kernel_manager))
        self._agents_as_tools = AgentsAsTools(self.hub)
        self.handlers.extend(mcp_handlers(self._agents_as_tools))

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
        await self.hub.open()
        self._mcp.start()

    def current_activity(self) -> Any:
        """Running agents keep a server from being shut down as idle."""
        return (
            {"running": self.hub.runs.running} if self._linked and self.hub.runs.running else None
        )

    async def stop_extension(self) -> None:
        """End what runs and close the journal."""
        if not self._linked:
            return
        for name, before in self._environ.items():
            if before is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = before
        await self.hub.close()
        await self._agents_as_tools.stop()
        await self._mcp.stop()
        logging.getLogger("agentkit").parent = logging.getLogger()


def _reached(serverapp: ServerApp) -> str:
    """The server's address for the processes of its own machine."""
    address = urlsplit(serverapp.connection_url)
    if serverapp.sock or serverapp.ip not in _WILDCARDS:
        return address.geturl()
    return address._replace(netloc=f"{_WILDCARDS[serverapp.ip]}:{serverapp.port}").geturl()
