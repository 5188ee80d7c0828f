"""A conversation's earlier turns, cut to what a model can be given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentkit.core.protocol import ToolSpec
from agentkit.llm.protocol import ChatMessage

CHARS_A_TOKEN = 3
"""Characters that a token has at the least in ordinary text, so that the estimate is rather too high."""

ANSWER_TOKENS = 16_000
"""Tokens of a window that are kept free for what a run itself says, or a quarter of a small one."""


class History:
    """The earlier turns that a run still tells its model.

    A turn is a question with all that followed it, so that a tool's call and result stay together.
    """

    def __init__(self, messages: Sequence[ChatMessage]) -> None:
        self._turns: list[list[ChatMessage]] = []
        for message in messages:
            if message.role == "user" or not self._turns:
                self._turns.append([])
            self._turns[-1].append(message)
        self._asked = len(self._turns)

    @property
    def messages(self) -> list[ChatMessage]:
        """What is left of it, in order."""
        return [message for turn in self._turns for message in turn]

    def __bool__(self) -> bool:
        return bool(self._turns)

    def fit(self, tokens: int) -> str | None:
        """Keep the last turns that have no more than ``tokens``; what to tell the reader, if any went."""
        keep, used = 0, 0
        for turn in reversed(self._turns):
            used += estimated_tokens(turn)
            if used > tokens:
                break
            keep += 1
        return self._keep(keep)

    def halve(self) -> str | None:
        """Leave out the older half; what to tell the reader, if any went."""
        return self._keep(len(self._turns) // 2)

    def _keep(self, turns: int) -> str | None:
        if turns == len(self._turns):
            return None
        self._turns = self._turns[len(self._turns) - turns :]
        left_out = self._asked - turns
        return (
            f"The model was not given the first {left_out} of the conversation's {self._asked} earlier"
            " turns: they are too long for it."
        )


def estimated_tokens(messages: Iterable[ChatMessage]) -> int:
    """About how many tokens messages have; more, rather than fewer."""
    chars = sum(
        len(message.content) + sum(len(str(call.arguments)) for call in message.tool_calls)
        for message in messages
    )
    return chars // CHARS_A_TOKEN


def room_for_history(window: int, rest: Iterable[ChatMessage], tools: Iterable[ToolSpec]) -> int:
    """Tokens that a window leaves to earlier turns, beside what has to be said and the answer."""
    described = sum(len(tool.model_dump_json()) for tool in tools) // CHARS_A_TOKEN
    answer = min(window // 4, ANSWER_TOKENS)
    return max(0, window - answer - described - estimated_tokens(rest))
