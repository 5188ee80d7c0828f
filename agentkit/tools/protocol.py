"""What a tool is to the loop: a name, a schema, and one coroutine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from agentkit.core.events import ApprovalRequested, InputRequested
from agentkit.core.protocol import (
    CancellationToken,
    ErrorInfo,
    MimeBundle,
    Origin,
    Outcome,
    ToolSpec,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a request was closed."""

    decision: Literal["approve", "deny", "answer", "expired"]
    value: Any = None
    """As in ``request_resolved``."""
    by: str = ""
    """Who closed it; empty when that has no name."""


async def nobody_to_ask(request: ApprovalRequested | InputRequested) -> Resolution:
    """Deny, as where no run stands behind a call."""
    return Resolution("deny", "Nobody can be asked here.")


async def stored_nowhere() -> None:
    """Return at once, as where no journal stands behind a run."""


@dataclass(slots=True)
class ToolContext:
    """What a running call may use of the run it belongs to, from any thread."""

    tool_call_id: str
    token: CancellationToken = field(default_factory=CancellationToken)
    progress: Callable[[float, float | None, str | None], None] = lambda done, total, message: None
    """``progress(done, total, message)``: shown on the step while it runs."""
    warn: Callable[[str, str], None] = lambda message, reason: None
    """``warn(message, reason)``: becomes a ``warning`` event of the run."""
    request: Callable[[ApprovalRequested | InputRequested], Awaitable[Resolution]] = nobody_to_ask
    """Shows a request to everybody who watches and waits for its answer, on the run's loop. The request's id
    is given by the run; the time that it waits does not count."""
    origin: Origin | None = None
    """The place in a notebook from which the run was started."""
    stored: Callable[[], Awaitable[None]] = stored_nowhere
    """Waits until all that the run has told so far is stored, this call included."""


@dataclass(slots=True)
class ToolResult:
    """How a call ended and what it gave."""

    outcome: Outcome
    content: MimeBundle = field(default_factory=dict[str, Any])
    error: ErrorInfo | None = None
    """Of every outcome but ``success``."""
    note: str | None = None
    """Told to the model before what the call gave."""

    @classmethod
    def failed(cls, message: str, reason: str, content: MimeBundle | None = None) -> ToolResult:
        """A failure: ``message`` is what the model is told, ``content`` what the reader can unfold."""
        return cls(
            "failed", content or {"text/plain": message}, ErrorInfo(message=message, reason=reason)
        )

    @classmethod
    def denied(cls, message: str, reason: str) -> ToolResult:
        """A call that was not run, because somebody or a policy did not let it."""
        error = ErrorInfo(message=message, reason=reason)
        return cls("denied", {"text/plain": message}, error)


class Tool(ABC):
    """A tool. ``call`` returns a failure as a result; what it raises is the loop's to turn into one.

    When the run is cancelled or the call's time is up, the asyncio task that runs ``call`` is cancelled.
    """

    runs_in: ClassVar[str] = "server"
    policy: Verdict = "allow"
    """What happens when no policy of an agent or a server speaks of the tool."""
    asks_because: str = ""
    """Why its call needs consent, as a sentence for who is asked: what it does, and to what."""
    grace: float | None = None
    """Seconds that a call is given to stop what it has begun elsewhere, before it is said to be left behind;
    none: the loop's own, which is short."""
    spec: ToolSpec

    @property
    def side_effects(self) -> bool:
        """Whether a second call would do once more what the first did, see `ToolSpec`."""
        said = self.spec.side_effects
        return self.policy == "ask" if said is None else said

    def needs_approval(self, arguments: dict[str, Any]) -> bool:
        """Whether ``call`` with these arguments will ask for consent before it does anything."""
        return False

    def forbids(self, arguments: dict[str, Any]) -> bool:
        """Whether ``call`` with these arguments will be refused by a policy."""
        return False

    async def preview(self, arguments: dict[str, Any], context: ToolContext) -> MimeBundle | None:
        """What ``call`` would do, for whoever is asked; none where the arguments say it all.

        What it raises ends the call: nobody is asked to consent to what cannot be done.
        """
        return None

    @abstractmethod
    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Run with the model's arguments, which may not fit the schema: check them here."""
