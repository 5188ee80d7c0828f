"""Recognises why a model's server refused a request, from the codes and the words it uses.

OpenAI and Anthropic send codes for some of it; the servers that speak their dialects mostly send a
sentence. The sentences known here are those of OpenAI, Azure, Anthropic, Bedrock, Gemini, Mistral,
Groq, xAI, DeepSeek, OpenRouter, vLLM, llama-server, Ollama and LM Studio, as of late 2026.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """What a server said of an error, and the names of the error's classes."""

    status: int | None
    kind: str
    code: str
    param: str
    detail: str
    """On one line."""
    by_api: bool
    """The error came as JSON, so it is an API that spoke."""
    names: frozenset[str] = frozenset()

    def names_a_model(self, model: str) -> bool:
        """Whether it speaks of a model, and not of an address that is not there."""
        words = f"{self.code} {self.detail}".lower()
        return self.by_api and ("model" in words or "deployment" in words or model.lower() in words)


_SPENT = frozenset({"insufficient_quota", "billing_error", "billing_hard_limit_reached"})
_UNKNOWN_MODEL_CODES = frozenset({"model_not_found", "DeploymentNotFound", "model_not_available"})
_OVERFLOW_CODES = frozenset(
    {"context_length_exceeded", "exceed_context_size_error", "request_too_large"}
)


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_UNKNOWN_MODEL = _words(
    r"is not a valid model",
    r"model not exist",
    r"invalid model\b",
    r"unknown model",
    r"model\b.{0,100} (does not exist|not found)",
)
_KEY = _words(
    r"(incorrect|invalid|not valid|missing).{0,20}api.?key",
    r"api.?key.{0,30}(incorrect|invalid|not valid)",
)
_OVERFLOW = _words(
    r"prompt (is )?too long",
    r"input is too long",
    r"request too large",
    r"too large for model",
    r"maximum (context|model|prompt) length",
    r"context[ _](length|window|size)[ _]?(is )?exceeded",
    r"exceeds? (the|this)?.{0,20}context (window|length|size|limit)",
    r"exceed context limit",
    r"exceeds the available context size",
    r"exceeds the (model'?s )?max(imum)? (context|input|sequence)",
    r"input token count.{0,40}exceeds the maximum",
    r"reduce the length of the (messages|prompt|input)",
    r"context length of only \d+",
    r"greater than the context length",
    r"too many tokens",
)
_SCHEMA = _words(
    r"invalid (json )?schema for (function|tool)",
    r"(tools|function_declarations)[\[.]\d+[\].]",
    r"failed to parse grammar",
    r"json schema conversion failed",
    r"unable to generate parser",
)
_PARAM = re.compile(r"(?:tools|function_declarations)[\[.](\d+)")
_NO_TOOLS = _words(
    r"does ?n[o']t support (tools|tool use|tool calling|function)",
    r"no endpoints found that support tool use",
    r"tool choice requires --enable-auto-tool-choice",
    r"tools? param requires --jinja",
)
_IMAGES = _words(r"\bimages?\b", r"image_url", r"\bvision\b", r"multi-?modal", r"mmproj")


def spent(said: Said) -> bool:
    """The account's money or quota is used up: waiting does not help."""
    return (
        said.kind in _SPENT
        or said.code in _SPENT
        or said.status == 402
        or "ModelQuotaExceededError" in said.names
    )


def wrong_key(said: Said) -> bool:
    """The key is wrong, or may not do this."""
    return said.status in (401, 403) or (said.status == 400 and bool(_KEY.search(said.detail)))


def unknown_model(said: Said) -> bool:
    """The server does not have the model, told otherwise than by a 404."""
    if said.code in _UNKNOWN_MODEL_CODES:
        return True
    return said.status in (400, 422) and bool(_UNKNOWN_MODEL.search(said.detail))


def context_overflow(said: Said) -> bool:
    """The request is longer than the model can read, or than the server takes."""
    return (
        said.kind in _OVERFLOW_CODES
        or said.code in _OVERFLOW_CODES
        or said.status == 413
        or "ModelContextWindowExceededError" in said.names
        or bool(_OVERFLOW.search(said.detail))
    )


def tools_not_supported(said: Said) -> bool:
    """The model, or its server as it was started, takes no tools at all."""
    return bool(_NO_TOOLS.search(said.detail))


def tool_schema(said: Said) -> bool:
    """One of the tools is described in a way that the server does not take."""
    if said.status == 429:
        return False
    return (
        said.code == "invalid_function_parameters"
        or bool(_PARAM.search(said.param))
        or bool(_SCHEMA.search(said.detail))
    )


def named_tool(said: Said, tools: Sequence[str]) -> str | None:
    """Which of the tools the server means, where it says so: by its name, or by its place."""
    for name in sorted(tools, key=len, reverse=True):
        if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", said.detail):
            return name
    # In Gemini's one list of tools, the place is that of the declaration: the last number.
    places = _PARAM.findall(said.param) or _PARAM.findall(said.detail)
    place = int(places[-1]) if places else len(tools)
    return tools[place] if place < len(tools) else None


def images(said: Said) -> bool:
    """It speaks of pictures."""
    return bool(_IMAGES.search(said.detail))
