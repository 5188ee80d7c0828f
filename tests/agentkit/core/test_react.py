"""The loop's events, results, limits and ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agentkit.core.calls import FREE_PROGRESS, MAX_CALLS
from agentkit.core.events import (
    FinalAnswer,
    Message,
    MessageDelta,
    RunFinished,
    RunStarted,
    StepEvent,
    Thinking,
    ThinkingDelta,
    ToolCalled,
    ToolFinished,
    ToolProgress,
    UsageReported,
    Warned,
)
from agentkit.core.protocol import AgentConfig, CancellationToken, Limits, Prompt, TaskStatus
from agentkit.core.react import llm_generate, react
from agentkit.errors import ProviderUnavailable
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import (
    ChatMessage,
    Image,
    LLMResponse,
    Notice,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from agentkit.tools.function import as_tool
from agentkit.tools.protocol import ToolContext, ToolResult
from tests.agentkit.running import (
    AGENT,
    SOON,
    AsyncTool,
    collect,
    echo,
    gateway_of,
    names,
    of,
    only,
    scripted,
    text,
)


class Raises(BaseException):
    """What is no Exception, as KeyboardInterrupt and SystemExit are not."""


def call(id: str, name: str = "echo", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, arguments)


async def test_a_run_tells_its_turns_in_order() -> None:
    usage = TokenUsage(3, 4, cached_tokens=1)
    gateway, _ = scripted(
        [ThinkingPiece("Hm."), "Let me ", "look.", call("1", text="three"), usage],
        "There are three.",
    )
    events = await collect(react(AGENT, "How many?", gateway=gateway, tools=[echo()]))
    assert names(events) == [
        "run_started",
        "thinking_delta",
        "message_delta",
        "message_delta",
        "thinking",
        "usage",
        "message",
        "tool_call",
        "tool_result",
        "message_delta",
        "final_answer",
        "run_finished",
    ]
    assert [event.step for event in events] == [0, *[1] * 8, *[2] * 3]
    started = only(RunStarted, events)
    assert (started.agent, started.input, started.provider) == ("analyst", "How many?", "test")
    assert only(Thinking, events).text == "Hm."
    assert only(Message, events).text == "Let me look."
    assert only(Message, events).message_id == of(MessageDelta, events)[0].message_id
    assert only(Thinking, events).message_id == only(ThinkingDelta, events).message_id
    reported = only(UsageReported, events)
    assert (reported.input_tokens, reported.output_tokens) == (3, 4)
    assert (reported.cached_input_tokens, reported.reasoning_tokens) == (1, None)
    assert only(FinalAnswer, events).text == "There are three."
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_the_model_is_given_identity_instructions_history_and_results() -> None:
    agent = AgentConfig(name="a", prompt=Prompt(identity="You count."))
    gateway, provider = scripted(call("1", text="three"), "Three.")
    past = [ChatMessage("user", "Hello"), ChatMessage("assistant", "Hi")]
    await collect(
        react(
            agent,
            "How many?",
            gateway=gateway,
            tools=[echo()],
            instructions="Skills: none.",
            history=past,
        )
    )
    first, second = provider.requests
    assert first.messages == (
        ChatMessage("system", "You count.\n\nSkills: none."),
        *past,
        ChatMessage("user", "How many?"),
    )
    assert [tool.name for tool in first.tools] == ["echo"]
    assert second.messages[len(first.messages) :] == (
        ChatMessage("assistant", tool_calls=[call("1", text="three")]),
        ChatMessage("tool", "three", tool_call_id="1", name="echo"),
    )


async def test_without_identity_and_instructions_there_is_no_system_message() -> None:
    gateway, provider = scripted("Hi.")
    await collect(react(AGENT, "Hello", gateway=gateway))
    assert provider.requests[0].messages == (ChatMessage("user", "Hello"),)


async def test_what_a_dialect_needs_again_is_given_back_to_it() -> None:
    response = LLMResponse(tool_calls=[call("1")], provider_data={"signature": "x"})
    gateway, provider = scripted(response, "Done.")
    await collect(react(AGENT, "?", gateway=gateway, tools=[echo()]))
    assert provider.requests[1].messages[1].provider_data == {"signature": "x"}


async def test_llm_generate_asks_once_and_offers_no_tools() -> None:
    gateway, provider = scripted("A poem.")
    events = await collect(llm_generate(AGENT, "Write", gateway=gateway, instructions="In rhyme."))
    assert names(events) == ["run_started", "message_delta", "final_answer", "run_finished"]
    assert provider.requests[0].tools == ()
    assert provider.requests[0].messages[0] == ChatMessage("system", "In rhyme.")


async def test_a_provider_without_streaming_answers_as_a_whole() -> None:
    class Plain:
        async def chat(self, messages: Any) -> LLMResponse:
            return LLMResponse("Hi.", "m", TokenUsage(1, 2))

    events = await collect(react(AGENT, "?", gateway=gateway_of(Plain())))
    assert names(events) == ["run_started", "usage", "final_answer", "run_finished"]


async def test_calls_of_one_turn_run_at_the_same_time_and_are_told_in_the_order_of_the_calls() -> (
    None
):
    second_ended = asyncio.Event()

    async def slow(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        await second_ended.wait()  # a loop that ran them one after the other would stay here
        return text("slow")

    async def quick(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        second_ended.set()
        return text("quick")

    gateway, provider = scripted([call("1", "slow"), call("2", "quick")], "Done.")
    tools = [AsyncTool("slow", slow), AsyncTool("quick", quick)]
    events = await collect(react(AGENT, "?", gateway=gateway, tools=tools))
    assert [event.tool_call_id for event in of(ToolCalled, events)] == ["1", "2"]
    assert [event.tool_call_id for event in of(ToolFinished, events)] == ["2", "1"]
    assert [message.content for message in provider.requests[1].messages[-2:]] == ["slow", "quick"]


async def test_a_result_is_shown_when_its_call_ends_and_not_when_all_have_ended() -> None:
    shown = asyncio.Event()

    async def waits(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        await shown.wait()
        return text("waited")

    gateway, _ = scripted([call("1", "waits"), call("2")], "Done.")
    async with asyncio.timeout(SOON):
        async for event in react(
            AGENT, "?", gateway=gateway, tools=[AsyncTool("waits", waits), echo()]
        ):
            if isinstance(event, ToolFinished) and event.tool_call_id == "2":
                shown.set()
    assert shown.is_set()


@pytest.mark.parametrize(
    ("wrong", "reason", "told"),
    [
        (
            call("1", "eco"),
            "unknown_tool",
            "There is no tool named 'eco'. The tools are: echo, total",
        ),
        (ToolCall("1", "echo", {}, malformed='{"te'), "invalid_arguments", "not a JSON object"),
        (call("1", "total", region=3), "invalid_arguments", "region"),
    ],
)
async def test_a_call_that_cannot_be_made_is_told_to_the_model_which_goes_on(
    wrong: ToolCall, reason: str, told: str
) -> None:
    @as_tool
    def total(region: str) -> int:
        return 0

    gateway, provider = scripted(wrong, "Sorry.")
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[total, echo()]))
    finished = only(ToolFinished, events)
    assert finished.outcome == "failed"
    assert finished.error is not None
    assert finished.error.reason == reason
    message = provider.requests[1].messages[-1]
    assert told in message.content
    assert message.failed
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


@pytest.mark.parametrize(
    "raised",
    [
        ValueError("no"),
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        asyncio.CancelledError(),
        Raises("x"),
    ],
)
async def test_whatever_a_tool_raises_is_its_result_and_the_run_goes_on(
    raised: BaseException,
) -> None:
    async def fails(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        raise raised

    gateway, provider = scripted([call("1", "fails"), call("2", text="fine")], "Done.")
    tools = [AsyncTool("fails", fails), echo()]
    events = await collect(react(AGENT, "?", gateway=gateway, tools=tools))
    failed, fine = sorted(of(ToolFinished, events), key=lambda event: event.tool_call_id)
    assert (failed.outcome, fine.outcome) == ("failed", "success")
    assert type(raised).__name__ in provider.requests[1].messages[-2].content
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


@pytest.mark.parametrize("returned", [None, "text", ToolResult("success", {"a/b": 1, 2: "x"})])  # type: ignore[dict-item]
async def test_a_tool_that_returns_no_bundle_has_failed_and_the_run_goes_on(returned: Any) -> None:
    async def odd(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        return returned

    gateway, _ = scripted([call("1", "odd"), call("2")], "Done.")
    events = await collect(
        react(AGENT, "?", gateway=gateway, tools=[AsyncTool("odd", odd), echo()])
    )
    assert sorted(event.outcome for event in of(ToolFinished, events)) == ["failed", "success"]
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


@pytest.mark.parametrize(
    "raised",
    [
        ProviderUnavailable("overloaded"),
        ValueError("broken"),
        SystemExit(3),
        GeneratorExit(),
        asyncio.CancelledError(),
        Raises("x"),
    ],
)
async def test_whatever_a_provider_raises_ends_the_run_as_failed_with_what_was_said(
    raised: BaseException,
) -> None:
    gateway, _ = scripted([ThinkingPiece("Hm."), "Half an ", "ans", raised])
    events = await collect(react(AGENT, "?", gateway=gateway))
    assert names(events)[0] == "run_started"
    assert names(events)[-3:] == ["thinking", "message", "run_finished"]
    assert only(Message, events).text == "Half an ans"
    end = only(RunFinished, events)
    assert end.status is TaskStatus.FAILED
    assert end.error is not None
    assert (str(raised) or type(raised).__name__) in end.error.message
    assert end.error.reason == getattr(raised, "reason", "provider")


async def test_a_run_without_a_provider_starts_and_fails() -> None:
    events = await collect(react(AGENT, "?", gateway=LLMGateway()))
    assert names(events) == ["run_started", "run_finished"]
    error = only(RunFinished, events).error
    assert error is not None
    assert error.reason == "provider_not_ready"


async def test_a_stream_that_ends_without_a_response_ends_the_run_as_failed() -> None:
    class Ends:
        streaming = True

        async def chat(self, messages: Any) -> LLMResponse:
            raise AssertionError("a provider that streams is not asked for a whole answer")

        async def stream(self, messages: Any) -> AsyncIterator[Any]:
            yield ThinkingPiece("Hm.")

    events = await collect(react(AGENT, "?", gateway=gateway_of(Ends())))
    assert names(events) == ["run_started", "thinking_delta", "thinking", "run_finished"]
    assert only(RunFinished, events).status is TaskStatus.FAILED


async def test_a_reader_that_leaves_stops_the_model_and_the_tools() -> None:
    stopped: list[str] = []

    async def waits(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append("tool")
        return text("")

    gateway, _ = scripted(call("1", "waits"))
    events = react(AGENT, "?", gateway=gateway, tools=[AsyncTool("waits", waits)])
    async with asyncio.timeout(SOON):
        async for event in events:
            if isinstance(event, ToolCalled):
                break
        await asyncio.sleep(0)
        await events.aclose()
    assert stopped == ["tool"]
    assert len(asyncio.all_tasks()) == 1


async def test_a_run_ends_after_its_steps() -> None:
    gateway, provider = scripted(*[call(str(number)) for number in range(5)])
    limits = Limits(max_steps=2)
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[echo()], limits=limits))
    assert len(provider.requests) == 2
    assert [event.outcome for event in of(ToolFinished, events)] == ["success", "success"]
    end = only(RunFinished, events)
    assert end.status is TaskStatus.FAILED
    assert end.error is not None
    assert end.error.reason == "max_steps"
    assert "2 turns" in end.error.message


async def test_the_agents_own_limits_hold_when_none_are_given() -> None:
    agent = AgentConfig(name="a", limits=Limits(max_steps=1))
    gateway, provider = scripted(call("1"), call("2"))
    await collect(react(agent, "?", gateway=gateway, tools=[echo()]))
    assert len(provider.requests) == 1


async def test_a_run_ends_when_its_time_is_up_and_keeps_what_was_said() -> None:
    gateway, _ = scripted(["So far", asyncio.Event()])
    events = await collect(react(AGENT, "?", gateway=gateway, limits=Limits(seconds=0.01)))
    assert only(Message, events).text == "So far"
    end = only(RunFinished, events)
    assert end.status is TaskStatus.FAILED
    assert end.error is not None
    assert end.error.reason == "time_limit"
    assert "0.01 s" in end.error.message


async def test_a_tool_ends_when_its_time_is_up_and_the_model_is_told() -> None:
    async def waits(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        await asyncio.Event().wait()
        return text("never")

    gateway, provider = scripted([call("1", "waits"), call("2", text="fine")], "Done.")
    tools = [AsyncTool("waits", waits), echo()]
    limits = Limits(tool_seconds=0.01)
    events = await collect(react(AGENT, "?", gateway=gateway, tools=tools, limits=limits))
    fine, late = of(ToolFinished, events)
    assert fine.outcome == "success"
    assert late.error is not None
    assert (late.outcome, late.error.reason) == ("failed", "tool_time_limit")
    assert "0.01 s" in provider.requests[1].messages[-2].content
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_ids_of_calls_are_unique_in_a_run_whatever_the_model_sends() -> None:
    gateway, provider = scripted([call("a"), call("a"), call("")], [call("a"), call("")], "Done.")
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[echo()]))
    ids = [event.tool_call_id for event in of(ToolCalled, events)]
    assert ids[0] == "a"
    assert len(set(ids)) == 5
    assert all(ids)
    assert sorted(event.tool_call_id for event in of(ToolFinished, events)) == sorted(ids)
    messages = provider.requests[2].messages
    assert [c.id for message in messages for c in message.tool_calls] == ids
    assert [message.tool_call_id for message in messages if message.role == "tool"] == ids


async def test_what_was_cut_of_a_result_is_said_to_the_model_and_to_the_reader() -> None:
    gateway, provider = scripted(call("1", text="x" * 5_000), "Done.")
    limits = Limits(result_chars=200, result_bytes=1_000)
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[echo()], limits=limits))
    for_reader, for_model = of(Warned, events)
    assert {for_reader.reason, for_model.reason} == {"truncated"}
    assert "1,000 bytes" in for_reader.message
    assert "200 characters" in for_model.message
    told = provider.requests[1].messages[-1].content
    assert len(told) <= 200
    assert "of 5,000 characters left out" in told
    shown = only(ToolFinished, events).content["text/plain"]
    assert 200 < len(shown) <= 1_000


async def test_the_model_is_given_the_pictures_of_a_result() -> None:
    async def plot(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        return ToolResult("success", {"text/plain": "<Figure>", "image/png": "iVBORw0KGgo="})

    gateway, provider = scripted(call("1", "plot"), "Nice.")
    await collect(react(AGENT, "?", gateway=gateway, tools=[AsyncTool("plot", plot)]))
    assert provider.requests[1].messages[-1].images == [Image("image/png", "iVBORw0KGgo=")]


async def test_a_tools_progress_comes_before_its_result_from_a_thread_too() -> None:
    @as_tool
    def works(context: ToolContext) -> str:
        context.progress(1, 2, "half")
        context.progress(2, 2, None)
        return "done"

    gateway, _ = scripted(call("7", "works"), "Done.")
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[works]))
    assert names(events)[1:5] == ["tool_call", "tool_progress", "tool_progress", "tool_result"]
    half, _ = of(ToolProgress, events)
    assert (half.tool_call_id, half.progress, half.total, half.message) == ("7", 1, 2, "half")


async def test_a_word_that_comes_after_the_result_is_not_shown() -> None:
    kept: list[ToolContext] = []

    async def keeps(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        kept.append(context)
        return text("done")

    async def speaks(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        def late() -> None:
            kept[0].progress(1, 1, "late")
            kept[0].warn("late", "late")

        late()
        thread = threading.Thread(target=late)
        thread.start()
        thread.join()
        return text("done")

    gateway, _ = scripted(call("1", "keeps"), call("2", "speaks"), "Done.")
    tools = [AsyncTool("keeps", keeps), AsyncTool("speaks", speaks)]
    events = await collect(react(AGENT, "?", gateway=gateway, tools=tools))
    assert "tool_progress" not in names(events)
    assert "warning" not in names(events)


async def test_what_a_failed_try_said_is_kept_before_the_notice_of_the_next() -> None:
    notice = Notice("retry", "Trying again.", restarted=True)
    gateway, _ = scripted(["First t", notice, "Second."])
    events = await collect(react(AGENT, "?", gateway=gateway))
    assert names(events)[1:] == [
        "message_delta",
        "message",
        "warning",
        "message_delta",
        "final_answer",
        "run_finished",
    ]
    first, second = of(MessageDelta, events)
    assert only(Message, events).text == "First t"
    assert only(Message, events).message_id == first.message_id != second.message_id
    assert only(Warned, events).reason == "retry"


async def test_a_notice_that_voids_nothing_leaves_the_message_whole() -> None:
    gateway, _ = scripted(["One ", Notice("note", "By the way."), "two.", call("1")], "Done.")
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[echo()]))
    one, two, _ = of(MessageDelta, events)
    assert one.message_id == two.message_id == only(Message, events).message_id
    assert only(Message, events).text == "One two."


async def test_an_answer_that_was_cut_or_refused_is_said() -> None:
    gateway, _ = scripted(LLMResponse("Half", finish_reason="length"))
    events = await collect(react(AGENT, "?", gateway=gateway))
    assert only(Warned, events).reason == "truncated"
    assert only(FinalAnswer, events).text == "Half"

    gateway, _ = scripted(LLMResponse("I will not.", finish_reason="refusal"))
    events = await collect(react(AGENT, "?", gateway=gateway))
    assert names(events) == ["run_started", "message", "run_finished"]
    error = only(RunFinished, events).error
    assert error is not None
    assert (error.reason, "I will not." in error.message) == ("refusal", True)


async def test_empty_pieces_are_not_sent() -> None:
    gateway, _ = scripted(["", ThinkingPiece(""), "Hi."])
    events = await collect(react(AGENT, "?", gateway=gateway))
    assert names(events) == ["run_started", "message_delta", "final_answer", "run_finished"]


async def test_a_provider_that_never_waits_is_read_as_it_speaks_and_can_be_stopped() -> None:
    said: list[int] = []

    class Gushes:
        streaming = True

        async def chat(self, messages: Any) -> LLMResponse:
            raise AssertionError("a provider that streams is not asked for a whole answer")

        async def stream(self, messages: Any) -> AsyncIterator[Any]:
            for number in range(10_000):
                said.append(number)
                yield TextPiece("x")
            yield LLMResponse("x" * 10_000)

    token = CancellationToken()
    seen: list[StepEvent] = []
    async for event in react(AGENT, "?", gateway=gateway_of(Gushes()), token=token):
        seen.append(event)
        if isinstance(event, MessageDelta):
            token.cancel()
    assert only(RunFinished, seen).status is TaskStatus.CANCELLED
    assert len(said) < 1_000


@pytest.mark.parametrize("arguments", ["deep", "circle", None, [1], "text", {"x": b"\xff"}])
async def test_arguments_that_are_no_json_object_are_told_to_the_model(arguments: Any) -> None:
    if arguments == "deep":
        arguments = {}
        for _ in range(1_000):
            arguments = {"x": arguments}
    if arguments == "circle":
        arguments = {}
        arguments["x"] = arguments
    gateway, provider = scripted([ToolCall("1", "echo", arguments)], "Done.")
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[echo()]))
    assert only(ToolCalled, events).arguments == {}
    assert "not a JSON object" in provider.requests[1].messages[-1].content
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_of_a_flood_of_calls_the_first_are_run_and_the_others_told_so() -> None:
    gateway, provider = scripted([call(str(n)) for n in range(MAX_CALLS + 5)], "Done.")
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[echo()]))
    outcomes = [event.outcome for event in of(ToolFinished, events)]
    assert (outcomes.count("success"), outcomes.count("failed")) == (MAX_CALLS, 5)
    answers = provider.requests[1].messages[-MAX_CALLS - 5 :]
    assert [message.tool_call_id for message in answers] == [str(n) for n in range(MAX_CALLS + 5)]
    assert "only the first 100" in answers[-1].content


async def test_a_tool_that_tells_of_every_round_does_not_flood_the_run() -> None:
    async def counts(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        for number in range(50_000):
            context.progress(number, 50_000, None)
        return text("counted")

    gateway, _ = scripted([call("1", "counts")], "Done.")
    events = await collect(react(AGENT, "?", gateway=gateway, tools=[AsyncTool("counts", counts)]))
    assert FREE_PROGRESS <= len(of(ToolProgress, events)) < 2 * FREE_PROGRESS
