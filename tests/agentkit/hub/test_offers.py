"""Follow-ups that somebody else starts: who runs the tools of the first one's process."""

from __future__ import annotations

import pytest

from agentkit.core.protocol import AgentConfig, Origin, ToolSpec
from agentkit.errors import Conflict
from agentkit.hub.offers import Offer
from agentkit.llm.protocol import ToolCall
from tests.agentkit.hosting import ended, running, start, stored
from tests.agentkit.running import echo, text, until

ORIGIN = Origin(kernel_id="k1")
LOOK = {"name": "look"}


def unasked(task_id: str, client_key: str) -> None:
    """A process that has nothing to do."""


async def test_a_follow_up_is_served_by_the_process_that_offers_the_tools() -> None:
    async with running("One.", ToolCall("1", "look", {}), "Two.") as hub:
        await ended(await start(hub, "a", client_tools=[LOOK], origin=ORIGIN))
        served: list[tuple[str, str]] = []

        def serve(task_id: str, client_key: str) -> None:
            served.append((task_id, client_key))

        hub.offers.put("k1", "analyst", Offer((ToolSpec(name="look"),), serve))
        task = await start(hub, "b", follows="a")
        desk = hub.desk("b")
        assert desk is not None
        assert served == [("b", desk.key)]
        desk.arrive()
        await until(lambda: task.summary.last_seq >= 2)
        desk.answer("1", text("blue"))
        assert (await ended(task)).summary.result == "Two."
        called = next(e for e in await stored(hub, "b") if e["event_type"] == "tool_call")
        assert called["runs_in"] == "kernel"


async def test_a_follow_up_says_when_the_process_with_the_tools_is_gone() -> None:
    async with running("One.", "Two.") as hub:
        await ended(await start(hub, "a", client_tools=[LOOK], origin=ORIGIN))
        offer = Offer((ToolSpec(name="look"),), unasked)
        withdraw = hub.offers.put("k1", "analyst", offer)
        withdraw()
        hub.offers.put("k2", "analyst", offer)
        with pytest.raises(Conflict, match="functions of its notebook \\(look\\)") as caught:
            await start(hub, "b", follows="a")
        assert caught.value.reason == "client_away"


async def test_a_newer_offer_is_not_withdrawn_with_an_older_one() -> None:
    async with running("One.", "Two.") as hub:
        await ended(await start(hub, "a", client_tools=[LOOK], origin=ORIGIN))
        old, new = (Offer((ToolSpec(name="look"),), unasked) for _ in range(2))
        withdraw = hub.offers.put("k1", "analyst", old)
        hub.offers.put("k1", "analyst", new)
        withdraw()
        await ended(await start(hub, "b", follows="a"))


async def test_a_follow_up_of_a_run_without_such_tools_needs_nobody() -> None:
    async with running("One.", "Two.") as hub:
        await ended(await start(hub, "a"))
        assert (await ended(await start(hub, "b", follows="a"))).summary.result == "Two."


@pytest.mark.parametrize("named", [{}, {"agent": "analyst"}])
async def test_a_follow_up_is_run_by_the_agent_of_its_own_notebook(named: dict[str, str]) -> None:
    turns = ["One.", "Other.", ToolCall("1", "echo", {}), "Two."]
    careful = AgentConfig(name="analyst", policy={"echo": "deny"})
    bold = AgentConfig(name="analyst", policy={"echo": "allow"})
    async with running(*turns, tools=[echo()]) as hub:
        await ended(await start(hub, "a", config=careful, origin=ORIGIN))
        # Another notebook has an agent of the same name.
        hub.register(bold)
        await ended(await start(hub, "o", config=bold, origin=Origin(kernel_id="k2")))
        await ended(await start(hub, "b", follows="a", **named))
        result = next(e for e in await stored(hub, "b") if e["event_type"] == "tool_result")
        assert result["outcome"] == "denied"
