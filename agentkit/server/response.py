"""What a route answers, and how refusals become HTTP, in every host the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from agentkit.core.bounds import Bound, Bounds
from agentkit.core.well_formed import repaired
from agentkit.errors import (
    AgentKitError,
    Conflict,
    Full,
    InvalidInput,
    JournalError,
    NotFound,
    ProviderError,
    Refused,
)

STATUS_CODES: tuple[tuple[type[AgentKitError], int], ...] = (
    (InvalidInput, 400),
    (Refused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Full, 429),
    (ProviderError, 400),
    (JournalError, 503),
    (AgentKitError, 400),
)
"""The one place where errors become HTTP; the first class that fits counts."""

HEADERS: Mapping[str, str] = {
    # A trace's page may show its own inline style and pictures, and nothing else: what stands in it was
    # written by models and tools.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an address may carry a key
}
"""Sent with every response."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the host sends, in UTF-8. ``text`` is complete and of the type ``content_type``."""

    status: int
    text: str
    content_type: str = "application/json"


def as_json(value: object, status: int = 200) -> Response:
    """A JSON value as a response."""
    return Response(status, repaired(json.dumps(value, ensure_ascii=False)))


def failure() -> AgentKitError:
    """What a client is told of a fault of ours; the details are in the log alone."""
    message = "Something failed inside agentkit. The server's log says what."
    return AgentKitError(message, reason="internal")


def too_large(bounds: Bounds, bound: Bound = "body_bytes") -> Response:
    """The response to a body over what its route allows."""
    message = f"The body is too large: {bounds.told(bound)}."
    return refusal(InvalidInput(message, reason="body_too_large"), 413)


def refusal(error: AgentKitError, status: int | None = None) -> Response:
    """The response to a request that was refused."""
    code = status or next(code for kind, code in STATUS_CODES if isinstance(error, kind))
    return as_json({"message": error.message, "reason": error.reason}, code)
