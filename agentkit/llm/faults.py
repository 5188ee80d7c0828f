"""What an SDK raises, in agentkit's own words: what was wrong, and what to do.

The reasons that programs can compare: ``wrong_key``, ``quota_spent``, ``unknown_model``,
``wrong_base_url``, ``context_overflow``, ``tool_schema_refused``, ``tools_not_supported``,
``images_refused``; ``provider_rejected`` and ``provider_unavailable`` for the rest.
No SDK is imported here: their errors are known by name.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from agentkit.errors import (
    AgentKitError,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
)
from agentkit.llm import refusals
from agentkit.llm.refusals import Said

_PASSING_STATUS = frozenset({408, 409, 425, 429, 529})
_PASSING_TYPES = frozenset(
    {"overloaded_error", "rate_limit_error", "api_error", "timeout_error", "server_error"}
)
_QUOTE_CHARS = 500


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked of whom: the words that an error needs."""

    provider: str
    """As the reader knows it, such as ``openai``."""
    model: str
    url: str | None = None
    """The configured address; ``None`` for the vendor's own."""
    key_hint: str = ""
    """Where the key is set, such as ``OPENAI_API_KEY``."""
    key: str = ""
    """Never shown: masked in what the server says."""
    tools: tuple[str, ...] = ()
    """The names of the tools that were offered, in order."""
    images: bool = False
    """Whether pictures were sent."""

    @property
    def where(self) -> str:
        """Who was asked, in words."""
        return self.provider + (f" at {self.shown_url}" if self.url else "")

    @property
    def shown_url(self) -> str:
        """The address without a name and password that may stand in it."""
        parts = urlsplit(self.url or "")
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@contextmanager
def in_our_words(call: Call) -> Generator[None]:
    """Turn what the SDK raises into a ``ProviderError`` that says what to do.

    The cause is not chained: it carries the request, and the request carries the key.
    """
    try:
        yield
    except AgentKitError:
        raise
    except Exception as error:
        translated = _translated(error, call)
        if translated is None:
            raise
        raise translated from None


def broke_off(call: Call) -> ProviderUnavailable:
    """The server closed the stream before its end."""
    return ProviderUnavailable(f"{call.where}: the answer broke off in the middle")


def no_answer(call: Call) -> ProviderRejected:
    """The server sent something that is no stream of answers at all."""
    return ProviderRejected(
        f"{call.where} answered with something else than a model's answer. {_address(call)}",
        reason="wrong_base_url",
    )


def _translated(error: Exception, call: Call) -> ProviderError | None:
    said = _said(error, call.key)
    quoted = f"It said: {said.detail[:_QUOTE_CHARS]}"
    if refusals.spent(said):
        return ProviderRejected(
            f"{call.where}: the account's quota is used up. {quoted}", reason="quota_spent"
        )
    if said.status == 404 and not refusals.tools_not_supported(said):
        return _not_found(said, call, quoted)
    if refusals.unknown_model(said):
        return _unknown_model(call, quoted)
    if refusals.wrong_key(said):
        return _wrong_key(said, call, quoted)
    from_server = said.status is not None or bool({"APIError", "ModelAPIError"} & said.names)
    if from_server and (refusal := _refused(said, call, quoted)):
        return refusal
    if said.status is None:
        return _without_status(error, said, call)
    if _passing(said):
        what = "rate limit" if said.status == 429 else "the server failed"
        return ProviderUnavailable(
            f"{call.where}: {what} ({said.status}): {said.detail[:_QUOTE_CHARS]}",
            retry_after=_retry_after(error),
        )
    return ProviderRejected(
        f"{call.where} refused the request ({said.status}): {said.detail[:_QUOTE_CHARS]}"
    )


def _passing(said: Said) -> bool:
    status = said.status or 0
    return (
        status in _PASSING_STATUS or status >= 500 or (status < 400 and said.kind in _PASSING_TYPES)
    )


def _refused(said: Said, call: Call, quoted: str) -> ProviderRejected | None:
    """A refusal of what was in the request, whatever the status it came with."""
    if refusals.context_overflow(said):
        return ProviderRejected(
            f"{call.where}: the conversation is longer than the model {call.model!r} can read. Start a "
            f"new conversation, let tools return less, or use a model with a larger window. {quoted}",
            reason="context_overflow",
        )
    if call.tools and refusals.tools_not_supported(said):
        return ProviderRejected(
            f"{call.where}: the model {call.model!r} cannot call tools as it is served. Use another "
            f"model, set its server up for tools, or give the agent none (tools=[]). {quoted}",
            reason="tools_not_supported",
        )
    if call.tools and refusals.tool_schema(said):
        name = refusals.named_tool(said, call.tools)
        which = f"the schema of the tool {name!r}" if name else "the schema of a tool"
        return ProviderRejected(
            f"{call.where} refused {which}: change its parameters, or take it from the agent's tools. "
            f"{quoted}",
            reason="tool_schema_refused",
        )
    if call.images and refusals.images(said):
        return ProviderRejected(
            f"{call.where}: the model {call.model!r} did not take the pictures. {quoted}",
            reason="images_refused",
        )
    return None


def _not_found(said: Said, call: Call, quoted: str) -> ProviderRejected:
    if said.names_a_model(call.model):
        return _unknown_model(call, quoted)
    return ProviderRejected(
        f"{call.where} has nothing at that address (404). {_address(call)} {quoted}",
        reason="wrong_base_url",
    )


def _unknown_model(call: Call, quoted: str) -> ProviderRejected:
    return ProviderRejected(
        f"{call.where} does not know the model {call.model!r}, or does not give it to this key: check "
        f"its name. {quoted}",
        reason="unknown_model",
    )


def _wrong_key(said: Said, call: Call, quoted: str) -> ProviderRejected:
    hint = f": check {call.key_hint}" if call.key_hint else ""
    number = f" ({said.status})" if said.status else ""
    return ProviderRejected(
        f"{call.where} refused the key{number}{hint}. {quoted}", reason="wrong_key"
    )


def _address(call: Call) -> str:
    if call.url is None:
        return "Is a proxy in the way?"
    return (
        f"Check the base URL {call.shown_url}: it is the address of the API, and of most servers that speak "
        "OpenAI's dialect it ends in /v1."
    )


def _without_status(error: Exception, said: Said, call: Call) -> ProviderError | None:
    """Errors on the way to the server, or sent in the middle of a stream."""
    names, detail = said.names, said.detail[:_QUOTE_CHARS]
    if said.kind == "invalid_request_error":
        return ProviderRejected(f"{call.where} refused the request: {detail}")
    if isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return ProviderUnavailable(f"{call.where} did not answer in time")
    unread = isinstance(error, ValueError) or isinstance(error.__cause__, ValueError)
    if unread or "UnexpectedModelBehavior" in names:
        hint = f". {_address(call)}" if call.url else ""
        return ProviderUnavailable(f"{call.where} sent what cannot be read: {detail}{hint}")
    on_the_way = {"APIConnectionError", "ModelConnectionError"} & names
    if names & {"APIError", "ModelAPIError"} and not on_the_way:
        return ProviderUnavailable(f"{call.where}: the server failed: {detail}")
    module = type(error).__module__.partition(".")[0]
    if on_the_way or isinstance(error, OSError) or module.startswith("httpx"):
        return ProviderUnavailable(f"{call.where}: the connection failed: {_route(error, detail)}")
    return None


def _route(error: BaseException, detail: str) -> str:
    """Why a connection failed, with what to look at when it was never made."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 5:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    words = list(dict.fromkeys(text for each in chain[1:] if (text := str(each))))
    told = " ".join([detail, *words[:1]])
    if any("ConnectError" in type(each).__name__ for each in chain):
        told += ". Does the server run, and is the base URL right?"
    return told


def _said(error: Exception, key: str) -> Said:
    """What the server said of its own error, as far as it did."""
    body: Any = getattr(error, "body", None)
    answered = isinstance(body, dict)
    if isinstance(body, dict) and isinstance(body.get("error"), dict):  # pyright: ignore[reportUnknownMemberType]
        body = cast("dict[str, Any]", body)["error"]
    fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    message = fields.get("message") or fields.get("error") or fields.get("detail")
    detail = str(message or error) or type(error).__name__
    if key:
        detail = detail.replace(key, "…")
    status = getattr(error, "status_code", None)
    return Said(
        status=status if isinstance(status, int) else None,
        kind=str(fields.get("type") or getattr(error, "provider_error_type", "") or ""),
        code=str(fields.get("code") or getattr(error, "provider_error_code", "") or ""),
        param=str(fields.get("param") or ""),
        detail=" ".join(detail.split()),
        by_api=answered,
        names=frozenset(base.__name__ for base in type(error).__mro__),
    )


def _retry_after(error: Exception) -> float | None:
    """Seconds to wait, by RFC 9110 section 10.2.3: a number or a date; milliseconds where given."""
    if isinstance(told := getattr(error, "retry_after", None), int | float):
        return max(0.0, float(told))
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        return None
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        text = headers.get("retry-after")
        return max(0.0, float(text)) if text else None
    except ValueError:
        pass
    try:
        date = email.utils.parsedate_to_datetime(str(headers.get("retry-after")))
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time())
