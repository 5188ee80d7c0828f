"""What the built-in tools need of the place they work in. Whoever hosts the agents implements it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from agentkit.core.protocol import MimeBundle


@dataclass(frozen=True, slots=True)
class Printed:
    """Text on a stream."""

    text: str
    stream: Literal["stdout", "stderr"] = "stdout"


@dataclass(frozen=True, slots=True)
class Shown:
    """A value that was displayed, or that was the last expression's."""

    bundle: MimeBundle
    display_id: str | None = None
    """The name under which it can be replaced."""
    replaces: bool = False
    """Whether it takes the place of what was shown under that name."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """What there is so far shall go."""

    wait: bool
    """Not before the next output comes."""


@dataclass(frozen=True, slots=True)
class Raised:
    """The exception that ended the code."""

    name: str
    message: str
    traceback: str
    """May hold terminal colours."""


Output = Printed | Shown | Cleared | Raised


@dataclass(frozen=True, slots=True)
class Ears:
    """Who listens while code runs in a kernel. Called on the loop of the caller."""

    output: Callable[[Output], None] = field(default=lambda output: None)
    say: Callable[[str], None] = field(default=lambda message: None)
    """Takes what is waited for, in a sentence."""


class Kernels(Protocol):
    """The kernels that the host knows.

    Both methods wait for a kernel that is busy with something else, up to a limit of the host. When the
    asyncio task that awaits one is cancelled, the code is stopped, and only that: what else runs in
    the kernel is left alone, and code that was still waiting for its turn never starts.

    Raises
    ------
    AgentKitError
        With the reasons ``kernel_not_found``, ``kernel_busy``, ``kernel_died``, ``kernel_restarted``,
        ``not_python``.
    """

    async def execute(self, kernel_id: str, code: str, ears: Ears) -> None:
        """Run Python code as a cell that leaves no number behind, until its end.

        An exception is an output.
        """
        ...

    async def evaluate(self, kernel_id: str, expression: str, ears: Ears) -> str:
        """Evaluate a Python expression whose value is text; nothing is shown or kept.

        Raises
        ------
        AgentKitError
            Besides the above, with the reason ``evaluation_failed``: the expression raised.
        """
        ...
