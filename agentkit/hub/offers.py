"""What a page goes on with when it asks on in a notebook's conversation: its functions, and its agents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agentkit.core.protocol import AgentConfig, Origin, TaskSummary, ToolSpec
from agentkit.errors import Conflict

MAX_BROUGHT = 1_000
"""Agents that are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """The tools of one agent in one process.

    Attributes
    ----------
    serve
        ``serve(task_id, client_key)`` asks the process to run the calls of a task.
    """

    tools: tuple[ToolSpec, ...]
    serve: Callable[[str, str], None]


class Offers:
    """Offers by kernel and agent; the newest counts."""

    def __init__(self) -> None:
        self._offers: dict[tuple[str, str], Offer] = {}

    def put(self, kernel_id: str, agent: str, offer: Offer) -> Callable[[], None]:
        """Take an offer; the function that comes back withdraws it."""
        key = kernel_id, agent
        self._offers[key] = offer

        def withdraw() -> None:
            if self._offers.get(key) is offer:
                del self._offers[key]

        return withdraw

    def for_follow_up(self, before: TaskSummary, origin: Origin | None) -> Offer | None:
        """Who runs the client's tools when somebody else goes on with a task; ``None`` when it had none.

        Raises
        ------
        Conflict
            The process that ran them is gone (reason ``client_away``).
        """
        if not before.client_tools:
            return None
        offer = self._offers.get((origin.kernel_id, before.agent)) if origin else None
        if offer is None:
            raise Conflict(
                f"The run used functions of its notebook ({', '.join(before.client_tools)}), and the"
                " kernel that has them is gone or was restarted. Run the notebook's cells again, and ask"
                f" there; AgentRun({before.task_id!r}).resume(agent) takes on a run without an answer.",
                reason="client_away",
            )
        return offer


class BroughtAgents:
    """Agents that came along with a task, by kernel and name; the newest counts.

    Two notebooks may have an agent of one name. A follow-up is run by that of its own notebook: the other's
    may be allowed what this one has to ask for.
    """

    def __init__(self) -> None:
        self._agents: dict[tuple[str, str], AgentConfig] = {}

    def keep(self, origin: Origin | None, agent: AgentConfig) -> None:
        """Remember an agent as that of the notebook in which its task was started."""
        if origin is None:
            return
        key = origin.kernel_id, agent.name
        self._agents.pop(key, None)
        self._agents[key] = agent
        while len(self._agents) > MAX_BROUGHT:
            del self._agents[next(iter(self._agents))]

    def of(self, before: TaskSummary) -> AgentConfig | None:
        """The agent of the notebook of a task; ``None`` when it is the server's own."""
        origin = before.origin
        return self._agents.get((origin.kernel_id, before.agent)) if origin else None
