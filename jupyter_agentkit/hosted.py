"""What the server extension hosts, made from its settings: the hub, and Tornado's rules for it.

It brings nearly all of agentkit along, so it is imported when the server already answers.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from jupyter_server.serverapp import ServerApp

from agentkit.core.bounds import Bounds
from agentkit.core.masked_log import mask_log
from agentkit.core.protocol import Limits
from agentkit.core.redaction import Redactor
from agentkit.errors import JournalError
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import MEMORY, Journal
from agentkit.hub.retention import Retention
from agentkit.hub.sources import Sources
from agentkit.server.mcp import AgentsAsTools
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry
from jupyter_agentkit.builtin import add_builtin_tools
from jupyter_agentkit.checks import POLICY
from jupyter_agentkit.handlers.displays import display_handlers
from jupyter_agentkit.handlers.http import http_handlers
from jupyter_agentkit.handlers.kernels import kernel_handlers
from jupyter_agentkit.handlers.mcp import mcp_handlers
from jupyter_agentkit.handlers.page import page_handlers
from jupyter_agentkit.handlers.socket import socket_handlers
from jupyter_agentkit.handlers.undo import undo_handlers
from jupyter_agentkit.packages import add_packaged_tools, packaged_agents
from jupyter_agentkit.pauses import shorten_pauses
from jupyter_agentkit.ports.pages import Pages
from jupyter_agentkit.settings import AgentKitSettings
from jupyter_agentkit.shown import ShownPlaces
from jupyter_agentkit.trust import resolved
from jupyter_agentkit.wiring import folders_of, gateway_of, keys, mcp_of

log = logging.getLogger("agentkit")


class Hosted:
    """The hub of a Jupyter server, with what belongs to it.

    Parameters
    ----------
    settings
        Checked already.
    kernel_key
        What the server's kernels show.

    Attributes
    ----------
    handlers
        Tornado's rules, below the server's base URL.
    """

    def __init__(self, settings: AgentKitSettings, server: ServerApp, kernel_key: str) -> None:
        self._undo_pauses: Callable[[], None] = lambda: None
        self._mcp, mcp_secrets = mcp_of(settings)
        tools, skills = ToolRegistry(), SkillRegistry()
        self.pages = Pages()
        self.notebooks = add_builtin_tools(
            tools, server, self.pages, busy_seconds=settings.busy_seconds
        )
        add_packaged_tools(tools)
        tools.add_source(self._mcp)
        # What no trace may show: a notebook that an agent works in can print them.
        secrets = [kernel_key, str(server.identity_provider.token), *keys(settings), *mcp_secrets]
        self.hub = Hub(
            InProcessExecutor(
                gateway_of(settings), tools, skills, policy=POLICY.validate_python(settings.policy)
            ),
            _journal(settings.journal),
            redactor=Redactor(secrets, os.environ),
            limits=Limits(**settings.limits),
            max_running=settings.max_running,
            max_queued=settings.max_queued,
            bounds=Bounds(**settings.bounds),
            away_seconds=settings.away_seconds,
            sources=_sources(settings, server, skills),
            retention=Retention(settings.keep_days, settings.keep_bytes),
        )
        mask_log(self.hub.redactor)
        self.hub.places = ShownPlaces(self.hub.journal, self.notebooks)
        self.agents_as_tools = AgentsAsTools(self.hub)
        self.handlers: list[tuple[str, Any, dict[str, Any]]] = [
            *http_handlers(self.hub),
            *socket_handlers(self.hub),
            *page_handlers(self.hub, self.pages),
            *undo_handlers(self.hub, self.notebooks),
            *display_handlers(self.hub, self.notebooks),
            *kernel_handlers(self.hub, server.kernel_manager),
            *mcp_handlers(self.agents_as_tools),
        ]

    async def open(self) -> None:
        """Begin on the running loop."""
        await self.hub.open()
        self._mcp.start()
        self._undo_pauses = shorten_pauses()

    async def close(self) -> None:
        """End what runs and close the journal."""
        self._undo_pauses()
        await self.hub.close()
        await self.agents_as_tools.stop()
        await self._mcp.stop()


def _sources(settings: AgentKitSettings, server: ServerApp, skills: SkillRegistry) -> Sources:
    folders = folders_of(settings, resolved(str(server.root_dir)))
    sources = Sources(skills, folders, packaged_agents())
    sources.load()
    return sources


def _journal(path: str) -> Journal:
    try:
        journal = Journal(path)
    except JournalError as error:
        # Agents that leave no record across a restart beat a server that does not start.
        journal = Journal(MEMORY)
        told = f"{error} Tasks are kept in memory until the server stops."
        journal.problem = JournalError(told, reason=error.reason)
    if journal.problem is not None:
        log.error("%s", journal.problem)
    return journal
