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


class ToolRegistry:
    """Tools by name, in the order in which they were registered."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}
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
        if made.spec.name in self._tools and not replace:
            raise Conflict(
                f"There is a tool named '{made.spec.name}' already. Register this one under another "
                "name (name=…), or take the other's place (replace=True).",
                reason="tool_exists",
            )
        self._tools[made.spec.name] = made
        self._on_request.discard(made.spec.name)
        if on_request:
            self._on_request.add(made.spec.name)
        return made

    def get(self, name: str) -> Tool:
        """Look one up; ``NotFound`` (reason ``tool_not_found``) says which there are."""
        try:
            return self._tools[name]
        except KeyError:
            raise NotFound(missing("tool", name, self._tools), reason="tool_not_found") from None

    def remove(self, name: str) -> Tool:
        """Take one out and return it; ``NotFound`` when there is none."""
        tool = self.get(name)
        del self._tools[name]
        return tool

    def select(self, names: Iterable[str] | None = None) -> list[Tool]:
        """Look several up by name or pattern (``github__*``), in the given order, each once.

        ``None`` stands for all that are not given on request only. A pattern that fits none is an
        error, as a name is.
        """
        if names is None:
            return [tool for name, tool in self._tools.items() if name not in self._on_request]
        chosen: dict[str, Tool] = {}
        for name in names:
            fitting = [known for known in self._tools if fnmatchcase(known, name)]
            for each in fitting or [self.get(name).spec.name]:
                chosen[each] = self._tools[each]
        return list(chosen.values())

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
