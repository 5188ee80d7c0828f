"""Asking people in the middle of a run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from agentkit.core.bounded import Stop
from agentkit.core.clock import Clock
from agentkit.core.events import ApprovalRequested, RequestResolved, StepEvent
from agentkit.core.protocol import ErrorInfo
from agentkit.core.requests import Request, Requests
from agentkit.tools.protocol import Resolution


class Asker:
    """Shows the requests of one run and waits for their answers.

    Parameters
    ----------
    emit
        Takes an event of the run.
    stop
        Whose clock is held while somebody is asked.
    seconds
        How long a request stays open; none: as long as the run.
    """

    def __init__(
        self,
        requests: Requests,
        emit: Callable[[StepEvent], None],
        stop: Stop,
        seconds: float | None,
    ) -> None:
        self._requests = requests
        self._emit = emit
        self._stop = stop
        self._seconds = seconds

    async def ask(self, request: Request, clock: Clock | None = None) -> Resolution:
        """Ask; neither the run's time nor that of ``clock`` runs meanwhile."""
        waiting = self._requests.open(request)
        timer = self._expiring(request)
        self._emit(request)
        if self._requests.on_ask == "fail":
            self._stop.fail(_nobody_asked(request))
        try:
            with contextlib.ExitStack() as held:
                for each in (self._stop.clock, clock):
                    if each is not None:
                        held.enter_context(each.held())
                resolution = await waiting
        finally:
            self._requests.withdraw(request.request_id)
            if timer is not None:
                timer.cancel()
        self._emit(
            RequestResolved(
                request_id=request.request_id,
                decision=resolution.decision,
                value=resolution.value,
                by=resolution.by,
            )
        )
        return resolution

    def _expiring(self, request: Request) -> asyncio.TimerHandle | None:
        if self._seconds is None:
            return None
        end = datetime.now(UTC) + timedelta(seconds=self._seconds)
        request.expires_at = end.isoformat(timespec="milliseconds")
        loop = asyncio.get_running_loop()
        return loop.call_later(self._seconds, self._requests.expire, request.request_id)


def _nobody_asked(request: Request) -> ErrorInfo:
    if isinstance(request, ApprovalRequested):
        what = f"consent to call {request.tool_name}"
        instead = (
            "say it in advance, with on_ask='approve' or 'deny' for the run or with "
            f"policy={{{request.tool_name!r}: 'allow'}} for the agent"
        )
    else:
        what = f"an answer to {request.question!r}"
        instead = "with on_ask='deny' it goes on without one"
    return ErrorInfo(
        message=f"The run needs {what}, and nobody is there to ask (on_ask='fail'): {instead}.",
        reason="needs_answer",
    )
