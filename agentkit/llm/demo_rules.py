"""The rules of the demo provider, applied to a conversation; ``agentkit.llm.demo`` tells what they are."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.core.protocol import ToolSpec
from agentkit.llm.demo import MODEL
from agentkit.llm.demo_answer import Finished, answer, refusal
from agentkit.llm.demo_arguments import known_values
from agentkit.llm.demo_calls import Choice, choose, lookup_for
from agentkit.llm.demo_question import Question
from agentkit.llm.protocol import ChatMessage, LLMResponse, ToolCall

_MOST_TURNS = 3


def respond(messages: Sequence[ChatMessage], tools: Sequence[ToolSpec]) -> LLMResponse:
    """Apply the rules to a conversation: the same one always gets the same response."""
    asked = max((i for i, message in enumerate(messages) if message.role == "user"), default=-1)
    question = Question(messages[asked].content if asked >= 0 else "")
    since = messages[asked + 1 :]
    done = finished(since)
    called = frozenset(entry.call.name for entry in done)
    known = [
        value
        for message in messages
        if message.role == "tool" and not message.failed
        for value in known_values(message.name or "", message.content)
    ]
    choices = choose(question, tools, known)
    turns = sum(bool(message.tool_calls) for message in since)
    if turns < _MOST_TURNS:
        said, wanted = _next(choices, tools, called)
        if wanted:
            number = sum(len(message.tool_calls) for message in messages)
            calls = [
                ToolCall(f"call_{number + i}", tool.name, arguments)
                for i, (tool, arguments) in enumerate(wanted, start=1)
            ]
            return LLMResponse(said, MODEL, tool_calls=calls, finish_reason="tool_calls")
    if done:
        return LLMResponse(answer(question, done, choices), MODEL)
    return LLMResponse(refusal(choices, tools), MODEL)


def finished(messages: Sequence[ChatMessage]) -> list[Finished]:
    """The calls of these messages that have ended, in order."""
    calls = {call.id: call for message in messages for call in message.tool_calls}
    return [
        Finished(calls[message.tool_call_id], message.content, message.failed)
        for message in messages
        if message.role == "tool" and message.tool_call_id in calls
    ]


def _next(
    choices: Sequence[Choice], tools: Sequence[ToolSpec], called: frozenset[str]
) -> tuple[str, list[tuple[ToolSpec, dict[str, object]]]]:
    """The next stage of calls that is not done, and the sentence that announces it."""
    for choice in choices:
        if choice.unfilled and (lookup := lookup_for(choice, tools, called)):
            names = " and ".join(f"`{name}`" for name in choice.unfilled)
            return f"First `{lookup.name}`, to find values for {names}.", [(lookup, {})]
    for draws in (False, True):
        ready = [
            choice
            for choice in choices
            if choice.draws == draws and choice.calls and choice.tool.name not in called
        ]
        if ready:
            names = " and ".join(f"`{choice.tool.name}`" for choice in ready)
            count = sum(len(choice.calls) for choice in ready)
            times = f", {count} calls" if count > len(ready) else ""
            start = "Drawing with" if draws else "Looking at this with"
            return f"{start} {names}{times}.", [
                (choice.tool, dict(arguments)) for choice in ready for arguments in choice.calls
            ]
    return "", []
