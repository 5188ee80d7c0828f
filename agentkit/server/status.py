"""What a host tells of itself: its version, its models, MCP servers, agents and skills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit._version import __version__
from agentkit.core.frames import PROTOCOL
from agentkit.hub.journal import Journal
from agentkit.server.defined import agents_status, skills_status
from agentkit.server.response import Response, as_json
from agentkit.tools.mcp import McpServers

if TYPE_CHECKING:
    from agentkit.server.api import Request


async def status(request: Request) -> Response:
    """What the host is, and what of it can be used now."""
    gateway = request.hub.executor.gateway
    await request.hub.sources.refresh()
    return as_json(
        {
            "version": __version__,
            "protocol": PROTOCOL,
            "model": gateway.default_model,
            "problem": gateway.problem,
            "providers": [
                {
                    "name": each.name,
                    "usable": each.usable,
                    "missing": each.missing,
                    "simulated": each.simulated,
                    "default": each.default,
                }
                for each in gateway.status()
            ],
            "mcp": [
                server.model_dump(mode="json")
                for source in request.hub.executor.tools.sources
                if isinstance(source, McpServers)
                for server in source.status
            ],
            "running": request.hub.runs.running,
            "queued": request.hub.runs.queued,
            "max_running": request.hub.runs.max_running,
            "max_queued": request.hub.runs.max_queued,
            "journal": _journal_status(request.hub.journal),
            "agents": agents_status(request.hub),
            "skills": skills_status(request.hub),
        }
    )


def _journal_status(journal: Journal) -> dict[str, object]:
    problem = journal.trouble
    told = {"message": problem.message, "reason": problem.reason} if problem else None
    return {"path": journal.path, "problem": told}
