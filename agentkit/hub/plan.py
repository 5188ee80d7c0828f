"""What a task will be, worked out of the request that starts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agentkit.core.limits import narrowed
from agentkit.core.protocol import (
    AgentConfig,
    Limits,
    StartTask,
    TaskStatus,
    TaskSummary,
    ToolSpec,
)
from agentkit.core.redaction import Redactor
from agentkit.errors import InvalidInput
from agentkit.hub.agents import AgentRegistry
from agentkit.hub.journal import Journal
from agentkit.hub.offers import BroughtAgents, Offer, Offers
from agentkit.hub.task import now
from agentkit.hub.thread import Told, following


@dataclass(frozen=True, slots=True)
class Plan:
    """A task that can be started.

    Attributes
    ----------
    request
        With what it took over from the task that it follows.
    limits
        Those that hold.
    told
        What the model is told of the conversation so far, and what is left to do of it.
    offer
        Who runs the client's tools, where that is not the caller.
    """

    request: StartTask
    agent: AgentConfig
    limits: Limits
    told: Told
    offer: Offer | None

    @property
    def client_tools(self) -> tuple[ToolSpec, ...]:
        """The tools that another process runs."""
        return self.offer.tools if self.offer else self.request.client_tools

    def summary(self, task_id: str, redactor: Redactor) -> TaskSummary:
        """The task before anything has happened in it."""
        request = self.request
        return TaskSummary(
            task_id=task_id,
            agent=self.agent.name,
            input=redactor.redact_text(request.input),
            status=TaskStatus.QUEUED,
            thread_id=request.thread_id,
            follows=request.follows,
            resumes=self.told.left.task_id if self.told.left else None,
            client_tools=tuple(each.name for each in self.client_tools),
            origin=request.origin,
            created_at=now(),
        )


async def planned(
    request: StartTask,
    before: TaskSummary | None,
    *,
    tell: Callable[[str, int], Awaitable[Told]],
    journal: Journal,
    agents: AgentRegistry,
    offers: Offers,
    brought: BroughtAgents,
    limits: Limits,
) -> Plan:
    """Work out a task.

    Parameters
    ----------
    before
        The task that it follows.
    tell
        ``tell(thread_id, result_chars)``: what the model is told of a conversation.
    limits
        The server's.

    Raises
    ------
    NotFound, InvalidInput
        It cannot be said which agent shall run.
    Conflict
        The conversation has a run that goes on, or nobody offers the tools that it needs.
    """
    if before is not None:
        if request.config is None and request.agent in (None, before.agent):
            config = brought.of(before) or await journal.agent(before.task_id)
            request = request.model_copy(update={"config": config})
        request = following(request, before)
    agent = _agent(request, agents)
    held = narrowed(limits, agent.limits, request.limits)
    told = Told()
    if request.thread_id is not None:
        told = await tell(request.thread_id, held.result_chars)
    offer = None
    if before is not None and not request.client_tools:
        offer = offers.for_follow_up(before, request.origin)
    return Plan(request, agent, held, told, offer)


def _agent(request: StartTask, agents: AgentRegistry) -> AgentConfig:
    config = request.config
    if config is None:
        return agents.choose(request.agent)
    if request.agent not in (None, config.name):
        raise InvalidInput(
            f"The task names the agent {request.agent!r}, and its config is that of"
            f" {config.name!r}: leave one of them out.",
            reason="agent_mismatch",
        )
    return config
