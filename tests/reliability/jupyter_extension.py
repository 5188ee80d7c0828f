"""A server extension that gives the agents of a Jupyter server the workload of these tests."""

from __future__ import annotations

import os
import sys
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado.web import RequestHandler

from agentkit.hub.hub import Hub
from tests.reliability import census, fuse
from tests.reliability.workload import add_model, add_tools

LISTENS = b"listens\n"
"""What the server says when it does."""


class _Census(RequestHandler):
    async def get(self) -> None:
        taken: Any = await census.taken()
        self.write(taken)  # pyright: ignore[reportUnknownMemberType] - Tornado's own


def _jupyter_server_extension_points() -> list[dict[str, str]]:  # pyright: ignore[reportUnusedFunction]
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: ServerApp) -> None:  # pyright: ignore[reportUnusedFunction]
    application: Any = server.web_app
    hub: Hub = application.settings["jupyter_agentkit"].hub
    if lit := os.environ.get("FUSE"):
        fuse.light(hub.journal, lit)
    add_model(hub.executor.gateway)
    add_tools(hub.executor.tools)
    census.begin()
    path = url_path_join(application.settings["base_url"], census.PATH)
    application.add_handlers(".*$", [(path, _Census)])


async def _start_jupyter_server_extension(server: ServerApp) -> None:  # pyright: ignore[reportUnusedFunction]
    os.write(sys.stdout.fileno(), LISTENS)
