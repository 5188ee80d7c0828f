"""The tools of a server, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, overload

from agentkit.errors import Conflict, NotFound
from agentkit.tools.function import FunctionTool, as_tool
from agentkit.tools.lookup import missing
from agentkit.tools.protocol import Tool
from agentkit.tools.source import ToolSource


class ToolRegistry:
    """Tools by name, in the order in which they were registered; then those of its sources."""

    def __init__(self) -> None:
        self._registered: dict[str, Tool] = {}
        self._sources: list[ToolSource] = []
        self._on_request: set[str] = set()

    @overload
    def register(
        self,
        tool: None = None,
        *,
        name: str | None = None,
        replace: bool = False,
        on_request: bool = False,
    ) -> Callable[[Callable[..., Any]], FunctionTool]: ...
    @overload
    def register(
        self,
        tool: Tool,
        *,
        name: str | None = None,
        replace: bool = False,
        on_request: bool = False,
    ) -> Tool: ...
    @overload
    def register(
        self,
        tool: Callable[..., Any],
        *,
        name: str | None = None,
        replace: bool = False,
        on_request: bool = False,
    ) -> FunctionTool: ...
    def register(
        self,
        tool: Tool | Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        replace: bool = False,
        on_request: bool = False,
    ) -> Any:
        """Add a tool or a function: ``register(f)``, ``@register`` or ``@register(name=…)``.

        Parameters
        ----------
        name
            Register it under this name instead of its own.
        replace
            Take the place of a tool of the same name.
        on_request
            Give it only to agents that name it, not to those that take all.

        Returns
        -------
        The registered tool; one made of a function can still be called like the function.

        Raises
        ------
        Conflict
            There is a tool of that name.
        InvalidInput
            The function cannot be described to a model.
        """
        if tool is None:
            return partial(self.register, name=name, replace=replace, on_request=on_request)  # pyright: ignore
        made = as_tool(tool, name=name)
        if made.spec.name in self._registered and not replace:
            raise Conflict(
                f"There is a tool named '{made.spec.name}' already. Register this one under another "
                "name (name=…), or take the other's place (replace=True).",
                reason="tool_exists",
            )
        self._registered[made.spec.name] = made
        self._on_request.discard(made.spec.name)
        if on_request:
            self._on_request.add(made.spec.name)
        return made

    def add_source(self, source: ToolSource) -> None:
        """Also offer the tools of ``source`` as they come and go; a registered one hides one of its name."""
        self._sources.append(source)

    @property
    def sources(self) -> tuple[ToolSource, ...]:
        """The sources, in the order in which they were added."""
        return tuple(self._sources)

    async def ready(
        self,
        names: Iterable[str] | None = None,
        say: Callable[[str, str], None] = lambda message, reason: None,
    ) -> None:
        """Wait, for a limited time, until the sources have the tools of these names and patterns.

        Parameters
        ----------
        say
            ``say(message, reason)`` is told what is waited for and what is missing in the end.
        """
        wanted = None if names is None else tuple(names)
        for source in self._sources:
            await source.ready(wanted, say)

    def get(self, name: str) -> Tool:
        """Look one up; ``NotFound`` (reason ``tool_not_found``) says which there are."""
        tools = self._tools
        try:
            return tools[name]
        except KeyError:
            raise NotFound(missing("tool", name, tools), reason="tool_not_found") from None

    def remove(self, name: str) -> Tool:
        """Take a registered one out and return it; ``NotFound`` when there is none."""
        tool = self.get(name)
        if name not in self._registered:
            raise Conflict(f"The tool '{name}' was not registered here: it comes from a source.")
        del self._registered[name]
        return tool

    def select(self, names: Iterable[str] | None = None) -> list[Tool]:
        """Look several up by name or pattern (``github__*``), in the given order, each once.

        ``None`` stands for all that are not given on request only. A pattern that fits none is an
        error, as a name is, unless a source may give such a tool later.
        """
        tools = self._tools
        if names is None:
            return [tool for name, tool in tools.items() if name not in self._on_request]
        chosen: dict[str, Tool] = {}
        for name in names:
            fitting = [known for known in tools if fnmatchcase(known, name)]
            if not fitting and not any(source.may_give(name) for source in self._sources):
                fitting = [self.get(name).spec.name]
            chosen |= {each: tools[each] for each in fitting}
        return list(chosen.values())

    @property
    def _tools(self) -> dict[str, Tool]:
        tools = {tool.spec.name: tool for source in self._sources for tool in source.tools}
        return {**self._registered, **{n: t for n, t in tools.items() if n not in self._registered}}

    @property
    def names(self) -> list[str]:
        """The names, in the order of registration."""
        return list(self._tools)

    def __iter__(self) -> Iterator[Tool]:
        return iter(list(self._tools.values()))

    def __len__(self) -> int:
        return len(self._tools)

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __repr__(self) -> str:
        return f"<ToolRegistry {', '.join(self._tools) or 'empty'}>"
