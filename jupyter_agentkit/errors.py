"""The errors of the notebook's side; they extend the tree of ``agentkit.errors``.

::

    AgentKitError
    ├── NoServer               no agentkit answers where the kernel looks for it
    │   └── ConnectionLost     it answered before; another try may help
    └── AgentRunError          a run that was waited for has no result: failed or interrupted
        └── AgentRunCancelled  somebody cancelled it

    BaseException
    └── CellFailed             a cell that a program runs shows a run that has no result
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from agentkit.errors import AgentKitError

if TYPE_CHECKING:
    from jupyter_agentkit.held import HeldRun


class NoServer(AgentKitError):
    """No agentkit answers where the kernel looks for it."""

    default_reason = "no_server"


class ConnectionLost(NoServer):
    """The connection broke or was not made: the server may be starting again."""

    default_reason = "connection_lost"


class AgentRunError(AgentKitError):
    """A run that was waited for has no result.

    Parameters
    ----------
    run
        The `AgentRun`: its ``steps`` and ``trace`` are there to look at.
    """

    default_reason: ClassVar[str] = "failed"

    def __init__(self, run: HeldRun, message: str, *, reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.run = run


class AgentRunCancelled(AgentRunError):
    """The run was cancelled, here, in the page or by a program."""

    default_reason = "cancelled"


class CellFailed(BaseException):
    """A cell that a program runs shows a run without a result, and ends with it.

    No ``Exception``: IPython prints what of that kind showing raises, and the cell would succeed.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def _render_traceback_(self) -> list[str]:
        # Of the way through IPython's display there is nothing to learn.
        return [f"{type(self).__name__}: {self}"]
