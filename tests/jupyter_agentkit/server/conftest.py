from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

from jupyter_agentkit.address import KEY_VARIABLE, URL_VARIABLE
from tests.jupyter_agentkit.server.talk import Talk


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """A server with agentkit alone, whose journal is kept in memory."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_agentkit": True}},
        "AgentKitApp": {"journal": ":memory:"},
    }


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model of whoever runs the tests, and no server that this process might be a kernel of."""
    for name in os.environ:
        if name.startswith(("AGENTKIT_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    for name in (URL_VARIABLE, KEY_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def talk(
    jp_serverapp: ServerApp, http_server_client: Any, jp_http_port: int, jp_base_url: str
) -> Iterator[Talk]:
    """What one says to the server, with its token or without."""
    talk = Talk(jp_serverapp, http_server_client, jp_http_port, jp_base_url)
    yield talk
    talk.release()
