from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentkit.llm.scripted import Turn
from jupyter_agentkit import agent, widget
from jupyter_agentkit.client import Client
from jupyter_agentkit.follower import Patience
from jupyter_agentkit.remote import JupyterHost
from tests.jupyter_agentkit.kernel.server import AgentServer, ServeScript


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServeScript]:
    """``serve(turn, turn, …)``: a server with that script, which this process is a kernel of."""
    servers: list[AgentServer] = []

    def start(
        *script: Turn, patience: Patience | None = None, away_seconds: float = 30
    ) -> AgentServer:
        server = AgentServer(script, away_seconds=away_seconds)
        servers.append(server)
        client = Client(
            JupyterHost(server.address), patience=patience or Patience(first=0.01, longest=0.05)
        )
        for module in (agent, widget):
            monkeypatch.setattr(module, "connect", lambda: client)
        return server

    yield start
    for server in servers:
        server.close()
