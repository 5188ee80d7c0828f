"""The server extension: its settings, wired to a hub and to handlers."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from pydantic import TypeAdapter
from traitlets import Dict, Float, Int, List, TraitError, Unicode, default, validate

from agentkit._version import __version__
from agentkit.core.protocol import Limits
from agentkit.core.redaction import Redactor
from agentkit.errors import InvalidInput, JournalError
from agentkit.hub.client_tools import AWAY_SECONDS
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import MEMORY, Journal
from agentkit.llm.defaults import default_gateway
from agentkit.server.input import checked
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry
from jupyter_agentkit.address import KEY_VARIABLE, URL_VARIABLE
from jupyter_agentkit.handlers.http import http_handlers
from jupyter_agentkit.handlers.socket import socket_handlers

_LIMITS = TypeAdapter(Limits)


class AgentKitApp(ExtensionApp):
    """Hosts agents in the Jupyter server."""

    name = "jupyter_agentkit"
    app_version: ClassVar[str] = __version__
    load_other_extensions = True
    description = "Agents that run in the Jupyter server and show their steps in the notebook."

    model = Unicode(
        "",
        config=True,
        help="""The 'provider:model' of agents that name none, such as 'openai:gpt-5-mini'. Empty:
        the environment decides (AGENTKIT_MODEL, OPENAI_API_KEY, ANTHROPIC_API_KEY), and when it says
        nothing, the simulated 'demo' provider answers.""",
    )
    journal = Unicode(
        config=True,
        help="The SQLite file with all tasks and their events; ':memory:' keeps none.",
    )
    skills_folders = List(
        Unicode(), config=True, help="Folders of skills (each skill a folder with a SKILL.md)."
    )
    limits = Dict(
        config=True,
        help="""The widest limits of a run: max_steps, seconds, tool_seconds, result_chars,
        result_bytes. Agents and runs may set others.""",
    )
    max_running = Int(
        1_000, min=1, config=True, help="Tasks that run at the same time; further ones wait."
    )
    away_seconds = Float(
        AWAY_SECONDS,
        min=0,
        config=True,
        help="""Seconds that a call of a notebook's function waits for a kernel that is away before
        it ends as interrupted.""",
    )

    hub: Hub

    @default("journal")
    def _default_journal(self) -> str:
        return str(Path(jupyter_data_dir()) / "agentkit" / "journal.sqlite3")

    @validate("limits")
    def _valid_limits(self, proposal: Any) -> Any:
        try:
            checked(_LIMITS, proposal["value"], "AgentKitApp.limits", "invalid_input")
        except InvalidInput as error:
            raise TraitError(error.message) from None
        return proposal["value"]

    def initialize_settings(self) -> None:
        """Build the hub."""
        gateway = default_gateway()
        if self.model:
            gateway.default_model = self.model
        skills = SkillRegistry()
        for folder in self.skills_folders:
            skills.add_folder(folder)
        for problem in skills.problems:
            self.log.warning("A skill was not loaded: %s", problem)
        self.hub = Hub(
            InProcessExecutor(gateway, ToolRegistry(), skills),
            self._open_journal(),
            redactor=Redactor(environ=os.environ),
            limits=Limits(**self.limits),
            max_running=self.max_running,
            away_seconds=self.away_seconds,
        )
        self._kernel_key = secrets.token_urlsafe(32)
        self.settings["agentkit_hub"] = self.hub
        self.settings["agentkit_kernel_key"] = self._kernel_key

    def _open_journal(self) -> Journal:
        try:
            return Journal(self.journal)
        except JournalError as error:
            # Agents that leave no record across a restart beat a server that does not start.
            self.log.error("%s Tasks are kept in memory until the server stops.", error)
            return Journal(MEMORY)

    def initialize_handlers(self) -> None:
        """Mount the routes and the socket."""
        self.handlers.extend(http_handlers(self.hub))
        self.handlers.extend(socket_handlers(self.hub))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Tell the kernels that will be started where their server is, and its key."""
        os.environ[URL_VARIABLE] = url_path_join(serverapp.connection_url, "agentkit")
        os.environ[KEY_VARIABLE] = self._kernel_key
        await self.hub.open()

    def current_activity(self) -> Any:
        """Running agents keep a server from being shut down as idle."""
        return {"running": self.hub.running} if self.hub.running else None

    async def stop_extension(self) -> None:
        """End what runs and close the journal."""
        for variable in (URL_VARIABLE, KEY_VARIABLE):
            os.environ.pop(variable, None)
        await self.hub.close()
