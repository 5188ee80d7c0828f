"""The tools of a server, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, overload

from agentkit.errors import Conflict, NotFound
from agentkit.tools.function import FunctionTool, as_tool
from agentkit.tools.lookup import missing
from agentkit.tools.protocol import Tool


class ToolRegistry:
    """Tools by name, in the order in which they were registered."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}

    @overload
    def register(
        self, tool: None = None, *, name: str | None = None, replace: bool = False
    ) -> Callable[[Callable[..., Any]], FunctionTool]: ...
    @overload
    def register(self, tool: Tool, *, name: str | None = None, replace: bool = False) -> Tool: ...
    @overload
    def register(
        self, tool: Callable[..., Any], *, name: str | None = None, replace: bool = False
    ) -> FunctionTool: ...
    def register(
        self,
        tool: Tool | Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        replace: bool = False,
    ) -> Any:
        """Add a tool or a function: ``register(f)``, ``@register`` or ``@register(name=…)``.

        Parameters
        ----------
        name
            Register it under this name instead of its own.
        replace
            Take the place of a tool of the same name.

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
            return lambda function: self.register(function, name=name, replace=replace)  # pyright: ignore
        made = as_tool(tool, name=name)
        if made.spec.name in self._tools and not replace:
            raise Conflict(
                f"There is a tool named '{made.spec.name}' already. Register this one under another "
                "name (name=…), or take the other's place (replace=True).",
                reason="tool_exists",
            )
        self._tools[made.spec.name] = made
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
        """Look several up, in the given order, each once; all of them for ``None``."""
        if names is None:
            return list(self)
        return [self.get(name) for name in dict.fromkeys(names)]

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
