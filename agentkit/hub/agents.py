"""The agents that can be run, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agentkit.core.protocol import AgentConfig
from agentkit.errors import InvalidInput, NotFound


class AgentRegistry:
    """Agents by name. Registering a name again replaces its agent: a notebook's cell is run twice.

    Besides those that are registered there are those that are defined somewhere, in files or packages. Of
    one name, whatever came last counts: a registration holds until the definition changes, a changed
    definition until somebody registers again. A definition that is gone takes its agent with it, and
    nobody else's.
    """

    def __init__(self) -> None:
        self._agents: dict[str, AgentConfig] = {}
        self._broken: dict[str, InvalidInput] = {}
        self._defined: dict[str, AgentConfig | InvalidInput] = {}

    def register(self, config: AgentConfig) -> bool:
        """Add or replace an agent; ``True`` when the name is new."""
        new = config.name not in self
        self._broken.pop(config.name, None)
        self._agents[config.name] = config
        return new

    def define(self, definitions: Mapping[str, AgentConfig | InvalidInput]) -> None:
        """Take these definitions in the place of all earlier ones.

        Parameters
        ----------
        definitions
            By name; an error where the definition is broken. Its agent cannot be run then, not even as it
            was before.
        """
        for name, before in self._defined.items():
            if name not in definitions and self._current(name) is before:
                self._drop(name)
        kept: dict[str, AgentConfig | InvalidInput] = {}
        for name, given in definitions.items():
            before = self._defined.get(name)
            if before is not None and _same(before, given):
                kept[name] = before
                continue
            kept[name] = given
            self._drop(name)
            if isinstance(given, InvalidInput):
                self._broken[name] = given
            else:
                self._agents[name] = given
        self._defined = kept

    def get(self, name: str) -> AgentConfig:
        """The agent of that name.

        Raises
        ------
        NotFound
            There is none; the message names those there are.
        InvalidInput
            Its definition is broken; the message says where.
        """
        if error := self._broken.get(name):
            raise InvalidInput(
                f"The agent {name!r} cannot run: its definition is broken, and an earlier one is not "
                f"run in its place. {error.message}",
                reason=error.reason,
            )
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
            None was named, and there are several; or its definition is broken.
        """
        if name is not None:
            return self.get(name)
        names = [*self._agents, *self._broken]
        if not names:
            raise NotFound(
                "No agent is registered. Register one with POST /agents.", reason="agent_not_found"
            )
        if len(names) > 1:
            raise InvalidInput(
                f"Name the agent that shall run; {self._known()}.", reason="agent_required"
            )
        return self.get(names[0])

    def remove(self, name: str) -> None:
        """Remove an agent; its running tasks go on. A defined one is back when its definition changes.

        Raises
        ------
        NotFound
            There is none of that name.
        """
        if name not in self._broken:
            self.get(name)
        self._drop(name)

    def __contains__(self, name: object) -> bool:
        return name in self._agents or name in self._broken

    def __iter__(self) -> Iterator[AgentConfig]:
        return iter(tuple(self._agents.values()))

    def __len__(self) -> int:
        return len(self._agents)

    def _current(self, name: str) -> AgentConfig | InvalidInput | None:
        return self._broken.get(name) or self._agents.get(name)

    def _drop(self, name: str) -> None:
        self._broken.pop(name, None)
        self._agents.pop(name, None)

    def _known(self) -> str:
        names = ", ".join(sorted([*self._agents, *self._broken]))
        return f"registered are: {names}" if names else "none is registered"


def _same(one: AgentConfig | InvalidInput, other: AgentConfig | InvalidInput) -> bool:
    if isinstance(one, InvalidInput) or isinstance(other, InvalidInput):
        return isinstance(one, type(other)) and str(one) == str(other)
    return one == other
