"""The long tail of vendors, through the direct requests of ``pydantic-ai-slim``.

``pydantic-ai:groq:llama-…`` asks Groq, ``pydantic-ai:google:gemini-…`` Gemini, and so on with every name
that pydantic-ai knows (https://pydantic.dev/docs/ai/models/). Each vendor reads its own environment
variable and may want a package of its own; what is missing is told when it is asked.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderRejected
from agentkit.llm.faults import Call, broke_off, in_our_words
from agentkit.llm.protocol import ChatMessage, Piece
from agentkit.llm.sdk import NO_KEY, Access
from agentkit.llm.streaming import Streaming

if TYPE_CHECKING:
    from agentkit.llm.pydantic_ai_request import Request


class PydanticAIProvider(Streaming):
    """Asks a vendor through pydantic-ai.

    Parameters
    ----------
    vendor
        Whom to ask, by pydantic-ai's name. Left out, the model's name begins with it: ``groq:llama-…``.
    api_key
        Left out, what ``key_variable`` holds, else what the vendor's own variable holds.
    base_url
        Left out, the vendor's own.
    default_model
        The model that is asked when none is named.
    name
        What the provider is called in messages.
    key_variable
        The environment variable of the key; empty, the vendor's own is looked up by pydantic-ai.
    settings
        Model settings of pydantic-ai, such as ``max_tokens`` or ``thinking``.
    images
        Whether pictures are sent.
    silence
        Seconds that the server may be silent before the call fails.
    environ
        Where ``key_variable`` is looked up, at each call.
    """

    def __init__(
        self,
        vendor: str = "",
        api_key: str | None = None,
        base_url: str | None = None,
        default_model: str = "",
        *,
        name: str = "pydantic-ai",
        key_variable: str = "",
        settings: Mapping[str, Any] | None = None,
        images: bool = True,
        silence: float = 300,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._vendor = vendor
        self._access = Access(name, "pydantic_ai", api_key, key_variable, environ, "providers")
        self._base_url = base_url
        self._default_model = default_model
        self._settings = {"timeout": silence, **(settings or {})}
        self._images = images

    @property
    def default_model(self) -> str:
        """The model that is asked when none is named; empty when there is none."""
        return self._default_model

    @property
    def vendor(self) -> str:
        """Whose prices hold; empty when the model's name says it."""
        return self._base_url or self._vendor

    @property
    def missing(self) -> str | None:
        """What to install or set, as far as it does not depend on the vendor."""
        return self._access.missing(needs_key=self._needs_key)

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
            A package or a key is missing.
        ProviderUnavailable, ProviderRejected
            See ``agentkit.llm.faults``.
        """
        self._access.key(needs_key=self._needs_key)
        vendor, asked = self._asked(model or self._default_model)
        call = Call(
            f"{self._access.name} ({vendor})",
            asked,
            self._base_url,
            key_hint=self._access.key_variable or f"the environment variable of {vendor}",
            key=self._access.given or "",
            tools=tuple(tool.name for tool in tools),
            images=self._images and any(message.images for message in messages),
        )
        with in_our_words(call):
            request = await asyncio.to_thread(self._request, vendor, asked, messages, tools)
            async with aclosing(request.stream()) as pieces:
                async for piece in pieces:
                    yield piece
        if (response := request.response) is None:
            raise broke_off(call)
        yield response

    def _asked(self, model: str) -> tuple[str, str]:
        """The vendor and its model."""
        if self._vendor and model:
            return self._vendor, model
        vendor, _, name = model.partition(":")
        if not vendor or not name:
            name = self._access.name
            form = f"{name}:MODEL" if self._vendor else f"{name}:VENDOR:MODEL"
            raise ProviderRejected(
                f"{model!r} does not say whom to ask for which model: write {form}, such as "
                "pydantic-ai:groq:llama-3.3-70b-versatile",
                reason="unknown_model",
            )
        return vendor, name

    def _request(
        self,
        vendor: str,
        model: str,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolSpec],
    ) -> Request:
        # In a thread: it imports pydantic-ai and the vendor's package.
        from agentkit.llm.pydantic_ai_request import Request, connected

        # The key that stands in the environment for the vendor must not reach another server.
        key = self._access.given or (NO_KEY if self._base_url else None)
        return Request(
            connected(vendor, model, key, self._base_url, self._access.name),
            messages,
            tools,
            settings=self._settings,
            images=self._images,
        )

    @property
    def _needs_key(self) -> bool:
        return bool(self._access.key_variable)
