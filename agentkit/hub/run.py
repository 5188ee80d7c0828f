"""One unfinished task: what carries it to its end, whatever happens on the way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agentkit.core.approval import check_edited
from agentkit.core.events import ApprovalRequested, RunFinished
from agentkit.core.protocol import ErrorInfo, TaskStatus
from agentkit.core.requests import Requests
from agentkit.errors import JournalError
from agentkit.hub.client_tools import ClientDesk
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.plan import Plan
from agentkit.hub.task import Task
from agentkit.hub.typed_secrets import typed_secrets
from agentkit.hub.unmasked import with_true_arguments
from agentkit.hub.writer import TaskWriter
from agentkit.tools.protocol import Resolution

log = logging.getLogger("agentkit")


@dataclass(slots=True, eq=False)
class Run:
    """What a task has only while it is not finished.

    Attributes
    ----------
    plan
        Its input is as it was asked; the summary's has its secrets masked.
    ended
        Called with the run when its task has ended.
    is_stored
        ``False`` when the journal could not be told how the task ended.
    """

    writer: TaskWriter
    executor: InProcessExecutor
    plan: Plan
    desk: ClientDesk | None
    requests: Requests
    ended: Callable[[Run], None]
    is_stored: bool = True
    _runner: asyncio.Task[None] | None = None

    @property
    def task(self) -> Task:
        """The task that is run."""
        return self.writer.task

    @property
    def has_begun(self) -> bool:
        """Whether it is being run; before that its task is queued."""
        return self._runner is not None

    def begin(self) -> None:
        """Start to run."""
        self._runner = asyncio.ensure_future(self._carry(self._execute))

    def answer(self, request_id: str, resolution: Resolution) -> None:
        """Answer an open request; the first answer counts.

        Raises
        ------
        NotFound
            There is no such request.
        Conflict
            It was answered already.
        InvalidInput
            The answer does not fit the request, which stays open.
        """
        request = self.requests.get(request_id)
        if isinstance(request, ApprovalRequested):
            resolution = with_true_arguments(resolution, request, self.writer.redactor)
            check_edited((self.executor.policy, self.plan.agent.policy), request, resolution)
        else:
            self.writer.learn(typed_secrets(request.schema_, resolution.value))
        self.requests.answer(request_id, resolution)

    async def interrupt(self) -> None:
        """End the task as ``interrupted``, unless it ends by itself in this moment."""
        if self._runner is None:
            self._runner = asyncio.ensure_future(self._carry(self._interrupt))
        # A task that has not begun would be cancelled before it could say how it ended.
        await asyncio.sleep(0)
        self._runner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._runner

    async def _carry(self, work: Callable[[], Awaitable[None]]) -> None:
        task = self.task
        log.info("Task %s started: agent %s", task.id, self.plan.agent.name)
        try:
            try:
                await work()
            except asyncio.CancelledError:
                await self._interrupt()
            except JournalError:
                raise
            except Exception as error:  # a fault of ours; the run still ends in a named state
                log.exception("Task %s failed inside agentkit", task.id)
                await self._fail(f"{type(error).__name__}: {error}")
        except JournalError as error:
            log.error("Task %s: %s", task.id, error)
            self.is_stored = False
            told = ErrorInfo(message=error.message, reason=error.reason)
            await self.writer.give_up(RunFinished(status=TaskStatus.FAILED, error=told))
        finally:
            log.info("Task %s ended: %s", task.id, task.summary.status)
            self.ended(self)

    async def _execute(self) -> None:
        events = self.executor.run(
            self.plan.agent,
            self.plan.request.input,
            token=self.task.token,
            limits=self.plan.limits,
            requests=self.requests,
            client_tools=self.desk.tools if self.desk else (),
            history=self.plan.told.history,
            origin=self.plan.request.origin,
            left=self.plan.told.left,
            stored=self.writer.stored,
        )
        async with contextlib.aclosing(events):
            async for event in events:
                await self.executor.pace.keep()
                await self.writer.write(event)
        await self._fail("The run stopped without saying how it ended.")

    async def _fail(self, message: str) -> None:
        error = ErrorInfo(message=message, reason="internal")
        await self.writer.finish(RunFinished(status=TaskStatus.FAILED, error=error))

    async def _interrupt(self) -> None:
        await self.writer.finish(interrupted("The server was stopped while it ran."))


def interrupted(message: str) -> RunFinished:
    """The last event of a task whose server is gone."""
    error = ErrorInfo(message=message, reason="server_stopped")
    return RunFinished(status=TaskStatus.INTERRUPTED, error=error)
