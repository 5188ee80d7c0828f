import asyncio
from typing import Any

import pytest

from agentkit.errors import Conflict, InvalidInput, NotFound
from agentkit.tools.function import as_tool
from agentkit.tools.protocol import Tool, ToolContext
from agentkit.tools.registry import ToolRegistry


def total(region: str) -> float:
    return len(region)


def test_functions_and_tools_are_registered_by_name_and_found_again() -> None:
    registry = ToolRegistry()
    tool = registry.register(total)
    renamed = registry.register(tool, name="sum")
    assert registry.names == ["total", "sum"]
    assert registry.get("total") is tool
    assert (renamed.spec.name, tool.spec.name) == ("sum", "total")
    assert renamed.spec.parameters == tool.spec.parameters
    assert list(registry) == [tool, renamed]
    assert len(registry) == 2
    assert "sum" in registry
    assert "mean" not in registry


def test_register_works_as_a_decorator_with_and_without_a_name() -> None:
    registry = ToolRegistry()

    @registry.register
    def one() -> int:
        return 1

    @registry.register(name="second")
    def two() -> int:
        return 2

    assert registry.names == ["one", "second"]
    assert (one(), two()) == (1, 2)


def test_a_second_tool_of_a_name_is_a_conflict_unless_it_replaces() -> None:
    registry = ToolRegistry()
    first = registry.register(total)
    with pytest.raises(Conflict, match="'total' already") as caught:
        registry.register(total)
    assert caught.value.reason == "tool_exists"
    assert registry.get("total") is first
    second = registry.register(total, replace=True)
    assert registry.get("total") is second is not first


def test_an_unknown_name_is_answered_with_what_was_meant_and_what_there_is() -> None:
    registry = ToolRegistry()
    with pytest.raises(NotFound, match="none is registered"):
        registry.get("totl")
    registry.register(total)
    registry.register(total, name="mean")
    with pytest.raises(
        NotFound, match=r"'totl'. Did you mean 'total'\? There are: mean, total"
    ) as e:
        registry.get("totl")
    assert e.value.reason == "tool_not_found"


def test_removed_tools_are_gone() -> None:
    registry = ToolRegistry()
    tool = registry.register(total)
    assert registry.remove("total") is tool
    assert registry.names == []
    with pytest.raises(NotFound):
        registry.remove("total")


def test_select_gives_all_for_none_and_the_named_ones_once_in_their_order() -> None:
    registry = ToolRegistry()
    for name in ("a", "b", "c"):
        registry.register(total, name=name)

    def names(tools: list[Tool]) -> list[str]:
        return [tool.spec.name for tool in tools]

    assert names(registry.select()) == ["a", "b", "c"]
    assert names(registry.select(["c", "a", "c"])) == ["c", "a"]
    assert registry.select([]) == []
    with pytest.raises(NotFound, match="'z'"):
        registry.select(["a", "z"])


@pytest.mark.parametrize("wrong", [3, "text", lambda: 1])
def test_what_is_no_tool_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInput):
        ToolRegistry().register(wrong)


def test_a_decorator_of_a_host_may_bring_its_own_display() -> None:
    @as_tool(name="three", display=lambda value: {"text/plain": f"<{value}>"})
    def number() -> int:
        return 3

    assert asyncio.run(number.call({}, ToolContext("c"))).content == {"text/plain": "<3>"}
    assert as_tool(number) is number
    renamed = as_tool(number, name="four", description="Other.")
    assert (renamed.spec.name, renamed.spec.description) == ("four", "Other.")
    assert number.spec.name == "three"
