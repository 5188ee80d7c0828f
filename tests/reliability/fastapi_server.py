"""The FastAPI host, in one process after another: ``python -m tests.reliability.fastapi_server``.

Each line of its input starts a server: the journal's path, and a fuse or nothing after a tab. The servers
are forked from this process, which has loaded everything: starting takes a moment and not seconds, so that
hundreds can be killed. It prints ``began PID``, the server its port, and then ``ended STATUS``.
"""

from __future__ import annotations

import os
import socket
import sys

import uvicorn

from agentkit.hub.journal import Journal
from agentkit.llm.gateway import LLMGateway
from agentkit.server.app import create_app
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry
from tests.reliability import census, fuse
from tests.reliability.workload import add_model, add_tools


def serve(path: str, fuse_of: str) -> None:
    """Serve until killed."""
    journal = Journal(path)
    if fuse_of:
        fuse.light(journal, fuse_of)
    gateway, tools = LLMGateway(), ToolRegistry()
    add_model(gateway)
    add_tools(tools)
    app = create_app(
        llm_gateway=gateway, skill_registry=SkillRegistry(), tool_registry=tools, journal=journal
    )
    app.add_api_route(census.PATH, census.taken)
    census.begin()
    listening = socket.create_server(("127.0.0.1", 0), backlog=200)
    tell(str(listening.getsockname()[1]))
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


def tell(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())  # one line of two processes is one piece


def main() -> None:
    for line in sys.stdin:
        path, _, fuse_of = line.rstrip("\n").partition("\t")
        child = os.fork()
        if child == 0:
            serve(path, fuse_of)
            os._exit(0)
        tell(f"began {child}")
        tell(f"ended {os.waitpid(child, 0)[1]}")


if __name__ == "__main__":
    main()
