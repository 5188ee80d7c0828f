"""Runs that ask before they act, answered from Python; and what agents may do unasked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from agentkit.core.events import InputRequested
from agentkit.core.protocol import ToolSpec
from agentkit.errors import Conflict, InvalidInput, NotFound
from agentkit.llm.protocol import ToolCall
from agentkit.tools.protocol import Tool, ToolContext, ToolResult
from jupyter_agentkit import Agent, AgentRun, AgentRunError, tool
from tests.jupyter_agentkit.kernel.server import AgentServer, ServeScript

DROP = ToolCall("1", "drop", {"table": "sales"})


class Dropped:
    """A function of the notebook that should be asked for, and what it was called with."""

    def __init__(self, policy: Any = "ask") -> None:
        self.tables: list[str] = []

        def drop(table: str) -> str:
            self.tables.append(table)
            return f"dropped {table}"

        self.tool = tool(drop, policy=policy)


class Question(Tool):
    """Asks what a test wants to be asked."""

    spec = ToolSpec(name="question")

    def __init__(self, **request: Any) -> None:
        self._request = request

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        said = await context.request(InputRequested(request_id="", **self._request))
        return ToolResult("success", {"text/plain": f"{said.decision}: {said.value}"})


def until(run: AgentRun, there: Callable[[], bool]) -> None:
    """Wait until a trait of the run has changed so that ``there()``."""
    changed = threading.Event()
    run.observe(lambda _: changed.set() if there() else None)  # pyright: ignore
    assert there() or changed.wait(20)


def asked(run: AgentRun, count: int = 1) -> None:
    until(run, lambda: len(run.requests) == count and run.status == "input_required")


def told(server: AgentServer) -> list[str]:
    messages = server.provider.requests[-1].messages
    return [str(message.content) for message in messages if message.role == "tool"]


def test_an_approved_call_runs_in_the_kernel_and_only_then(serve: ServeScript) -> None:
    server = serve([DROP], ["Gone."])
    dropped = Dropped()

    run = Agent("a", tools=[dropped.tool]).run("Go")
    asked(run)
    assert dropped.tables == []
    [request] = run.requests
    assert (request.kind, request.tool, request.arguments) == ("approval", "drop", DROP.arguments)
    assert repr(request) == '<r1: may drop be called with {"table": "sales"}?>'
    run.answer("approve")
    assert run.requests == ()

    assert run.wait(20) == "Gone."
    assert dropped.tables == ["sales"]
    assert told(server) == ["dropped sales"]
    resolved = next(step for step in run.steps if step["event_type"] == "request_resolved")
    assert resolved["by"] == "the notebook"


def test_a_denied_call_is_not_run_and_the_agent_is_told_why(serve: ServeScript) -> None:
    server = serve([DROP], ["Then not."])
    dropped = Dropped()

    run = Agent("a", tools=[dropped.tool]).run("Go")
    asked(run)
    run.answer("deny", reason="it is needed")

    assert run.wait(20) == "Then not."
    assert dropped.tables == []
    assert "it is needed" in told(server)[0]


def test_a_call_runs_with_the_arguments_that_were_consented_to(serve: ServeScript) -> None:
    serve([DROP], ["Gone."])
    dropped = Dropped()

    run = Agent("a", tools=[dropped.tool]).run("Go")
    asked(run)
    run.answer("approve", arguments={"table": "scratch"})

    run.wait(20)
    assert dropped.tables == ["scratch"]


def test_arguments_that_a_policy_denies_cannot_be_consented_to(serve: ServeScript) -> None:
    serve([DROP], ["Then not."])
    dropped = Dropped()
    policy = {"drop": [{"when": {"table": "users*"}, "then": "deny"}]}

    run = Agent("a", tools=[dropped.tool], policy=policy).run("Go")
    asked(run)
    with pytest.raises(InvalidInput, match="A policy forbids drop"):
        run.answer("approve", arguments={"table": "users_2"})
    assert len(run.requests) == 1
    run.answer("deny")

    run.wait(20)
    assert dropped.tables == []


def test_always_answers_the_further_calls_of_that_tool_too(serve: ServeScript) -> None:
    second = ToolCall("2", "drop", {"table": "b"})
    serve([DROP], [second], ["Gone."])
    dropped = Dropped()

    run = Agent("a", tools=[dropped.tool]).run("Go")
    asked(run)
    run.answer("approve", always=True)

    assert run.wait(20) == "Gone."
    assert dropped.tables == ["sales", "b"]


def test_of_several_requests_one_has_to_be_named(serve: ServeScript) -> None:
    serve([DROP, ToolCall("2", "drop", {"table": "b"})], ["Done."])
    dropped = Dropped()

    run = Agent("a", tools=[dropped.tool]).run("Go")
    asked(run, 2)
    with pytest.raises(Conflict, match=r'asks 2 things(.|\n)*r1: may drop(.|\n)*{"table": "b"}'):
        run.answer("approve")
    run.answer("deny", request="r1")
    run.answer("approve", request=run.requests[0])

    run.wait(20)
    assert dropped.tables == ["b"]


def test_a_run_that_asks_nothing_says_so(serve: ServeScript) -> None:
    serve(["Hello."])
    run = Agent("a").run("Go")
    run.wait(20)

    with pytest.raises(NotFound, match="asks nothing at present"):
        run.answer("approve")


def test_the_second_answer_is_told_who_gave_the_first(serve: ServeScript) -> None:
    serve([DROP, ToolCall("2", "drop", {"table": "b"})], ["Done."])
    run = Agent("a", tools=[Dropped().tool]).run("Go", task_id="shared")
    asked(run, 2)
    elsewhere = AgentRun("shared")
    asked(elsewhere, 2)
    request = elsewhere.requests[0]

    run.answer("approve", request=request.id)
    with pytest.raises(Conflict, match="closed already by the notebook: it was approved"):
        elsewhere.answer("deny", request=request)

    run.answer("deny", request="r2")
    run.wait(20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"answer": "yes"}, "whether drop may be called: answer 'approve' or 'deny', not 'yes'"),
        ({"answer": "deny", "always": True}, "go with an approval"),
        ({"answer": "approve", "reason": "why not"}, "A reason goes with a denial"),
        ({"answer": "approve", "arguments": ["x"]}, "has to be a dict"),
        ({"answer": "approve", "arguments": {"table": object()}}, "cannot be written as JSON"),
    ],
)
def test_what_is_no_answer_is_refused_and_the_request_stays_open(
    serve: ServeScript, arguments: dict[str, Any], message: str
) -> None:
    serve([DROP], ["Done."])
    run = Agent("a", tools=[Dropped().tool]).run("Go")
    asked(run)

    with pytest.raises(InvalidInput, match=message):
        run.answer(**arguments)

    assert len(run.requests) == 1
    run.answer("deny")
    run.wait(20)


def test_a_question_is_answered_with_its_value(serve: ServeScript) -> None:
    server = serve([ToolCall("1", "question", {})], ["Noted."])
    ask = Question(question="Which?", choices=["North", "South"])
    server.hub.executor.tools.register(ask)

    run = Agent("a", tools=["question"]).run("Go")
    asked(run)
    assert repr(run.requests[0]) == "<r1: Which? One of ['North', 'South'].>"
    with pytest.raises(InvalidInput, match="one of"):
        run.answer("East")
    run.answer("North")

    run.wait(20)
    assert told(server) == ["answer: North"]


def test_a_question_may_be_left_unanswered(serve: ServeScript) -> None:
    server = serve([ToolCall("1", "question", {})], ["Noted."])
    server.hub.executor.tools.register(Question(question="Which?"))

    run = Agent("a", tools=["question"]).run("Go")
    asked(run)
    run.answer(None, reason="look it up")

    run.wait(20)
    assert told(server) == ["deny: look it up"]


def test_an_observer_of_the_requests_may_answer_them(serve: ServeScript) -> None:
    serve([DROP], ["Gone."])
    dropped = Dropped()
    run = Agent("a", tools=[dropped.tool]).run("Go", task_id="observed")

    def answer(change: Any) -> None:
        if change["new"]:
            run.answer("approve")

    run.observe(answer, "requests")  # pyright: ignore[reportUnknownMemberType]
    if run.requests:
        run.answer("approve")

    assert run.wait(20) == "Gone."


@pytest.mark.parametrize(
    ("on_ask", "tables"), [("approve", ["sales"]), ("deny", [])], ids=["approve", "deny"]
)
def test_an_answer_in_advance_is_taken_for_everything(
    serve: ServeScript, on_ask: Any, tables: list[str]
) -> None:
    serve([DROP], ["Done."])
    dropped = Dropped()

    run = Agent("a", tools=[dropped.tool]).run("Go", on_ask=on_ask)

    assert run.wait(20) == "Done."
    assert dropped.tables == tables


def test_a_run_that_shall_not_ask_fails_instead(serve: ServeScript) -> None:
    serve([DROP], ["Never."])
    dropped = Dropped()

    with pytest.raises(AgentRunError, match=r"nobody is there to ask.*on_ask='approve'") as caught:
        Agent("a", tools=[dropped.tool]).run("Go", on_ask="fail").wait(20)

    assert caught.value.reason == "needs_answer"
    assert dropped.tables == []


def test_an_unknown_way_not_to_ask_names_the_known_ones(serve: ServeScript) -> None:
    serve()
    with pytest.raises(InvalidInput, match="'approve', 'deny', 'fail', not 'maybe'"):
        Agent("a").run("Go", on_ask="maybe")  # pyright: ignore[reportArgumentType]


def test_a_function_that_a_policy_denies_is_never_called(serve: ServeScript) -> None:
    server = serve([DROP], ["Then not."])
    dropped = Dropped("deny")

    run = Agent("a", tools=[dropped.tool]).run("Go")

    assert run.wait(20) == "Then not."
    assert dropped.tables == []
    assert "A policy forbids drop" in told(server)[0]
    call = next(step for step in run.steps if step["event_type"] == "tool_call")
    assert call["runs_in"] == "server"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, {"drop": "ask"}),
        ({"drop": "allow"}, {"drop": "allow"}),
        ({"*": "allow"}, {"*": "allow"}),
        ({"other": "deny"}, {"other": "deny", "drop": "ask"}),
    ],
)
def test_the_agents_policy_counts_before_the_tools_own(
    policy: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    agent = Agent("a", tools=[Dropped().tool], policy=policy)

    assert agent.config.model_dump()["policy"] == expected


def test_a_tools_own_policy_stands_behind_the_agents_rules_for_some_of_its_calls() -> None:
    rules = [{"when": {"table": "tmp_*"}, "then": "allow"}]

    agent = Agent("a", tools=[Dropped().tool], policy={"d*": rules})

    last: dict[str, Any] = {"when": {}, "then": "ask"}
    assert agent.config.model_dump(mode="json")["policy"]["drop"] == [*rules, last]


@pytest.mark.parametrize("policy", ["maybe", 3])
def test_a_verdict_that_is_none_is_refused(policy: Any) -> None:
    with pytest.raises(InvalidInput, match="'allow', 'ask' or 'deny'"):
        Dropped(policy)
    with pytest.raises(InvalidInput, match="policy: drop"):
        Agent("a", policy={"drop": policy})


def test_a_decorated_tool_takes_a_policy_later_and_keeps_its_schema() -> None:
    @tool
    def drop(table: str) -> None:
        """Drop a table."""

    asking = tool(drop, policy="ask")

    assert asking.spec == drop.spec
    assert (drop.policy, asking.policy) == ("allow", "ask")


def test_a_run_goes_on_with_the_conversation_of_an_earlier_one(serve: ServeScript) -> None:
    server = serve(["I am Ada."], ["Ada, as I said."], ["Still Ada."])
    agent = Agent("a")

    first = agent.run("Who are you?")
    first.wait(20)
    second = agent.run("Again?", thread=first)
    second.wait(20)
    third = agent.run("And now?", thread=second.thread)
    third.wait(20)

    said = [str(message.content) for message in server.provider.requests[2].messages]
    assert said[-5:] == ["Who are you?", "I am Ada.", "Again?", "Ada, as I said.", "And now?"]
    assert first.thread == second.thread == third.thread == first.task_id


def test_a_conversation_whose_last_run_goes_on_takes_no_further_question(
    serve: ServeScript,
) -> None:
    serve([DROP], ["Gone."])
    agent = Agent("a", tools=[Dropped().tool])
    run = agent.run("Go")
    asked(run)

    with pytest.raises(Conflict, match="has a run that goes on"):
        agent.run("And?", thread=run)

    run.answer("deny")
    run.wait(20)


@pytest.mark.parametrize("thread", [3, ["talk"]])
def test_what_is_no_conversation_is_refused(serve: ServeScript, thread: Any) -> None:
    serve()
    with pytest.raises(InvalidInput, match="thread has to be the name of a conversation"):
        Agent("a").run("Go", thread=thread)


def test_a_wait_that_is_no_number_says_so(serve: ServeScript) -> None:
    serve(["Hello."])
    run = Agent("a").run("Go")

    with pytest.raises(InvalidInput, match="a number of seconds, not 'a'"):
        run.wait("a")  # pyright: ignore[reportArgumentType]

    run.wait(20)
