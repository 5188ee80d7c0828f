"""Providers as a server's configuration names them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from agentkit.errors import InvalidInput
from agentkit.llm.anthropic import DEFAULT_MODEL as CLAUDE
from agentkit.llm.anthropic import AnthropicProvider
from agentkit.llm.azure import AzureOpenAIProvider
from agentkit.llm.openai import OpenAIProvider
from agentkit.llm.pictures import PicturesOptional
from agentkit.llm.pydantic_ai import PydanticAIProvider
from agentkit.llm.retry import RetryingProvider

_ONLY: dict[str, tuple[str, ...]] = {
    "vendor": ("pydantic-ai",),
    "settings": ("pydantic-ai",),
    "api_version": ("azure",),
    "max_tokens": ("anthropic",),
    "thinking": ("anthropic",),
    "images": ("openai", "azure", "pydantic-ai"),
}
"""Fields that have a meaning for some kinds alone."""


class ProviderConfig(BaseModel):
    """One provider of the configuration. Its key stands in no message and no representation."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: Literal["openai", "azure", "anthropic", "pydantic-ai"]
    """The dialect that its server speaks."""
    base_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Left out, the vendor's own."""
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """The environment variable that holds the key."""
    api_key: SecretStr | None = None
    """The key itself, for a configuration that nobody else can read."""
    model: str = ""
    """The model that is asked when none is named."""
    images: bool = True
    """Whether pictures are sent."""
    silence: float = Field(default=300, gt=0)
    """Seconds that the server may be silent before a call fails."""
    max_tokens: int = Field(default=16_000, ge=1)
    """Tokens of one answer at most."""
    thinking: dict[str, Any] | None = None
    """Anthropic's ``thinking`` parameter."""
    api_version: str | None = None
    """Of Azure's older API; left out, its v1 API is asked."""
    vendor: str = ""
    """Whom pydantic-ai asks."""
    settings: dict[str, Any] | None = None
    """Model settings of pydantic-ai."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> ProviderConfig:
        for name in sorted(self.model_fields_set):
            if self.kind not in _ONLY.get(name, (self.kind,)):
                kinds = " or ".join(_ONLY[name])
                raise ValueError(f"{name} belongs to the kind {kinds}, not to {self.kind}")
        if self.api_key is not None and self.api_key_env is not None:
            raise ValueError("api_key and api_key_env are given: one of them is enough")
        return self


def checked_providers(given: Mapping[str, Any]) -> dict[str, ProviderConfig]:
    """The configured providers, in shape.

    Raises
    ------
    InvalidInput
        One is wrong; the message names it, its field and what was expected, never a value.
    """
    found: dict[str, ProviderConfig] = {}
    for name, one in given.items():
        if name == "demo":
            raise InvalidInput("A provider cannot be named 'demo': that is the simulated one")
        if not name or ":" in name or any(character.isspace() for character in name):
            raise InvalidInput(
                f"{name!r} cannot name a provider: use a word without colon and white space"
            )
        try:
            found[name] = ProviderConfig.model_validate(one)
        except ValidationError as error:
            first = error.errors(include_input=False, include_context=False, include_url=False)[0]
            field = "".join(f".{part}" for part in first["loc"])
            raise InvalidInput(
                f"The provider {name!r}{field} cannot be used: {first['msg']}"
            ) from None
    return found


def keys_of(
    providers: Mapping[str, ProviderConfig], environ: Mapping[str, str] = os.environ
) -> list[str]:
    """The keys that the configuration holds or points at: what nothing may show."""
    given = [c.api_key.get_secret_value() for c in providers.values() if c.api_key]
    named = [environ.get(c.api_key_env or "") for c in providers.values()]
    in_urls = [urlsplit(c.base_url or "").password for c in providers.values()]
    return [key for key in (*given, *named, *in_urls) if key]


def provider_of(
    name: str, config: ProviderConfig, environ: Mapping[str, str] = os.environ
) -> RetryingProvider:
    """A provider as it is configured, asked again after passing faults and refused pictures."""
    key = config.api_key.get_secret_value() if config.api_key else None
    common: dict[str, Any] = {"name": name, "silence": config.silence, "environ": environ}
    if config.api_key_env:
        common["key_variable"] = config.api_key_env
    elif config.base_url and config.kind != "azure":
        # The vendor's own key must not reach another server.
        common["key_variable"] = ""
    match config.kind:
        case "openai":
            provider = OpenAIProvider(
                key, config.base_url, config.model or None, images=config.images, **common
            )
        case "azure":
            provider = AzureOpenAIProvider(
                key,
                config.base_url,
                config.model or None,
                api_version=config.api_version,
                images=config.images,
                **common,
            )
        case "anthropic":
            provider = AnthropicProvider(
                key,
                config.base_url,
                config.model or (CLAUDE if config.base_url is None else ""),
                max_tokens=config.max_tokens,
                thinking=config.thinking,
                **common,
            )
        case "pydantic-ai":
            provider = PydanticAIProvider(
                config.vendor,
                key,
                config.base_url,
                config.model,
                settings=config.settings,
                images=config.images,
                **common,
            )
    return ready(provider)


def ready(provider: Any) -> RetryingProvider:
    """A dialect with what all of them get: pictures are optional, passing faults are tried again."""
    return RetryingProvider(PicturesOptional(provider))
