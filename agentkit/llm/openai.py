"""The chat completions of OpenAI, and of the many servers that speak the same dialect.

Wire format: https://platform.openai.com/docs/api-reference/chat-streaming. With a base URL it asks
Ollama, vLLM, llama-server, LM Studio and others, most of which need no key.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderNotReady, ProviderRejected
from agentkit.llm.faults import Call, broke_off, in_our_words, no_answer
from agentkit.llm.openai_wire import Answer, written_messages, written_tool
from agentkit.llm.protocol import ChatMessage, Piece
from agentkit.llm.sdk import CONNECT_SECONDS, NO_KEY, Access
from agentkit.llm.streaming import Streaming

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

DEFAULT_MODEL = "gpt-5.4-mini"

_OPENAI = "https://api.openai.com/v1"


class OpenAIProvider(Streaming):
    """Asks a server that speaks OpenAI's chat completions.

    Parameters
    ----------
    api_key
        Left out, what ``key_variable`` holds.
    base_url
        Left out, ``OPENAI_BASE_URL``, else OpenAI itself.
    default_model
        Left out, a small model of OpenAI's; with a ``base_url`` there is no default.
    name
        What the provider is called in messages.
    key_variable
        The environment variable of the key. A server with its own ``base_url`` may need none; empty,
        none is looked up, so that no other server's key is sent to it.
    images
        Whether pictures are sent. A server that refuses them is asked again without by
        ``agentkit.llm.pictures``.
    silence
        Seconds that the server may be silent before the call fails.
    environ
        Where the variables are looked up, at each call.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        default_model: str | None = None,
        *,
        name: str = "openai",
        key_variable: str = "OPENAI_API_KEY",
        images: bool = True,
        silence: float = 300,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._access = Access(name, "openai", api_key, key_variable, environ)
        self._base_url = base_url
        self._default_model = default_model
        self._images = images
        self._silence = silence
        self._environ = environ

    @property
    def default_model(self) -> str:
        """The model that is asked when none is named; empty when there is none."""
        return self._default_model or (DEFAULT_MODEL if self._is_openai else "")

    @property
    def missing(self) -> str | None:
        """What to install or set; found without importing the SDK."""
        own = "OPENAI_BASE_URL, for a server of your own"
        usual = self._access.key_variable == "OPENAI_API_KEY"
        return self._access.missing(needs_key=self._needs_key, instead=own if usual else "")

    @property
    def vendor(self) -> str:
        """The address that is asked: prices depend on it."""
        return self._url or _OPENAI

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
        key = self._key()
        asked = model or self.default_model
        if not asked:
            name = self._access.name
            raise ProviderRejected(
                f"{name} at {self._url}: no model is named; name it as {name}:MODEL, in the agent or as "
                "the default model (AGENTKIT_MODEL)",
                reason="unknown_model",
            )
        request: dict[str, Any] = {
            "model": asked,
            "messages": written_messages(messages, images=self._images),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            request["tools"] = [written_tool(tool) for tool in tools]
        call = Call(
            self._access.name,
            asked,
            self._url,
            key_hint=self._access.key_variable,
            key=key,
            tools=tuple(tool.name for tool in tools),
            images=self._images and any(message.images for message in messages),
        )
        answer = Answer(asked)
        with in_our_words(call):
            async with await asyncio.to_thread(self._client, key) as client:
                chunks = cast(
                    "AsyncStream[ChatCompletionChunk]",
                    await client.chat.completions.create(**request),
                )
                async with chunks:
                    async for chunk in chunks:
                        for piece in answer.take(chunk):
                            yield piece
                    streamed = "event-stream" in chunks.response.headers.get("content-type", "")
        if answer.finish_reason is None:
            raise broke_off(call) if answer.begun or streamed else no_answer(call)
        yield replace(answer.response(), vendor=self.vendor)

    def _key(self) -> str:
        if missing := self.missing:
            raise ProviderNotReady(f"{self._access.name} cannot be used: {missing}")
        return self._access.given or NO_KEY

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
    def _needs_key(self) -> bool:
        return self._is_openai or self._access.key_variable not in ("", "OPENAI_API_KEY")
