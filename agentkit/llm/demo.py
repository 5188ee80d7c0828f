"""The demo provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence

from agentkit.core.protocol import ToolSpec
from agentkit.llm.caller import whole
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece
from agentkit.llm.scripted import Request, ScriptedProvider, Turn


class DemoProvider:
    """A provider without a language model.

    Parameters
    ----------
    script
        Turns to play instead of the rules (see ``agentkit.llm.scripted``).

    Attributes
    ----------
    requests
        What it was asked, when it follows a script.
    """

    streaming = True
    simulated = True
    default_model = "rules"

    def __init__(self, script: Iterable[Turn] | None = None) -> None:
        self._script = None if script is None else ScriptedProvider(script)

    @property
    def requests(self) -> list[Request]:
        return [] if self._script is None else self._script.requests

    async def chat(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> LLMResponse:
        return await whole(self.stream(messages, model=model, tools=tools))

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        if self._script is not None:
            return self._script.stream(messages, model=model, tools=tools)
        raise NotImplementedError
