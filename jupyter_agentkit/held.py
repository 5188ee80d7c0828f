"""A run as values of the notebook: its trace in every form, and what came of it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from agentkit.core.protocol import TaskStatus
from agentkit.errors import AgentKitError
from agentkit.trace.html import to_html
from agentkit.trace.markdown import to_markdown
from jupyter_agentkit.errors import AgentRunCancelled, AgentRunError
from jupyter_agentkit.record import Record

if TYPE_CHECKING:
    from pandas import DataFrame

    from agentkit.replay import Replay
    from jupyter_agentkit.sharing import Sharing, Steps


class HeldRun:
    """What a notebook can ask of a run that it holds, whoever keeps it current.

    Attributes
    ----------
    record
        What is known of it.
    """

    record: Record
    _lost: AgentKitError | None = None
    """Why it can no longer be followed."""

    @property
    def _is_over(self) -> bool:
        """Whether it has ended, or can no longer be followed."""
        return self.record.status.is_final or self._lost is not None

    @property
    def trace(self) -> dict[str, Any]:
        """The run so far as a trace document, the part that a notebook keeps."""
        return self.record.trace().to_json()

    def to_html(self) -> str:
        """The run as HTML that needs no script."""
        return to_html(self.record.trace(), live=not self._is_over)

    def to_markdown(self) -> str:
        """The run as Markdown."""
        return to_markdown(self.record.trace(), live=not self._is_over)

    def replay(self, agent: object = None, *, recorded_tools: bool = False) -> Replay:
        """Run it again with the model's recorded answers, and see where that departs.

        Parameters
        ----------
        agent
            The `Agent` whose tools are called; left out, every call has its recorded result.
        recorded_tools
            Call nothing, and replay the agent's policy alone.

        Returns
        -------
        ``.same``, ``.report`` and the steps; see ``agentkit.replay``.
        """
        from agentkit.replay import replay

        return replay(self.record.trace(), agent, recorded_tools=recorded_tools)

    @overload
    def share(self) -> Sharing: ...

    @overload
    def share(
        self,
        file: str | PathLike[str],
        *,
        leave_out: Steps = (),
        only: Steps | None = None,
        form: str | None = None,
    ) -> Path: ...

    def share(
        self,
        file: str | PathLike[str] | None = None,
        *,
        leave_out: Steps = (),
        only: Steps | None = None,
        form: str | None = None,
    ) -> Path | Sharing:
        """Write the run to a file for others, without what is to stay here.

        Without a file, show what would leave first: each step with its number and what stands in it. Of a
        run that goes on, what it has done so far.

        Parameters
        ----------
        file
            Its ending says the form: ``.html``, ``.md``, ``.agenttrace.json``, ``.jsonl``, ``.ipynb``,
            ``.otlp.json`` or ``.ag-ui.jsonl``. A file that exists is replaced.
        leave_out, only
            The steps that do not leave, or those that alone do: ``3``, ``[3, 5]`` or ``"3,5-7"``. The
            file says how much was left out.
        form
            ``html``, ``markdown``, ``json`` …, where the file's name does not say it.

        Raises
        ------
        InvalidInput
            The run has no such step, or the form is unknown.
        """
        from jupyter_agentkit.sharing import Sharing

        sharing = Sharing(self.record.trace)
        if file is None:
            return sharing
        return sharing.write(file, leave_out=leave_out, only=only, form=form)

    def to_dataframe(self) -> DataFrame:
        """The run's steps as a table, one row a step; see ``jupyter_agentkit.table``."""
        from jupyter_agentkit.table import to_dataframe

        return to_dataframe(self.record.trace())

    @property
    def failure(self) -> AgentRunError | None:
        """The error of a run that has ended without an answer."""
        status, error = self.record.status, self._lost or self.record.error
        if status is TaskStatus.COMPLETED or not self._is_over:
            return None
        kind = AgentRunCancelled if status is TaskStatus.CANCELLED else AgentRunError
        state = "failed" if status is TaskStatus.FAILED else f"was {status}"
        if self._lost is not None:
            state = "can no longer be followed"
        message = f"Run {self.record.task_id} of agent {self.record.agent!r} {state}"
        message += f": {error.message}" if error else "."
        return kind(self, message, reason=error.reason if error else status.value)
