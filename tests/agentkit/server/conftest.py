from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from agentkit.llm.scripted import ScriptedProvider, Turn
from tests.agentkit.server.host import Host, Hosted, application


@pytest.fixture
def host() -> Iterator[Host]:
    """``host(turn, turn, …)``: an application with that script, its lifespan ended with the test."""
    clients: list[TestClient] = []

    def start(*script: Turn, api_key: str | None = None, **options: Any) -> Hosted:
        provider = ScriptedProvider(script)
        app = application(provider, api_key=api_key, **options)
        client = TestClient(app)
        client.__enter__()
        clients.append(client)
        return Hosted(app, client, provider)

    yield start
    for client in clients:
        client.__exit__(None, None, None)
