"""The agents that can be run, by name."""

from __future__ import annotations

from collections.abc import Iterator

from agentkit.core.protocol import AgentConfig
from agentkit.errors import InvalidInput, NotFound


class AgentRegistry:
    """Agents by name. Registering a name again replaces its agent: a notebook's cell is run twice."""

    def __init__(self) -> None:
        self._agents: dict[str, AgentConfig] = {}

    def register(self, config: AgentConfig) -> bool:
        """Add or replace an agent; ``True`` when the name is new."""
        new = config.name not in self._agents
        self._agents[config.name] = config
        return new

    def get(self, name: str) -> AgentConfig:
        """The agent of that name.

        Raises
        ------
        NotFound
            There is none; the message names those there are.
        """
        try:
            return self._agents[name]
        except KeyError:
            raise NotFound(
                f"There is no agent named {name!r}; {self._known()}.", reason="agent_not_found"
            ) from None

    def choose(self, name: str | None) -> AgentConfig:
        """The agent named, or the only one there is.

        Raises
        ------
        NotFound
            No agent of that name, or none at all.
        InvalidInput
            None was named, and there are several.
        """
        if name is not None:
            return self.get(name)
        if not self._agents:
            raise NotFound(
                "No agent is registered. Register one with POST /agents.", reason="agent_not_found"
            )
        if len(self._agents) > 1:
            raise InvalidInput(
                f"Name the agent that shall run; {self._known()}.", reason="agent_required"
            )
        return next(iter(self._agents.values()))

    def remove(self, name: str) -> None:
        """Remove an agent; its running tasks go on.

        Raises
        ------
        NotFound
            There is none of that name.
        """
        self.get(name)
        del self._agents[name]

    def __iter__(self) -> Iterator[AgentConfig]:
        return iter(tuple(self._agents.values()))

    def __len__(self) -> int:
        return len(self._agents)

    def _known(self) -> str:
        names = ", ".join(sorted(self._agents))
        return f"registered are: {names}" if names else "none is registered"
