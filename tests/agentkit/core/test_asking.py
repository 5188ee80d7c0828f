"""What a run asks people: consent to calls, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from agentkit.core.approval import guarded
from agentkit.core.events import (
    ApprovalRequested,
    FinalAnswer,
    InputRequested,
    RequestResolved,
    RunFinished,
    StepEvent,
    ToolCalled,
    ToolFinished,
    Warned,
)
from agentkit.core.protocol import CancellationToken, Limits, OnAsk, Policy, Rule, TaskStatus
from agentkit.core.react import react
from agentkit.core.requests import Requests
from agentkit.errors import Conflict, InvalidInput, NotFound
from agentkit.llm.protocol import TokenUsage, ToolCall
from agentkit.llm.scripted import ScriptedProvider, Turn
from agentkit.tools.builtin.ask_user import AskUser
from agentkit.tools.protocol import Resolution, Tool, ToolContext, ToolResult, nobody_to_ask
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
    text,
)

APPROVE = Resolution("approve", by="Ada")


def call(id: str = "1", name: str = "echo", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, arguments)


class Asked:
    """A run that asks, its events so far, and what its model was told."""

    def __init__(
        self,
        *turns: Turn,
        tools: Sequence[Tool] = (),
        policy: Policy | None = None,
        server: Policy | None = None,
        on_ask: OnAsk | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.provider = ScriptedProvider(turns)
        self.requests = Requests(on_ask)
        self.token = CancellationToken()
        self.events: list[StepEvent] = []
        self._seen = asyncio.Condition()
        stream = react(
            AGENT,
            "?",
            gateway=gateway_of(self.provider),
            tools=guarded(
                tools or [echo()], (server or {}, {"echo": "ask"} if policy is None else policy)
            ),
            requests=self.requests,
            token=self.token,
            limits=limits or Limits(),
        )
        self._reading = asyncio.ensure_future(self._read(stream))

    async def _read(self, stream: Any) -> None:
        async for event in stream:
            async with self._seen:
                self.events.append(event)
                self._seen.notify_all()

    async def asked(self, count: int = 1) -> list[str]:
        """The ids of the requests, once there are so many."""

        def ids() -> list[str]:
            return [
                event.request_id
                for event in self.events
                if isinstance(event, ApprovalRequested | InputRequested)
            ]

        async with asyncio.timeout(SOON), self._seen:
            await self._seen.wait_for(lambda: len(ids()) >= count)
        return ids()

    async def ended(self) -> list[StepEvent]:
        async with asyncio.timeout(SOON):
            await self._reading
        return self.events

    @property
    def told(self) -> list[str]:
        """What the model was told of its calls."""
        messages = self.provider.requests[-1].messages
        return [message.content for message in messages if message.role == "tool"]


async def test_a_call_that_has_to_be_asked_for_runs_once_it_is_approved() -> None:
    run = Asked(call(text="three"), "Three.")
    [request_id] = await run.asked()
    assert of(ToolFinished, run.events) == []
    request = only(ApprovalRequested, run.events)
    assert (request.tool_call_id, request.tool_name) == ("1", "echo")
    assert request.arguments == {"text": "three"}
    assert request.reason == "A policy asks before echo runs."
    assert only(ToolCalled, run.events).needs_approval is True

    run.requests.answer(request_id, APPROVE)
    events = await run.ended()
    assert only(RequestResolved, events).by == "Ada"
    assert only(ToolFinished, events).outcome == "success"
    assert run.told == ["three"]
    assert names(events)[1:] == [
        "tool_call",
        "approval_requested",
        "request_resolved",
        "tool_result",
        "message_delta",
        "final_answer",
        "run_finished",
    ]


async def test_a_call_that_is_allowed_says_nothing_of_approval() -> None:
    run = Asked(call(text="three"), "Three.", policy={"other": "ask"})
    events = await run.ended()
    assert only(ToolCalled, events).needs_approval is None
    assert of(ApprovalRequested, events) == []


async def test_a_denied_call_is_not_run_and_the_model_is_told_why() -> None:
    run = Asked(call(text="three"), "Then not.")
    [request_id] = await run.asked()
    run.requests.answer(request_id, Resolution("deny", "too risky", "Ada"))
    events = await run.ended()
    finished = only(ToolFinished, events)
    assert finished.outcome == "denied"
    assert run.told == ["Error: The user denied this call. They said: too risky"]
    assert only(RequestResolved, events).value == "too risky"
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_edited_arguments_are_what_runs_and_the_model_is_told_them() -> None:
    run = Asked(call(text="three"), "Four.")
    [request_id] = await run.asked()
    run.requests.answer(request_id, Resolution("approve", {"arguments": {"text": "four"}}))
    await run.ended()
    [told] = run.told
    assert told.startswith("The user changed the arguments before the call ran")
    assert '{"text": "four"}' in told
    assert told.endswith("\n\nfour")


async def test_edited_arguments_do_not_get_round_a_policy() -> None:
    policy: Policy = {"echo": (Rule(when={"text": "rm *"}, then="deny"), Rule(then="ask"))}
    run = Asked(call(text="ls"), "No.", policy=policy)
    [request_id] = await run.asked()
    run.requests.answer(request_id, Resolution("approve", {"arguments": {"text": "rm -r"}}))
    assert only(ToolFinished, await run.ended()).outcome == "denied"


async def test_always_consents_to_the_further_calls_of_that_tool_and_to_those_that_wait() -> None:
    tools = [echo(), echo("other")]
    policy: Policy = {"*": "ask"}
    run = Asked(
        [call("1", text="a"), call("2", text="b"), call("3", "other", text="c")],
        call("4", text="d"),
        "Done.",
        tools=tools,
        policy=policy,
    )
    first, second, third = await run.asked(3)
    run.requests.answer(first, Resolution("approve", {"always": True}, "Ada"))
    with pytest.raises(Conflict, match="closed already by Ada"):
        run.requests.get(second)
    run.requests.answer(third, Resolution("deny"))
    events = await run.ended()
    assert len(of(ApprovalRequested, events)) == 3
    assert [finished.outcome for finished in of(ToolFinished, events)].count("success") == 3


async def test_a_request_is_answered_once_and_the_second_answer_is_told_so() -> None:
    run = Asked(call(text="three"), "Three.")
    [request_id] = await run.asked()
    run.requests.answer(request_id, APPROVE)
    with pytest.raises(Conflict, match="closed already by Ada: it was approved") as caught:
        run.requests.answer(request_id, Resolution("deny"))
    assert caught.value.reason == "request_answered"
    with pytest.raises(NotFound, match="no open request 'r9'"):
        run.requests.answer("r9", APPROVE)
    assert only(ToolFinished, await run.ended()).outcome == "success"


@pytest.mark.parametrize(
    "wrong",
    [
        Resolution("answer", "yes"),
        Resolution("approve", "yes"),
        Resolution("approve", {"arguments": ["no object"]}),
        Resolution("approve", {"for_ever": True}),
    ],
)
async def test_an_answer_that_does_not_fit_leaves_the_request_open(wrong: Resolution) -> None:
    run = Asked(call(text="three"), "Three.")
    [request_id] = await run.asked()
    with pytest.raises(InvalidInput):
        run.requests.answer(request_id, wrong)
    run.requests.answer(request_id, APPROVE)
    assert only(ToolFinished, await run.ended()).outcome == "success"


@pytest.mark.parametrize(
    ("on_ask", "outcome", "told"),
    [
        ("approve", "success", "three"),
        ("deny", "denied", "Error: It was not run. Nobody is there to ask (on_ask='deny')."),
    ],
)
async def test_a_policy_in_advance_answers_in_place_of_people(
    on_ask: OnAsk, outcome: str, told: str
) -> None:
    run = Asked(call(text="three"), "Done.", on_ask=on_ask)
    events = await run.ended()
    assert only(ToolFinished, events).outcome == outcome
    assert only(RequestResolved, events).by == "on_ask"
    assert run.told == [told]


async def test_a_run_that_may_not_ask_fails_and_says_what_it_needed() -> None:
    events = await Asked(call(text="three"), "Done.", on_ask="fail").ended()
    finished = only(RunFinished, events)
    assert finished.status is TaskStatus.FAILED
    assert finished.error is not None
    assert finished.error.reason == "needs_answer"
    assert "consent to call echo" in finished.error.message
    assert of(RequestResolved, events) == []
    error = only(ToolFinished, events).error
    assert error is not None
    assert error.message == "Stopped with the run."  # why is said once, at its end


async def test_a_request_expires_when_it_was_given_a_limit() -> None:
    run = Asked(call(text="three"), "Done.", limits=Limits(ask_seconds=0.01))
    events = await run.ended()
    assert only(ApprovalRequested, events).expires_at is not None
    assert only(RequestResolved, events).decision == "expired"
    assert run.told == ["Error: Nobody answered in time, so it was not run."]


def test_a_request_cannot_expire_after_the_end_of_the_calendar() -> None:
    with pytest.raises(ValidationError, match="ask_seconds"):
        Limits(ask_seconds=1e12)


async def test_no_time_counts_while_somebody_is_asked() -> None:
    limits = Limits(seconds=0.2, tool_seconds=0.1, ask_seconds=0.5)
    events = await Asked(call(text="three"), "Done.", limits=limits).ended()
    assert only(RequestResolved, events).decision == "expired"
    assert only(ToolFinished, events).duration_ms < 500  # ask_seconds
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_the_time_of_a_call_counts_once_it_is_approved() -> None:
    async def hangs(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        await asyncio.Event().wait()
        return text("never")

    run = Asked(
        call(name="slow"),
        "Done.",
        tools=[AsyncTool("slow", hangs)],
        policy={"slow": "ask"},
        limits=Limits(tool_seconds=0.05),
    )
    [request_id] = await run.asked()
    run.requests.answer(request_id, APPROVE)
    error = only(ToolFinished, await run.ended()).error
    assert error is not None
    assert error.reason == "tool_time_limit"


async def test_cancelling_a_run_withdraws_what_it_asks() -> None:
    run = Asked(call(text="three"), "Three.")
    [request_id] = await run.asked()
    run.token.cancel()
    events = await run.ended()
    assert only(RunFinished, events).status is TaskStatus.CANCELLED
    with pytest.raises(Conflict, match="has stopped") as caught:
        run.requests.answer(request_id, APPROVE)
    assert caught.value.reason == "request_withdrawn"


@pytest.mark.parametrize(
    ("server", "agent", "arguments", "outcome"),
    [
        ({"echo": "deny"}, {"echo": "allow"}, {}, "denied"),
        ({"*": "deny"}, {}, {}, "denied"),
        ({"*": "deny", "echo": "allow"}, {}, {}, "success"),
        ({"echo": "allow"}, {"e*": "deny"}, {}, "denied"),
        ({}, {"*": "deny", "echo": "allow"}, {}, "success"),
        ({}, {"echo": (Rule(when={"text": "a*"}, then="deny"),)}, {"text": "abc"}, "denied"),
        ({}, {"echo": (Rule(when={"text": "a*"}, then="deny"),)}, {"text": "b"}, "success"),
        ({}, {"echo": (Rule(when={"n": "[[]1, 2]"}, then="deny"),)}, {"n": [1, 2]}, "denied"),
        ({}, {"echo": (Rule(when={"absent": "*"}, then="deny"),)}, {"text": "a"}, "success"),
    ],
)
async def test_the_narrowest_policy_that_speaks_decides_but_what_the_server_denies_stays_denied(
    server: Policy, agent: Policy, arguments: dict[str, Any], outcome: str
) -> None:
    run = Asked(call(**arguments), "Done.", server=server, policy={"x": "deny", **agent})
    assert only(ToolFinished, await run.ended()).outcome == outcome


async def test_the_agent_asks_a_question_and_is_told_the_answer() -> None:
    asks = call(name="ask_user", question="Which region?", choices=["North", "South"])
    run = Asked(asks, "North it is.", tools=[AskUser()])
    [request_id] = await run.asked()
    request = only(InputRequested, run.events)
    assert (request.question, request.choices) == ("Which region?", ["North", "South"])
    with pytest.raises(InvalidInput, match=r"one of \['North', 'South'\], not 'East'"):
        run.requests.answer(request_id, Resolution("answer", "East"))
    with pytest.raises(InvalidInput, match="is a question"):
        run.requests.answer(request_id, APPROVE)
    run.requests.answer(request_id, Resolution("answer", "North"))
    await run.ended()
    assert run.told == ["North"]


async def test_a_form_takes_only_values_that_fit_its_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"year": {"type": "integer", "minimum": 2000}},
        "required": ["year"],
    }
    run = Asked(
        call(name="ask_user", question="Which year?", answer_schema=schema),
        "Thanks.",
        tools=[AskUser()],
    )
    [request_id] = await run.asked()
    assert only(InputRequested, run.events).schema_ == schema
    for wrong in ({"year": 1999}, {}, "2001"):
        with pytest.raises(InvalidInput, match="does not fit"):
            run.requests.answer(request_id, Resolution("answer", wrong))
    run.requests.answer(request_id, Resolution("answer", {"year": 2001}))
    await run.ended()
    assert "2001" in run.told[0]


async def test_a_question_that_cannot_be_asked_is_told_to_the_model() -> None:
    schema = {"type": "object", "properties": {"year": {"type": "no type"}}}
    run = Asked(
        [
            call("1", "ask_user", question=""),
            call("2", "ask_user", question="?", answer_schema=schema),
            call("3", "ask_user", question="?", answer_schema={"type": "string"}),
            call("4", "ask_user", question="?", schema={}),
        ],
        "Sorry.",
        tools=[AskUser()],
    )
    events = await run.ended()
    assert [each.outcome for each in of(ToolFinished, events)] == ["failed"] * 4
    assert of(InputRequested, events) == []
    assert "it takes question, choices, answer_schema" in run.told[3]
    assert not any("pydantic" in told for told in run.told)


@pytest.mark.parametrize(
    "field",
    [
        {"$ref": "http://127.0.0.1:9/schema"},
        {"$ref": "#/properties/year"},
        {"type": "string", "pattern": "^(a+)+$"},
        {"anyOf": [{"$ref": "file:///etc/passwd"}]},
        True,
    ],
)
async def test_a_form_that_would_have_to_be_fetched_or_computed_is_not_asked(field: object) -> None:
    schema = {"type": "object", "properties": {"year": field}}
    run = Asked(
        call(name="ask_user", question="?", answer_schema=schema), "Sorry.", tools=[AskUser()]
    )
    assert only(ToolFinished, await run.ended()).outcome == "failed"
    assert "'year'" in run.told[0]


@pytest.mark.parametrize("ref", ["http://127.0.0.1:9/schema", "#/properties/year", "#/nowhere"])
async def test_a_tools_schema_is_never_fetched_and_its_question_can_still_be_denied(
    ref: str,
) -> None:
    schema = {"type": "object", "properties": {"year": {"$ref": ref}}}

    async def ask(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        resolution = await context.request(
            InputRequested(request_id="", question="?", schema=schema)
        )
        return text(resolution.decision)

    run = Asked(call(name="form"), "Well.", tools=[AsyncTool("form", ask)])
    [request_id] = await run.asked()
    with pytest.raises(InvalidInput, match="leads nowhere"):
        run.requests.answer(request_id, Resolution("answer", {"year": 1}))
    run.requests.answer(request_id, Resolution("deny"))
    await run.ended()
    assert run.told == ["deny"]


async def test_a_question_that_nobody_answers_is_denied() -> None:
    run = Asked(call(name="ask_user", question="?"), "Well.", tools=[AskUser()], on_ask="approve")
    assert only(ToolFinished, await run.ended()).outcome == "denied"
    assert "Nobody is there to ask" in run.told[0]


async def test_a_run_without_anybody_to_ask_denies() -> None:
    provider = ScriptedProvider([call(text="three"), "Done."])
    tools = guarded([echo()], ({"echo": "ask"},))
    events = await collect(react(AGENT, "?", gateway=gateway_of(provider), tools=tools))
    assert only(ToolFinished, events).outcome == "denied"
    assert (await nobody_to_ask(only(ApprovalRequested, events))).decision == "deny"


async def test_a_soft_limit_asks_and_goes_on_for_as_much_again() -> None:
    turns = [call(str(n), text="x") for n in range(4)]
    run = Asked(
        *turns,
        "Done.",
        policy={"x": "ask"},
        limits=Limits.model_validate({"soft": {"requests": 2}}),
    )
    first = (await run.asked())[0]
    question = only(InputRequested, run.events).question
    assert question == "This run has used 2 of 2 requests, its soft limit. Shall it go on?"
    run.requests.answer(first, Resolution("answer", "Go on"))
    second = (await run.asked(2))[1]
    assert len(run.provider.requests) == 4
    run.requests.answer(second, Resolution("answer", "Go on"))
    events = await run.ended()
    assert only(FinalAnswer, events).text == "Done."


async def test_a_soft_limit_ends_the_run_when_nobody_agrees_to_go_on() -> None:
    run = Asked(
        call(text="x"),
        "Done.",
        policy={},
        limits=Limits.model_validate({"soft": {"tool_calls": 1}}),
    )
    [request_id] = await run.asked()
    run.requests.answer(request_id, Resolution("answer", "Stop"))
    error = only(RunFinished, await run.ended()).error
    assert error is not None
    assert error.reason == "soft_limit"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"requests": 1}, "1 of 1 requests (limits.requests)"),
        ({"input_tokens": 50}, "60 of 50 input tokens (limits.input_tokens)"),
        ({"output_tokens": 5}, "7 of 5 output tokens"),
        ({"total_tokens": 60}, "67 of 60 total tokens"),
        ({"cost": 0.25}, "$0.5 of $0.25 (limits.cost)"),
    ],
)
async def test_a_hard_limit_ends_the_run_with_its_reason(limits: dict[str, Any], told: str) -> None:
    run = Asked(
        [call(text="x"), TokenUsage(60, 7, cost=0.5)], "Done.", policy={}, limits=Limits(**limits)
    )
    finished = only(RunFinished, await run.ended())
    assert finished.status is TaskStatus.FAILED
    assert finished.error is not None
    assert finished.error.reason == "limit"
    assert told in finished.error.message
    assert len(run.provider.requests) == 1


async def test_calls_beyond_their_limit_are_not_run_and_the_model_is_told_so() -> None:
    run = Asked(
        [call("1", text="a"), call("2", text="b")], "Done.", policy={}, limits=Limits(tool_calls=1)
    )
    outcomes = [each.outcome for each in of(ToolFinished, await run.ended())]
    assert outcomes == ["success", "failed"]
    error = only(RunFinished, run.events).error
    assert error is not None
    assert "2 of 1 tool calls (limits.tool_calls)" in error.message


async def test_a_model_that_has_used_all_its_calls_may_still_answer() -> None:
    run = Asked(call(text="a"), "Done.", policy={}, limits=Limits(tool_calls=1))
    assert only(FinalAnswer, await run.ended()).text == "Done."


async def test_a_limit_of_cost_that_cannot_hold_is_said_once() -> None:
    turns = [[call(str(n), text="x"), TokenUsage(1, 1)] for n in range(2)]
    run = Asked(*turns, "Done.", policy={}, limits=Limits(cost=1))
    warnings = [each for each in of(Warned, await run.ended()) if each.reason == "cost_unknown"]
    assert len(warnings) == 1
