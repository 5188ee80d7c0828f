from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

from tests.jupyter_agentkit.ports.page import Page
from tests.jupyter_agentkit.server.talk import Talk


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """A server with agentkit alone, whose journal is kept in memory."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_agentkit": True}},
        "AgentKitApp": {"journal": ":memory:"},
    }


@pytest.fixture
def talk(
    jp_serverapp: ServerApp, http_server_client: Any, jp_http_port: int, jp_base_url: str
) -> Iterator[Talk]:
    """What one says to the server."""
    talk = Talk(jp_serverapp, http_server_client, jp_http_port, jp_base_url)
    yield talk
    talk.release()


@pytest.fixture
def told(
    talk: Talk, jp_asyncio_loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> Talk:
    """As ``talk``; kernels started from now on know where agentkit is. To be asked for before ``page``."""
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    jp_asyncio_loop.run_until_complete(talk.start())
    return talk


@pytest.fixture
def page(jp_serverapp: ServerApp, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Generator[Page]:
    """A kernel of the server, and the page from which its user runs cells."""
    opened = Page.open(jp_serverapp.kernel_manager)
    yield jp_asyncio_loop.run_until_complete(opened.__aenter__())
    jp_asyncio_loop.run_until_complete(opened.__aexit__(None, None, None))
