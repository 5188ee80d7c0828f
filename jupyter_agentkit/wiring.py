"""What the settings make: the models, the MCP servers, the folders and the secrets of a host.

The server extension and a kernel without a server share it, so that a notebook finds the same in both.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

from agentkit.core.secret_rules import is_secret_variable
from agentkit.errors import InvalidInput
from agentkit.llm.configured import checked_providers, keys_of
from agentkit.llm.defaults import default_gateway
from agentkit.llm.gateway import LLMGateway
from agentkit.tools.mcp import McpServers
from agentkit.tools.mcp_config import McpServerConfig, parse_servers, read_servers, secrets_of
from jupyter_agentkit.places import Folders
from jupyter_agentkit.settings import AgentKitSettings

log = logging.getLogger("agentkit")

_FILES = ("jupyter_config", "jupyter_server_config", "jupyter_agentkit_config")
"""What a Jupyter server reads, the last one counting most."""
_SECTION = "AgentKitApp"


def local_settings() -> AgentKitSettings:
    """The settings that a Jupyter server of this user would have, from its configuration files.

    Raises
    ------
    InvalidInput
        One of them cannot be used: nothing runs without the policy that somebody has set.
    """
    found = Config()
    for name in _FILES:
        for folder in reversed(jupyter_config_path()):
            for loader, ending in ((PyFileConfigLoader, "py"), (JSONFileConfigLoader, "json")):
                try:
                    found.merge(loader(f"{name}.{ending}", folder).load_config())
                except ConfigFileNotFound:
                    continue
                except Exception as error:  # a file of Python may raise anything
                    log.error("%s.%s in %s cannot be read: %s", name, ending, folder, error)
    try:
        return AgentKitSettings(config=Config({AgentKitSettings.__name__: found[_SECTION]}))
    except TraitError as error:
        raise InvalidInput(str(error)) from None


def gateway_of(settings: AgentKitSettings) -> LLMGateway:
    """The models."""
    gateway = default_gateway(
        providers=checked_providers(settings.providers), prices=settings.prices
    )
    if settings.model:
        gateway.default_model = settings.model
    if fault := gateway.problem:
        name = "AgentKitApp.model" if settings.model else "AGENTKIT_MODEL"
        log.error("%s: %s. Agents that name no model cannot run.", name, fault)
    return gateway


def mcp_of(settings: AgentKitSettings) -> tuple[McpServers, list[str]]:
    """The MCP servers, not started, and their secrets: those of the file, and of the setting, which win."""
    servers: Mapping[str, McpServerConfig] = {}
    fault = None
    if settings.mcp_config:
        try:
            servers = read_servers(settings.mcp_config)
        except InvalidInput as error:
            log.error("AgentKitApp.mcp_config: %s", error)
            fault = (settings.mcp_config, error.message)
    given: Any = parse_servers(settings.mcp_servers, "AgentKitApp.mcp_servers")
    servers = {**servers, **given}
    secrets = [each for one in servers.values() for each in secrets_of(one, is_secret_variable)]
    return McpServers(servers, problem=fault), secrets


def folders_of(settings: AgentKitSettings, root: Path | None) -> Folders:
    """Where skills and agents are."""
    return Folders(
        root,
        skills=settings.skills_folders,
        agents=settings.agents_folders,
        trusted=settings.trusted_folders,
    )


def keys(settings: AgentKitSettings) -> list[str]:
    """The keys of its providers, which no trace may show."""
    return list(keys_of(checked_providers(settings.providers)))
