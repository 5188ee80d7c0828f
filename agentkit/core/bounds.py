"""What bounds that which clients can make grow: one place for the numbers and for what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agentkit.core.protocol import AgentConfig, ToolSpec
from agentkit.errors import Full, InvalidInput

Bound = Literal[
    "body_bytes",
    "trace_bytes",
    "frame_chars",
    "page_frame_bytes",
    "input_chars",
    "answer_chars",
    "reason_chars",
    "agent_chars",
    "agents",
    "tools",
    "tools_chars",
    "offers",
    "thread_tasks",
    "displays",
    "sockets",
    "task_sockets",
]


class Bounds(BaseModel):
    """The most that a host takes. What is over a bound is refused and harms nothing.

    Bytes are counted in UTF-8; ``…_chars`` of what is no text are those of its JSON.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    body_bytes: int = Field(default=4_000_000, ge=1_000)
    """Of a request's body, where it brings no trace along."""
    trace_bytes: int = Field(default=48_000_000, ge=1_000)
    """Of a body that brings a trace along."""
    frame_chars: int = Field(default=4_000_000, ge=1_000)
    """Of a client's frame on a socket."""
    page_frame_bytes: int = Field(default=64 * 2**20, ge=1_000)
    """Of a page's frame, which may bring a whole notebook."""
    input_chars: int = Field(default=1_000_000, ge=1)
    """Of what a task is asked."""
    answer_chars: int = Field(default=1_000_000, ge=1)
    """Of an answer, the edited arguments of a call included."""
    reason_chars: int = Field(default=10_000, ge=1)
    """Of why a task is cancelled."""
    agent_chars: int = Field(default=500_000, ge=100)
    """Of an agent: its prompt, script, policy and all."""
    agents: int = Field(default=1_000, ge=1)
    """Agents in all."""
    tools: int = Field(default=500, ge=1)
    """Tools that come along with a task or an offer."""
    tools_chars: int = Field(default=1_000_000, ge=100)
    """Of all these tools' descriptions and schemas."""
    offers: int = Field(default=1_000, ge=1)
    """Agents whose tools one process offers."""
    thread_tasks: int = Field(default=1_000, ge=1)
    """Tasks of one conversation."""
    displays: int = Field(default=1_000, ge=1)
    """Cells that show one task."""
    sockets: int = Field(default=10_000, ge=1)
    """Open sockets in all."""
    task_sockets: int = Field(default=2_000, ge=1)
    """Open sockets of one task."""

    def check_size(self, bound: Bound, size: int, what: str, *, reason: str = "too_large") -> None:
        """Refuse what is larger than it may be.

        Raises
        ------
        InvalidInput
            It is; the message names the bound and the setting.
        """
        if size > getattr(self, bound):
            raise InvalidInput(f"{what} has {size:,} {self.told(bound)}.", reason=reason)

    def check_room(self, bound: Bound, present: int, what: str) -> None:
        """Refuse a further one where there are as many as there may be.

        Raises
        ------
        Full
            There are; the message names the bound and the setting.
        """
        if present >= getattr(self, bound):
            raise Full(
                f"{what}: {present:,} are there, {self.told(bound)}.", reason=f"{bound}_full"
            )

    def check_agent(self, agent: AgentConfig) -> None:
        """Refuse an agent that says too much.

        Raises
        ------
        InvalidInput
            It does.
        """
        self.check_size("agent_chars", len(agent.model_dump_json()), f"The agent {agent.name!r}")

    def check_tools(self, tools: Sequence[ToolSpec]) -> None:
        """Refuse more tools of a client than may come along.

        Raises
        ------
        InvalidInput
            There are more, or they say too much.
        """
        if len(tools) > self.tools:
            told = f"{len(tools):,} tools came along, {self.told('tools')}."
            raise InvalidInput(told, reason="too_large")
        size = sum(len(each.model_dump_json()) for each in tools)
        self.check_size("tools_chars", size, "What the tools say")

    def told(self, bound: Bound) -> str:
        """The bound, as messages name it."""
        unit = bound.rpartition("_")[2]
        counted = {"chars": "characters, ", "bytes": "bytes, "}.get(unit, "")
        return f"{counted}{getattr(self, bound):,} are allowed (AgentKitApp.bounds, {bound!r})"
