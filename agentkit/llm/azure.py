"""OpenAI's models on Azure.

Its v1 API is OpenAI's own dialect at the resource's address
(https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle); the older one wants a dated
version with each request. The model's name is that of the deployment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentkit.llm.openai import OpenAIProvider
from agentkit.llm.sdk import CONNECT_SECONDS

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class AzureOpenAIProvider(OpenAIProvider):
    """Asks a deployment of Azure OpenAI.

    Parameters
    ----------
    api_key
        Left out, what ``key_variable`` holds.
    base_url
        The resource's address, such as ``https://NAME.openai.azure.com``; left out,
        ``AZURE_OPENAI_ENDPOINT``.
    default_model
        The deployment that is asked when none is named.
    api_version
        The version of the older API, such as ``2024-10-21``; left out, ``OPENAI_API_VERSION``, else the
        v1 API is asked.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        default_model: str | None = None,
        *,
        api_version: str | None = None,
        name: str = "azure",
        key_variable: str = "AZURE_OPENAI_API_KEY",
        environ: Mapping[str, str] = os.environ,
        **options: Any,
    ) -> None:
        super().__init__(
            api_key,
            base_url,
            default_model,
            name=name,
            key_variable=key_variable,
            environ=environ,
            **options,
        )
        self._api_version = api_version

    @property
    def missing(self) -> str | None:
        """What to install or set; found without importing the SDK."""
        if missing := self._access.missing():
            return missing
        if self._url is None:
            return (
                "no endpoint is set: set AZURE_OPENAI_ENDPOINT (https://NAME.openai.azure.com) in the "
                "environment of the server, and restart it"
            )
        return None

    def _client(self, key: str) -> AsyncOpenAI:
        from openai import AsyncAzureOpenAI, AsyncOpenAI, Timeout

        options: dict[str, Any] = {
            "api_key": key,
            "max_retries": 0,
            "timeout": Timeout(self._silence, connect=min(CONNECT_SECONDS, self._silence)),
        }
        endpoint = (self._url or "").rstrip("/")
        version = self._api_version or self._environ.get("OPENAI_API_VERSION")
        if version:
            return AsyncAzureOpenAI(azure_endpoint=endpoint, api_version=version, **options)
        if not endpoint.endswith("/openai/v1"):
            endpoint += "/openai/v1"
        return AsyncOpenAI(base_url=endpoint, **options)

    @property
    def _url(self) -> str | None:
        return self._base_url or self._environ.get("AZURE_OPENAI_ENDPOINT") or None

    @property
    def _is_openai(self) -> bool:
        return False
