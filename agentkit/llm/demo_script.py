"""The demo provider's other way to answer: it calls tools by a script, for shows that must not vary.

A script makes the calls; what is told of them is composed from what the tools returned. It is played for
the first question of a conversation; further ones are answered by the rules of ``agentkit.llm.demo``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from agentkit.core.protocol import ScriptedTurn, ToolSpec
from agentkit.llm.demo import DemoProvider, spoken
from agentkit.llm.demo_answer import report
from agentkit.llm.demo_rules import finished
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece, ToolCall
from agentkit.llm.streaming import Streaming

MODEL = "demo-script"


class DemoScript(Streaming):
    """A simulated provider that plays a script.

    Parameters
    ----------
    script
        What it says and calls, turn by turn. A last turn without calls opens its answer.
    rules
        Answers what the script was not written for.
    """

    simulated = True
    default_model = MODEL

    def __init__(self, script: Sequence[ScriptedTurn], rules: DemoProvider) -> None:
        self._script = script
        self._rules = rules

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Play the turn that is due, word by word."""
        questions = [i for i, message in enumerate(messages) if message.role == "user"]
        if len(questions) != 1:
            return self._rules.stream(messages, model=model, tools=tools)
        return spoken(self._turn(messages[questions[0] + 1 :]), self._rules.pace)

    def _turn(self, since: Sequence[ChatMessage]) -> LLMResponse:
        number = sum(bool(message.tool_calls) for message in since)
        turn = self._script[number] if number < len(self._script) else ScriptedTurn()
        if not turn.calls:
            last_turn: set[str] = set()
            for message in since:
                last_turn = {call.id for call in message.tool_calls} or last_turn
            told = [entry for entry in finished(since) if entry.call.id in last_turn]
            return LLMResponse(report(turn.say, told), MODEL)
        calls = [
            ToolCall(f"call_{number + 1}_{place}", call.tool, dict(call.arguments))
            for place, call in enumerate(turn.calls, 1)
        ]
        return LLMResponse(turn.say, MODEL, tool_calls=calls, finish_reason="tool_calls")
