from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

from tests.jupyter_agentkit.ports.page import Page


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """A server with agentkit alone, whose journal is kept in memory."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_agentkit": True}},
        "AgentKitApp": {"journal": ":memory:"},
    }


@pytest.fixture
def page(jp_serverapp: ServerApp, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Generator[Page]:
    """A kernel of the server, and the page from which its user runs cells."""
    opened = Page.open(jp_serverapp.kernel_manager)
    yield jp_asyncio_loop.run_until_complete(opened.__aenter__())
    jp_asyncio_loop.run_until_complete(opened.__aexit__(None, None, None))
