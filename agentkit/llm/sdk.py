"""What the dialects built on a vendor's SDK share: readiness, and errors in agentkit's own words.

No SDK is imported here. They are loaded in a thread when a model is first asked, because that takes
seconds; a client is made for each call, so that no connection outlives its event loop.
"""

from __future__ import annotations

import email.utils
import importlib.util
import json
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from agentkit.errors import (
    AgentKitError,
    ProviderError,
    ProviderNotReady,
    ProviderRejected,
    ProviderUnavailable,
)
from agentkit.llm.protocol import ToolCall

CONNECT_SECONDS = 15.0
"""A server that does not take the connection by then is not there."""

NO_KEY = "no-key"

_PASSING_STATUS = frozenset({408, 409, 425, 429, 529})
_PASSING_TYPES = frozenset(
    {"overloaded_error", "rate_limit_error", "api_error", "timeout_error", "server_error"}
)
_SPENT = frozenset({"insufficient_quota", "billing_error", "billing_hard_limit_reached"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """The names by which a vendor's SDK is installed and set up."""

    package: str
    key_variable: str

    def missing(
        self, key: str | None, environ: Mapping[str, str], *, needs_key: bool = True
    ) -> str | None:
        """What to install or set, in words; ``None`` when nothing is missing."""
        if importlib.util.find_spec(self.package) is None:
            return (
                f"the package {self.package} is not installed: "
                f'pip install "jupyter-agentkit[{self.package}]"'
            )
        if needs_key and not (key or environ.get(self.key_variable)):
            return (
                f"no key is set: set the environment variable {self.key_variable} where the server "
                "starts, and restart it"
            )
        return None

    def key(
        self, argument: str | None, environ: Mapping[str, str], *, needs_key: bool = True
    ) -> str:
        """The key; one that says nothing where the server needs none.

        Raises
        ------
        ProviderNotReady
            The package or the key is missing.
        """
        if missing := self.missing(argument, environ, needs_key=needs_key):
            raise ProviderNotReady(f"{self.package} cannot be used: {missing}")
        return argument or environ.get(self.key_variable) or NO_KEY


@contextmanager
def in_our_words(dialect: Dialect, model: str, url: str | None, key: str) -> Generator[None]:
    """Turn what the SDK raises into a ``ProviderError`` that says what to do.

    The cause is not chained: it carries the request, and the request carries the key.
    """
    try:
        yield
    except AgentKitError:
        raise
    except Exception as error:
        translated = _translated(error, dialect, model, url, key)
        if translated is None:
            raise
        raise translated from None


def parsed_call(id: str, name: str, arguments: str) -> ToolCall:
    """A call from the text of its arguments, which a model may have written badly."""
    try:
        data: Any = json.loads(arguments) if arguments.strip() else {}
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return ToolCall(id, name, malformed=arguments)
    return ToolCall(id, name, cast("dict[str, Any]", data))


def broke_off(dialect: Dialect) -> ProviderUnavailable:
    """The server closed the stream before its end."""
    return ProviderUnavailable(f"{dialect.package}: the answer broke off in the middle")


def _translated(
    error: Exception, dialect: Dialect, model: str, url: str | None, key: str
) -> ProviderError | None:
    where = dialect.package + (f" at {url}" if url else "")
    kind, code, detail = _said(error)
    detail = " ".join(detail.replace(key, "…").split())[:500]
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return _without_status(error, where, kind, detail)
    if kind in _SPENT or code in _SPENT:
        return ProviderRejected(f"{where}: the account's quota is used up. It said: {detail}")
    if status in (401, 403):
        return ProviderRejected(
            f"{where} refused the key ({status}): check {dialect.key_variable}. It said: {detail}"
        )
    if status == 404:
        return ProviderRejected(f"{where} does not know the model {model!r} (404): {detail}")
    if status in _PASSING_STATUS or status >= 500 or (status < 400 and kind in _PASSING_TYPES):
        what = "rate limit" if status == 429 else "the server failed"
        return ProviderUnavailable(
            f"{where}: {what} ({status}): {detail}", retry_after=_retry_after(error)
        )
    return ProviderRejected(f"{where} refused the request ({status}): {detail}")


def _without_status(error: Exception, where: str, kind: str, detail: str) -> ProviderError | None:
    """Errors on the way to the server, or sent in the middle of a stream."""
    names = {base.__name__ for base in type(error).__mro__}
    module = type(error).__module__.partition(".")[0]
    if kind == "invalid_request_error":
        return ProviderRejected(f"{where} refused the request: {detail}")
    if isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return ProviderUnavailable(f"{where} did not answer in time")
    if "APIError" in names and "APIConnectionError" not in names:
        return ProviderUnavailable(f"{where}: the server failed: {detail}")
    if "APIConnectionError" in names or isinstance(error, OSError) or module.startswith("httpx"):
        cause = error.__cause__
        reason = f"{detail} {cause}" if cause is not None and str(cause) else detail
        return ProviderUnavailable(f"{where}: the connection failed: {reason}")
    if isinstance(error, ValueError):
        return ProviderUnavailable(f"{where} sent what cannot be read: {detail}")
    return None


def _said(error: Exception) -> tuple[str, str, str]:
    """The type, the code and the message of the server's own error, as far as it sent them."""
    body: Any = getattr(error, "body", None)
    if isinstance(body, dict) and isinstance(body.get("error"), dict):  # pyright: ignore[reportUnknownMemberType]
        body = cast("dict[str, Any]", body)["error"]
    fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    message = fields.get("message") or str(error) or type(error).__name__
    return str(fields.get("type") or ""), str(fields.get("code") or ""), str(message)


def _retry_after(error: Exception) -> float | None:
    """Seconds to wait, by RFC 9110 section 10.2.3: a number or a date; milliseconds where given."""
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
