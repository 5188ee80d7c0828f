"""The server extension: its settings, wired to a hub and to handlers."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from pydantic import TypeAdapter
from traitlets import Dict, Float, Int, List, TraitError, Unicode, default, validate

from agentkit._version import __version__
from agentkit.core.protocol import Limits, Policy
from agentkit.core.redaction import Redactor
from agentkit.core.secret_rules import is_secret_variable
from agentkit.errors import InvalidInput, JournalError
from agentkit.hub.client_tools import AWAY_SECONDS
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import MEMORY, Journal
from agentkit.hub.sources import Sources
from agentkit.llm.configured import checked_providers, keys_of
from agentkit.llm.defaults import default_gateway
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.prices import Prices
from agentkit.server.api import problem
from agentkit.server.input import checked
from agentkit.server.mcp import AgentsAsTools
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.mcp import McpServers
from agentkit.tools.mcp_config import McpServerConfig, parse_servers, read_servers, secrets_of
from agentkit.tools.registry import ToolRegistry
from jupyter_agentkit.address import KEY_VARIABLE, URL_VARIABLE
from jupyter_agentkit.builtin import add_builtin_tools
from jupyter_agentkit.handlers.http import http_handlers
from jupyter_agentkit.handlers.mcp import mcp_handlers
from jupyter_agentkit.handlers.page import page_handlers
from jupyter_agentkit.handlers.socket import socket_handlers
from jupyter_agentkit.handlers.undo import undo_handlers
from jupyter_agentkit.packages import add_packaged_tools, packaged_agents
from jupyter_agentkit.places import Folders
from jupyter_agentkit.ports.execution import BUSY_SECONDS
from jupyter_agentkit.ports.pages import Pages
from jupyter_agentkit.trust import resolved

_LIMITS = TypeAdapter(Limits)
_POLICY: TypeAdapter[Policy] = TypeAdapter(Policy)

_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""Where a server that listens on all addresses is reached from its own machine."""


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
    providers = Dict(
        config=True,
        help="""Model servers by name, so that 'NAME:MODEL' asks them: each with a 'kind' ('openai',
        'azure', 'anthropic' or 'pydantic-ai'), a 'base_url', and 'api_key_env', the environment variable
        of its key. Further: 'model' (its default), 'images', 'silence', 'max_tokens', 'thinking',
        'api_version', 'vendor', 'settings', and 'api_key' for a file that nobody else can read.""",
    )
    prices = Dict(
        config=True,
        help="""What models cost, and how much they can read, before the built-in price list:
        {'NAME:MODEL*': {'input': …, 'output': …, 'cached_input': …, 'window': …}}, in US dollars per
        million tokens and in tokens.""",
    )
    journal = Unicode(
        config=True,
        help="The SQLite file with all tasks and their events; ':memory:' keeps none.",
    )
    skills_folders = List(
        Unicode(),
        config=True,
        help="""Folders of skills (each skill a folder with a SKILL.md), besides .agents/skills in the
        server's root folder, if it is trusted, and in the user's home.""",
    )
    agents_folders = List(
        Unicode(),
        config=True,
        help="""Folders of agents (each a file .yaml, .yml or .md), besides .agents/agents in the
        server's root folder, if it is trusted, and agentkit/agents in the user's configuration folder
        of Jupyter.""",
    )
    trusted_folders = List(
        Unicode(),
        config=True,
        help="""Root folders whose own skills and agents are loaded, besides those that the user trusts
        with 'jupyter agentkit trust'.""",
    )
    limits = Dict(
        config=True,
        help="""The widest limits of a run: max_steps, requests, tool_calls, input_tokens,
        output_tokens, total_tokens, cost (US dollars), seconds; 'soft' with any of the last seven, where
        a run asks whether to go on; tool_seconds, ask_seconds, history_tokens, result_chars, result_bytes.
        Agents and runs may set others.""",
    )
    policy = Dict(
        config=True,
        help="""What agents may do: tool name or pattern to 'allow', 'ask' or 'deny', or to a list of
        rules {'when': {ARGUMENT: PATTERN}, 'then': …}, of which the first that fits decides. An agent's own
        policy comes before it, but what it denies, no agent may do.""",
    )
    max_running = Int(
        1_000, min=1, config=True, help="Tasks that run at the same time; further ones wait."
    )
    busy_seconds = Float(
        BUSY_SECONDS,
        min=0,
        config=True,
        help="Seconds that code of an agent waits for a kernel that runs a cell before it fails.",
    )
    away_seconds = Float(
        AWAY_SECONDS,
        min=0,
        config=True,
        help="""Seconds that a call of a notebook's function waits for a kernel that is away before
        it ends as interrupted.""",
    )

    mcp_servers = Dict(
        config=True,
        help="""MCP servers whose tools agents may call, as 'server__tool': an object by name, in the
        shape of "mcpServers" elsewhere. A server has a 'command' with 'args', 'env' and 'cwd', or a 'url'
        with 'headers'; ${NAME} in them is a variable of this server's environment.""",
    )
    mcp_config = Unicode(
        "",
        config=True,
        help="""A JSON file with "mcpServers", such as a project's .mcp.json. Its commands are run, so name
        only files that you trust.""",
    )

    hub: Hub

    @default("journal")
    def _default_journal(self) -> str:
        return str(Path(jupyter_data_dir()) / "agentkit" / "journal.sqlite3")

    @validate("providers")
    def _valid_providers(self, proposal: Any) -> Any:
        try:
            checked_providers(proposal["value"])
        except InvalidInput as error:
            raise TraitError(f"AgentKitApp.providers: {error.message}") from None
        return proposal["value"]

    @validate("prices")
    def _valid_prices(self, proposal: Any) -> Any:
        try:
            Prices(proposal["value"])
        except InvalidInput as error:
            raise TraitError(f"AgentKitApp.prices: {error.message}") from None
        return proposal["value"]

    @validate("limits")
    def _valid_limits(self, proposal: Any) -> Any:
        try:
            checked(_LIMITS, proposal["value"], "AgentKitApp.limits", "invalid_input")
        except InvalidInput as error:
            raise TraitError(error.message) from None
        return proposal["value"]

    @validate("policy")
    def _valid_policy(self, proposal: Any) -> Any:
        try:
            checked(_POLICY, proposal["value"], "AgentKitApp.policy", "invalid_input")
        except InvalidInput as error:
            raise TraitError(error.message) from None
        return proposal["value"]

    @validate("mcp_servers")
    def _valid_mcp_servers(self, proposal: Any) -> Any:
        try:
            parse_servers(proposal["value"], "AgentKitApp.mcp_servers")
        except InvalidInput as error:
            raise TraitError(error.message) from None
        return proposal["value"]

    def initialize_settings(self) -> None:
        """Build the hub."""
        # What agentkit logs belongs into the log of this server, at its level.
        logging.getLogger("agentkit").parent = self.log
        self._kernel_key = secrets.token_urlsafe(32)
        self._environ: dict[str, str | None] = {}
        servers, problem = self._mcp_servers()
        self._mcp = McpServers(servers, problem=problem)
        tools, skills = ToolRegistry(), SkillRegistry()
        assert self.serverapp is not None
        self._pages = Pages()
        self._notebooks = add_builtin_tools(
            tools, self.serverapp, self._pages, busy_seconds=self.busy_seconds
        )
        add_packaged_tools(tools)
        tools.add_source(self._mcp)
        known = [
            *self._secrets(),
            *(
                each
                for server in servers.values()
                for each in secrets_of(server, is_secret_variable)
            ),
        ]
        self.hub = Hub(
            InProcessExecutor(
                self._gateway(), tools, skills, policy=_POLICY.validate_python(self.policy)
            ),
            self._open_journal(),
            redactor=Redactor(known, os.environ),
            limits=Limits(**self.limits),
            max_running=self.max_running,
            away_seconds=self.away_seconds,
            sources=self._sources(skills),
        )
        self.settings["agentkit_hub"] = self.hub
        self.settings["agentkit_kernel_key"] = self._kernel_key

    def _gateway(self) -> LLMGateway:
        gateway = default_gateway(providers=checked_providers(self.providers), prices=self.prices)
        if self.model:
            gateway.default_model = self.model
        if fault := problem(gateway):
            name = "AgentKitApp.model" if self.model else "AGENTKIT_MODEL"
            self.log.error("%s: %s. Agents that name no model cannot run.", name, fault)
        return gateway

    def _mcp_servers(self) -> tuple[dict[str, McpServerConfig], tuple[str, str] | None]:
        """Those of the file, then those of the setting, which win; and what is wrong with the file."""
        servers, problem = {}, None
        if self.mcp_config:
            try:
                servers = read_servers(self.mcp_config)
            except InvalidInput as error:
                self.log.error("AgentKitApp.mcp_config: %s", error)
                problem = (self.mcp_config, error.message)
        return servers | parse_servers(self.mcp_servers, "AgentKitApp.mcp_servers"), problem

    def _sources(self, skills: SkillRegistry) -> Sources:
        assert self.serverapp is not None
        folders = Folders(
            resolved(str(self.serverapp.root_dir)),
            skills=self.skills_folders,
            agents=self.agents_folders,
            trusted=self.trusted_folders,
        )
        sources = Sources(skills, folders, packaged_agents())
        sources.load()
        return sources

    def _secrets(self) -> list[str]:
        """What no trace may show: a notebook that an agent works in can print them."""
        assert self.serverapp is not None
        token = self.serverapp.identity_provider.token
        return [self._kernel_key, str(token), *keys_of(checked_providers(self.providers))]

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
        self.handlers.extend(page_handlers(self._pages))
        self.handlers.extend(undo_handlers(self.hub, self._notebooks))
        self._agents_as_tools = AgentsAsTools(self.hub)
        self.handlers.extend(mcp_handlers(self._agents_as_tools))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Tell the kernels that will be started where their server is, and its key."""
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
        return {"running": self.hub.running} if self.hub.running else None

    async def stop_extension(self) -> None:
        """End what runs and close the journal."""
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
