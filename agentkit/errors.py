"""The errors of agentkit: one tree, so that a caller can catch as much as it wants to.

::

    AgentKitError
    ├── InvalidInput          what was given cannot be used: a body, a name, a schema, a configuration
    │   └── BrokenFile            a file is not what it should be; knows the file and the line
    ├── NotFound              no agent, task, tool, skill, provider or request of that name
    ├── Conflict              it exists already, or is not in a state that allows this
    ├── Refused               known, understood and not allowed
    ├── Full                  no room for more of it now; worth another try later
    ├── JournalError          the store of events cannot be read or written
    └── ProviderError         a model could not be asked
        ├── ProviderNotReady      not configured: a package or a key is missing
        ├── ProviderUnavailable   passing: rate limit, overload, broken connection; worth another try
        └── ProviderRejected      final: wrong key, unknown model, request refused, context too long

Every error has a ``reason``: a short code in snake_case that programs can compare. The message is for
the person who reads it: what was wrong, with which value, and what to do.
The core never raises errors of a web framework; ``agentkit.server.response.STATUS_CODES`` maps this tree
to HTTP once, for every host.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class AgentKitError(Exception):
    """The root of all errors that agentkit raises on purpose.

    Parameters
    ----------
    message
        What was wrong, with which value, and what to do.
    reason
        The code that programs compare; the class's own when left out.
    """

    default_reason: ClassVar[str] = "error"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason


class InvalidInput(AgentKitError):
    """What was given cannot be used."""

    default_reason = "invalid_input"


class BrokenFile(InvalidInput):
    """A file is not what it should be.

    Parameters
    ----------
    file
        The file, as the message names it.
    line
        Where it is wrong, counted from 1; ``None`` when no single line is.
    what
        What is wrong, and what to do.
    """

    default_reason = "broken_file"

    def __init__(
        self, file: Path, line: int | None, what: str, *, reason: str | None = None
    ) -> None:
        place = f", line {line}" if line is not None else ""
        super().__init__(f"{file}{place}: {what}", reason=reason)
        self.file = file
        self.line = line
        self.what = what


class NotFound(AgentKitError):
    """There is nothing of that name."""

    default_reason = "not_found"


class Conflict(AgentKitError):
    """It exists already, or its state does not allow this."""

    default_reason = "conflict"


class Refused(AgentKitError):
    """Understood, and not allowed."""

    default_reason = "refused"


class Full(AgentKitError):
    """There is no room for more of it now; later there may be."""

    default_reason = "full"


class JournalError(AgentKitError):
    """The store of events cannot be read or written."""

    default_reason = "journal"


class ProviderError(AgentKitError):
    """A model could not be asked."""

    default_reason = "provider"


class ProviderNotReady(ProviderError):
    """The provider is not configured; the message says which package or setting is missing."""

    default_reason = "provider_not_ready"


class ProviderUnavailable(ProviderError):
    """A passing fault, worth another try.

    Parameters
    ----------
    retry_after
        Seconds that the provider asked to wait, when it said so.
    """

    default_reason = "provider_unavailable"

    def __init__(
        self, message: str, *, reason: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, reason=reason)
        self.retry_after = retry_after


class ProviderRejected(ProviderError):
    """A final refusal: another try of the same request would fail the same way."""

    default_reason = "provider_rejected"
