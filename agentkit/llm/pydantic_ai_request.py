"""One request through pydantic-ai: its model, what is sent, and the answer. Imports pydantic-ai."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, cast

from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse, infer_model
from pydantic_ai.providers import Provider, infer_provider, infer_provider_class
from pydantic_ai.settings import ModelSettings

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderNotReady, ProviderRejected
from agentkit.llm.protocol import ChatMessage, LLMResponse, TextPiece, ThinkingPiece
from agentkit.llm.pydantic_ai_wire import read_response, written_messages, written_tool

_SAY_WHY_THEY_END = frozenset({"OpenAIStreamedResponse", "AnthropicStreamedResponse"})
"""Streams of which the last event names a reason: without one they were cut."""


def connected(vendor: str, model: str, key: str | None, base_url: str | None, name: str) -> Model:
    """A vendor's model with a client of its own.

    Raises
    ------
    ProviderNotReady
        A package or a key is missing.
    ProviderRejected
        There is no such vendor or model, or it takes no base URL.
    """

    def provider_of(asked: str) -> Provider[Any]:
        given = {k: v for k, v in (("api_key", key), ("base_url", base_url)) if v is not None}
        return infer_provider_class(asked)(**given) if given else infer_provider(asked)

    try:
        found = infer_model(f"{vendor}:{model}", provider_of)
    except ImportError as error:
        raise ProviderNotReady(f"{name} cannot ask {vendor}: {error}") from None
    except (ValueError, TypeError) as error:
        what = "there is no vendor of that name" if isinstance(error, ValueError) else str(error)
        raise ProviderRejected(
            f"{name} cannot ask {vendor!r}: {what}", reason="unknown_model"
        ) from None
    except UserError as error:
        told = str(error).partition(" To try Pydantic AI without")[0]
        if told.startswith("Unknown model"):
            raise ProviderRejected(f"{name}: {told}", reason="unknown_model") from None
        raise ProviderNotReady(f"{name} cannot ask {vendor}: {told}") from None
    # The SDKs would ask again by themselves, unseen.
    client: Any = getattr(found.provider, "client", None)
    if isinstance(getattr(client, "max_retries", None), int):
        client.max_retries = 0
    return found


class Request:
    """What is asked of a model, and what it answered when the stream is drained.

    Attributes
    ----------
    response
        The whole; ``None`` until then, and when the stream ended before its end.
    """

    def __init__(
        self,
        model: Model,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolSpec],
        *,
        settings: Mapping[str, Any],
        images: bool,
    ) -> None:
        self.response: LLMResponse | None = None
        self._model = model
        self._messages = written_messages(messages, images=images)
        self._settings = cast("ModelSettings", dict(settings))
        self._parameters = ModelRequestParameters(
            function_tools=[written_tool(tool) for tool in tools]
        )

    async def stream(self) -> AsyncGenerator[TextPiece | ThinkingPiece]:
        """Ask, and give what is to be shown."""
        async with (
            self._model,
            model_request_stream(
                self._model,
                self._messages,
                model_settings=self._settings,
                model_request_parameters=self._parameters,
                instrument=False,
            ) as stream,
        ):
            async for event in stream:
                piece = _shown(event)
                if piece is not None and piece.text:
                    yield piece
            answer = stream.get()
            if not _cut(stream, answer):
                self.response = read_response(answer)


def _shown(event: object) -> TextPiece | ThinkingPiece | None:
    match event:
        case PartStartEvent(part=TextPart(content=text)):
            return TextPiece(text)
        case PartStartEvent(part=ThinkingPart(content=text)):
            return ThinkingPiece(text)
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return TextPiece(text)
        case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=text)):
            return ThinkingPiece(text or "")
        case _:
            return None


def _cut(stream: StreamedResponse, answer: ModelResponse) -> bool:
    if answer.state != "complete":
        return True
    kinds = {base.__name__ for base in type(stream).__mro__}
    said_why = "finish_reason" in (answer.provider_details or {}) or answer.finish_reason not in (
        None,
        "stop",
    )
    return bool(kinds & _SAY_WHY_THEY_END) and not said_why
