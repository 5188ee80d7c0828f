"""The chat completions of OpenAI, and of the many servers that speak the same dialect.

Wire format: https://platform.openai.com/docs/api-reference/chat-streaming. With a base URL it asks
Ollama, vLLM, llama-server, LM Studio and others; those need no key.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderRejected
from agentkit.llm.caller import whole
from agentkit.llm.openai_wire import Answer, written_messages, written_tool
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece
from agentkit.llm.sdk import CONNECT_SECONDS, Dialect, broke_off, in_our_words

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

DEFAULT_MODEL = "gpt-5.4-mini"

_DIALECT = Dialect("openai", "OPENAI_API_KEY")
_OPENAI = "https://api.openai.com/v1"


class OpenAIProvider:
    """Asks a server that speaks OpenAI's chat completions.

    Parameters
    ----------
    api_key
        Left out, ``OPENAI_API_KEY``. A server with its own ``base_url`` needs none.
    base_url
        Left out, ``OPENAI_BASE_URL``, else OpenAI itself.
    default_model
        Left out, a small model of OpenAI's; with a ``base_url`` there is no default.
    images
        Whether pictures are sent. Left out, they are sent to OpenAI alone: many other servers refuse
        a request that holds one.
    silence
        Seconds that the server may be silent before the call fails.
    environ
        Where the variables are looked up, at each call.
    """

    streaming = True

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        default_model: str | None = None,
        *,
        images: bool | None = None,
        silence: float = 300,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._default_model = default_model
        self._images = images
        self._silence = silence
        self._environ = environ

    @property
    def default_model(self) -> str:
        """The model that is asked when none is named; empty when there is none."""
        return self._default_model or ("" if self._url else DEFAULT_MODEL)

    @property
    def missing(self) -> str | None:
        """What to install or set; found without importing the SDK."""
        return _DIALECT.missing(self._api_key, self._environ, needs_key=self._is_openai)

    async def chat(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> LLMResponse:
        """Ask, and give the whole answer."""
        return await whole(self.stream(messages, model=model, tools=tools))

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Ask, and give the answer piece by piece.

        Raises
        ------
        ProviderNotReady
            The package or the key is missing.
        ProviderUnavailable, ProviderRejected
            See ``agentkit.llm.sdk``.
        """
        key = _DIALECT.key(self._api_key, self._environ, needs_key=self._is_openai)
        asked = model or self.default_model
        if not asked:
            raise ProviderRejected(
                f"openai at {self._url}: no model is named; name it as openai:MODEL, in the agent or "
                "in AGENTKIT_MODEL"
            )
        request: dict[str, Any] = {
            "model": asked,
            "messages": written_messages(messages, images=self._sends_images),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            request["tools"] = [written_tool(tool) for tool in tools]
        answer = Answer(asked)
        with in_our_words(_DIALECT, asked, self._url, key):
            async with await asyncio.to_thread(self._client, key) as client:
                chunks = cast(
                    "AsyncStream[ChatCompletionChunk]",
                    await client.chat.completions.create(**request),
                )
                async with chunks:
                    async for chunk in chunks:
                        for piece in answer.take(chunk):
                            yield piece
        if answer.finish_reason is None:
            raise broke_off(_DIALECT)
        yield answer.response()

    def _client(self, key: str) -> AsyncOpenAI:
        from openai import AsyncOpenAI, Timeout

        return AsyncOpenAI(
            api_key=key,
            base_url=self._url or _OPENAI,
            max_retries=0,
            timeout=Timeout(self._silence, connect=min(CONNECT_SECONDS, self._silence)),
        )

    @property
    def _url(self) -> str | None:
        return self._base_url or self._environ.get("OPENAI_BASE_URL") or None

    @property
    def _is_openai(self) -> bool:
        return self._url is None or "//api.openai.com" in self._url

    @property
    def _sends_images(self) -> bool:
        return self._is_openai if self._images is None else self._images
