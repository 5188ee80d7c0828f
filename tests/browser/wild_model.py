"""A server extension for tests: ``hostile:N`` says hostile texts, from the N-th on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.llm.protocol import (
    ChatMessage,
    LLMResponse,
    Notice,
    Piece,
    TextPiece,
    ThinkingPiece,
    ToolCall,
)
from agentkit.llm.streaming import Streaming
from tests.hostile.corpus import PAYLOADS

TURNS = 12
A_TURN = 4


class HostileModel(Streaming):
    """Says some payloads a turn, in pieces as a model does; calls ``show``, at the end ``ask_user``."""

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Go on from where the conversation stands."""
        done = sum(message.role == "tool" for message in messages)
        start = int(model or "0") + done * A_TURN
        some = [PAYLOADS[(start + number) % len(PAYLOADS)] for number in range(A_TURN)]
        yield ThinkingPiece("\n".join(each.text for each in some))
        yield Notice(some[0].text, some[0].text)
        text = "\n\n".join(each.text for each in some)
        for at in range(0, len(text), 7):
            yield TextPiece(text[at : at + 7])
        if done > TURNS:
            yield LLMResponse(text, some[0].text)
            return
        # Every other call is refused for an argument that its tool does not have.
        strange = {some[1].text: some[2].text} if done % 2 else {}
        arguments: dict[str, Any] = {"number": done + start // A_TURN, **strange}
        call = ToolCall(f'"><img src=/canary-here/0 onerror=__hit(0)>{done}', "show", arguments)
        if done == TURNS:
            asked = {"question": text, "choices": [each.text for each in some]}
            call = ToolCall("ask", "ask_user", asked)
        yield LLMResponse(text, some[0].text, tool_calls=[call], finish_reason="tool_calls")


# Jupyter Server looks these two up by name, and loads extensions in the order of theirs: after ours.
def _jupyter_server_extension_points() -> list[dict[str, str]]:  # pyright: ignore[reportUnusedFunction]
    return [{"module": "wild_model"}]


def _load_jupyter_server_extension(server: Any) -> None:  # pyright: ignore[reportUnusedFunction]
    gateway = server.web_app.settings["jupyter_agentkit"].hub.executor.gateway
    gateway.register_provider("hostile", HostileModel())
